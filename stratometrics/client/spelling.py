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
"""How values are written in questions and read from answers.

A time is an aware datetime, which holds microseconds exactly (R3); a number
is a Decimal (R4).
"""

from collections.abc import Iterable
import datetime
import decimal
import re

from stratometrics.client import errors

_UTC = datetime.UTC
_DECIMAL = re.compile(r'-?\d+(\.\d+)?', re.ASCII)


def instant(value: datetime.datetime) -> str:
    """An instant as the API takes it, in UTC.

    :param value: an aware datetime.
    :raises ValueError: it has no offset, and so could be several instants.
    """
    if value.tzinfo is None:
        raise ValueError(f'{value} has no time zone')
    text = value.astimezone(_UTC).isoformat()
    return text.replace('+00:00', 'Z')


def read_instant(text: str) -> datetime.datetime:
    """An instant of an answer, as an aware datetime in UTC.

    :raises ValueError: it is none.
    """
    value = datetime.datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f'{text!r} has no time zone')
    return value.astimezone(_UTC)


def read_decimal(text: str) -> decimal.Decimal:
    """A number of an answer, with all its digits.

    :raises ValueError: it is none.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f'{text!r} is not a decimal number')
    return decimal.Decimal(text)


def sendable(value: str) -> str:
    """A text that can be sent.

    :raises InvalidQuestion: it has bytes that are no UTF-8, which came from a
        terminal or a file.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise errors.InvalidQuestion(f'{value!r} is no UTF-8.') from None
    return value


def flag(value: bool) -> str:
    """A parameter that is on or off."""
    return 'true' if value else 'false'


def listed(names: Iterable[str] | str) -> str | None:
    """Names with commas between them; None if there is none."""
    return names if isinstance(names, str) else ','.join(names) or None


def query(**given: object) -> list[tuple[str, str]]:
    """The pairs of a query string, in the order in which they are given.

    :param given: by parameter: of what is None, False or an empty list there
        is no pair; an underscore at the end of a name is not part of it.
    """
    return [
        (name.rstrip('_'), text)
        for name, value in given.items()
        for text in _texts(value)
    ]


def _texts(value: object) -> Iterable[str]:
    if value is None or value is False:
        return ()
    if value is True:
        return (flag(value),)
    if isinstance(value, datetime.datetime):
        return (instant(value),)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [told for each in value for told in _texts(each)]
    return (sendable(str(value)),)
