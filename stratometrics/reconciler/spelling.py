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
"""What services answer, spelled as notifications spell it.

A difference of spelling alone would look like a change. So answers pass the
same checks as messages, and what a service does not tell is None.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stratometrics.model import observation
from stratometrics.model import places
from stratometrics.notifications import checks
from stratometrics.notifications import errors
from stratometrics.notifications import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages

#: An object of an answer.
Told = Mapping[str, Any]


def observations(
    listed: Iterator[pages.Page],
    resource_type: str,
    observe: Callable[[Told], observation.Observation | None],
) -> Iterator[observation.Page]:
    """The observations that pages of objects become.

    :param observe: what one object tells; None if it is no resource.
    :raises Unavailable: an object is not what it should be. To pass it over
        would be to take the resource for gone.
    """
    for asked_at, objects in listed:
        seen = []
        for told in objects:
            try:
                seen.append(observe(told))
            except errors.NotUnderstood as error:
                shown = places.shown(told.get('id', told.get('uuid')))
                raise listing.Unavailable(
                    f'{resource_type} {shown}: {error}'
                ) from error
        yield observation.Page(asked_at, [one for one in seen if one])


def name(told: Told, key: str) -> str:
    """An id, an owner or a state: text that has to be there."""
    return checks.name(key, told.get(key))


def text(told: Told, key: str) -> str | None:
    """Text as an event has it: '' for null, None for what is not told."""
    return checks.text(key, told[key]) if key in told else None


def texts(**facts: str | None) -> dict[str, str]:
    """Attributes, without those that are not told."""
    return {key: value for key, value in facts.items() if value is not None}


def measure(told: Told, key: str, absent: int | None = None) -> int:
    """An amount.

    :param absent: what null means; by default the amount has to be there.
    """
    value = told.get(key)
    return checks.measure(key, absent if value is None else value)


def time(told: Told, key: str) -> int | None:
    """Microseconds since the epoch, as exact as they are told."""
    return checks.optional_time(key, told.get(key))


def whole_second(told: Told, key: str) -> int | None:
    """A time whose fraction the definition cuts off as well.

    :returns: microseconds since the epoch.
    """
    moment = time(told, key)
    return moment and moment - moment % timestamps.MICROSECONDS


def end_of_second(told: Told, *keys: str) -> int | None:
    """The first of some times that is told, as the last that it may be.

    :returns: microseconds since the epoch; the end of the second where a
        service keeps whole seconds.
    """
    for key in keys:
        moment = checks.end_of_second(key, told.get(key))
        if moment is not None:
            return int(moment)
    return None
