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

"""Recorded times, moved to the present."""

import datetime
import re
from typing import Any

_TIMESTAMP = re.compile(
    r'(?P<date>\d{4}-\d\d-\d\d)(?P<between>[T ])(?P<time>\d\d:\d\d:\d\d)'
    r'(?P<rest>(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)'
)


def moved(value: Any, seconds: int) -> Any:
    """A value with every timestamp in it moved.

    Only whole seconds move, so that fractions stay as they were spelled, and
    so does everything else about a timestamp's form.

    :param value: what JSON can hold.
    :param seconds: how far; into the future, if positive.
    :returns: a value of the same shape.
    """
    if isinstance(value, dict):
        return {key: moved(each, seconds) for key, each in value.items()}
    if isinstance(value, list):
        return [moved(each, seconds) for each in value]
    if isinstance(value, str):
        found = _TIMESTAMP.fullmatch(value)
        if found:
            return _moved(found, seconds)
    return value


def _moved(found: re.Match, seconds: int) -> str:
    moment = datetime.datetime.fromisoformat(
        f'{found["date"]} {found["time"]}'
    ) + datetime.timedelta(seconds=seconds)
    return (
        f'{moment:%Y-%m-%d}{found["between"]}{moment:%H:%M:%S}'
        + (found['rest'])
    )
