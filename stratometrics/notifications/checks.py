# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""What a value of a message must be before it may become a fact.

Every check returns the value in the form that an event keeps, or raises
:class:`~stratometrics.notifications.errors.NotUnderstood` naming the key.
"""

from typing import Any

from stratometrics.model import places
from stratometrics.notifications import errors
from stratometrics.notifications import timestamps

#: The longest id or event type, in characters: what OpenStack itself allows.
LONGEST_NAME = 255
#: The largest amount and the largest number that becomes text: 64 bits.
LARGEST_INTEGER = 2**63 - 1


def _encodable(key: str, value: str) -> str:
    """Refuse lone surrogates: JSON can spell them, UTF-8 cannot."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise errors.NotUnderstood(
                f'{key}: {places.shown(value)} holds a lone surrogate'
            ) from None
    return value


def name(key: str, value: Any) -> str:
    """An id: text of 1 to 255 characters."""
    if not isinstance(value, str):
        if value is None:
            raise errors.NotUnderstood(f'{key}: missing')
        raise errors.NotUnderstood(
            f'{key}: expected text, got {places.shown(value)}'
        )
    if not value:
        raise errors.NotUnderstood(f'{key}: empty')
    if len(value) > LONGEST_NAME:
        raise errors.NotUnderstood(
            f'{key}: longer than {LONGEST_NAME} characters: '
            f'{places.shown(value)}'
        )
    return _encodable(key, value)


def text(key: str, value: Any) -> str:
    """Any text; a number or a truth value as JSON writes it; '' for null."""
    if isinstance(value, str):
        return _encodable(key, value)
    if value is None:
        return ''
    if value is True:
        return 'true'
    if value is False:
        return 'false'
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return str(value)
    raise errors.NotUnderstood(
        f'{key}: expected text, got {places.shown(value)}'
    )


def measure(key: str, value: Any) -> int:
    """An amount: an integer from 0 to 2**63 - 1, and nothing like one."""
    if type(value) is int and 0 <= value <= LARGEST_INTEGER:
        return value
    if value is None:
        raise errors.NotUnderstood(f'{key}: missing')
    raise errors.NotUnderstood(
        f'{key}: expected an integer from 0 to 2**63 - 1, got '
        f'{places.shown(value)}'
    )


def optional_time(key: str, value: Any) -> int | None:
    """Microseconds since the epoch; None for null and ''."""
    if value is None or value == '':
        return None
    return time(key, value)


class Instant(int):
    """A time that was read from text already; no message can hold one."""


def end_of_second(key: str, value: Any) -> Instant | None:
    """The last microsecond that a time in whole seconds may stand for.

    Services keep the time of a deletion without its fraction. Its beginning
    would end a timeline before the message that tells the exact time (R7).

    :returns: None for null and ''; a time with a fraction as it is.
    """
    moment = optional_time(key, value)
    if moment is None:
        return None
    if moment % timestamps.MICROSECONDS == 0:
        moment += timestamps.MICROSECONDS - 1
    return Instant(moment)


def time(key: str, value: Any) -> int:
    """Microseconds since the epoch."""
    if isinstance(value, Instant):
        return int(value)
    if value is None or value == '':
        raise errors.NotUnderstood(f'{key}: missing')
    if not isinstance(value, str):
        raise errors.NotUnderstood(
            f'{key}: expected a timestamp, got {places.shown(value)}'
        )
    try:
        return timestamps.parse(value)
    except ValueError:
        raise errors.NotUnderstood(
            f'{key}: not a timestamp from 1970 to 2199: {places.shown(value)}'
        ) from None
