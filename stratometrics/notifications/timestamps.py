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
"""Timestamps as services spell them, to integer microseconds (R3).

One recording of one small cloud held all of these::

    2026-11-23 06:54:15.932947      2026-11-23T06:54:15Z
    2026-11-23 06:54:15+00:00       2026-11-23T06:54:15.932947+00:00
    2026-11-23T06:54:15.932947      2026-11-23T06:54:15.932947+0000

A time without an offset is UTC. Beyond the sixth digit a fraction is cut.
"""

import datetime
import re

from stratometrics.model import timestamps

MICROSECONDS = timestamps.MICROSECONDS

#: From 1970 up to, not including, 2200: what lies outside is a mistake.
EARLIEST = 0
LATEST = timestamps.from_datetime(
    datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)
)

# datetime reads more than services write (week dates, any separator), and
# what it reads differs between versions of Python.
_SPELLING = re.compile(
    r'[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}'
    r'(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?'
)
_EPOCH = datetime.datetime(1970, 1, 1)  # naive, as most timestamps are
_MICROSECOND = datetime.timedelta(microseconds=1)


def parse(text: str) -> int:
    """The time that a text names.

    :param text: a date and a time of day, in one of the spellings above.
    :returns: microseconds since the epoch.
    :raises ValueError: it names no time, or one before 1970 or after 2199.
    """
    if _SPELLING.fullmatch(text) is None:
        raise ValueError('not a timestamp')
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        microseconds = (moment - _EPOCH) // _MICROSECOND
    else:
        microseconds = timestamps.from_datetime(moment)
    if not EARLIEST <= microseconds < LATEST:
        raise ValueError('a time out of range')
    return microseconds
