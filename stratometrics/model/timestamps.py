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
"""Integer microseconds since the epoch, from and to text (R3)."""

import datetime
import time

MICROSECONDS = 1_000_000

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def now() -> int:
    """The present, in microseconds since the epoch."""
    return time.time_ns() // 1000


def from_datetime(moment: datetime.datetime) -> int:
    """Exact microseconds since the epoch.

    :param moment: an aware datetime.
    :raises ValueError: the datetime has no offset.
    """
    if moment.tzinfo is None:
        raise ValueError('a time without an offset is ambiguous')
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime.datetime:
    """An aware datetime in UTC."""
    return _EPOCH + microseconds * _MICROSECOND


def isoformat(microseconds: int) -> str:
    """RFC 3339 in UTC: whole seconds, or six digits where there are any."""
    return to_datetime(microseconds).isoformat().replace('+00:00', 'Z')


def decimal_seconds(microseconds: int) -> str:
    """Seconds as a decimal string with six places, exact (R4)."""
    sign = '-' if microseconds < 0 else ''
    seconds, fraction = divmod(abs(microseconds), MICROSECONDS)
    return f'{sign}{seconds}.{fraction:06d}'
