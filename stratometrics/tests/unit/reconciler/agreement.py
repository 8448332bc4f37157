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
"""Listings of services that answer what a test says.

What they answer is built after what the real services answer of resources
that were recorded; see ``fakes`` for why they are not asked.
"""

from collections.abc import Mapping
import copy
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.model import observation
from stratometrics.reconciler import comparison
from stratometrics.reconciler import listing
from stratometrics.tests.unit.notifications import base
from stratometrics.tests.unit.reconciler import fakes

Told = Mapping[str, Any]


def service(
    lists: Mapping[str, list[Any]],
    microversions: tuple[Any, Any] = (None, None),
) -> fakes.Service:
    """A service that gives each of its lists in one page.

    :param lists: what is listed by path and key, as in ``/images images``.
    """
    keys = dict(place.split() for place in lists)

    def answer(path: str, query: Mapping[str, Any]) -> Any:
        if path not in keys:
            return 404
        listed = lists[f'{path} {keys[path]}']
        after = query.get('offset', query.get('marker', 0))
        if isinstance(after, str):
            after = len(listed)
        return {keys[path]: listed[after:]}

    return fakes.Service(answer, microversions)


def changed(told: Told, **keys: Any) -> dict[str, Any]:
    """What is told, with other values; one of ``...`` takes the key away."""
    copied = {**copy.deepcopy(dict(told)), **keys}
    return {key: value for key, value in copied.items() if value is not ...}


def event(
    resource_id: str, event_type: str, **facts: Any
) -> event_model.Event:
    """The last recorded event of a type about a resource.

    :param facts: what it has to say, if several say otherwise.
    """
    *_earlier, found = (
        one
        for one in base.life(resource_id)
        if one.event_type == event_type
        and all(getattr(one, key) == value for key, value in facts.items())
    )
    return found


class ListingCase(unittest.TestCase):
    #: The listings of a module.
    listings: tuple[listing.Listing, ...]

    def one(self, resource_type: str) -> listing.Listing:
        (found,) = (
            one for one in self.listings if one.resource_type == resource_type
        )
        return found

    def living(
        self, resource_type: str, **services: fakes.Service
    ) -> list[observation.Observation]:
        """All that is listed as living."""
        return [
            seen
            for page in self.one(resource_type).living(
                fakes.inquiry(**services)
            )
            for seen in page.observations
        ]

    def assert_agrees(
        self,
        known: event_model.Event,
        seen: observation.Observation,
        untold: frozenset[str] = frozenset(),
    ) -> None:
        """What an event and a service tell of a resource is the same.

        :param untold: columns and attributes that the service does not tell.
        """
        self.assertEqual((), comparison.differences(known, seen))
        self.assertEqual(
            (known.resource_type, known.resource_id, False),
            (seen.resource_type, seen.resource_id, seen.passing),
        )
        if known.created_at is not None:
            self.assertEqual(known.created_at, seen.created_at)
        # No fact is the same only because it is not compared.
        not_told = {
            name
            for name in (
                'user_id',
                'name',
                'type',
                'type_id',
                'image',
                'availability_zone',
            )
            if getattr(seen, name) is None and getattr(known, name)
        }
        not_told |= known.attributes.keys() - seen.attributes.keys()
        self.assertEqual(untold, not_told)
        self.assertEqual(known.measures.keys(), seen.measures.keys())

    def assert_malformed(
        self, resource_type: str, text: str, **services: fakes.Service
    ) -> None:
        """A listing fails with a clear text."""
        with self.assertRaisesRegex(listing.Unavailable, text):
            self.living(resource_type, **services)
