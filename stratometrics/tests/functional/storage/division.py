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
"""Periods cut into buckets, for the properties of usage."""

import zoneinfo

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import calendars
from stratometrics.model import timestamps
from stratometrics.model import usage

HOUR = 3600 * timestamps.MICROSECONDS

# In the two months after the first event the clocks of all but one are
# changed, one of them by half an hour; not all offsets are whole hours.
_ZONES = st.sampled_from(
    [
        'America/Santiago',
        'Asia/Kathmandu',
        'Australia/Lord_Howe',
        'Europe/Berlin',
        'Pacific/Chatham',
    ]
)
_GRANULARITIES = st.sampled_from(['1h', '6h', '1d', '1w', '1mo'])


@st.composite
def divided(
    draw: st.DrawFn, origin: int
) -> tuple[usage.Period, tuple[int, ...]]:
    """A period and the boundaries of its buckets.

    :param origin: when things begin to happen, microseconds.
    """
    begin = origin + draw(st.integers(-2 * HOUR, HOUR))
    length = draw(st.sampled_from([1, HOUR, 60 * 24 * HOUR]))
    period = usage.Period(begin, begin + length)
    granularity, zone = draw(_GRANULARITIES), draw(_ZONES)
    hypothesis.note(f'{granularity} of {zone}')
    return period, tuple(
        calendars.boundaries(
            period,
            calendars.GRANULARITIES[granularity],
            zoneinfo.ZoneInfo(zone),
        )
    )
