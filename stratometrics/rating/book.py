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
"""The price list: what its entries come to at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
import itertools
import operator

from stratometrics.model import prices
from stratometrics.rating import tariffs

#: Whom a price is for: a project or a domain, by its id; '' for all.
_Owner = tuple[str, str]


class PriceBook:
    """All prices that there are as of a time.

    It is a pure function of the entries up to that time (R1, R15).

    :param entries: the changes of the price list, in the order in which they
        were made.
    :param as_of: the time; microseconds since the epoch, or None for all
        entries.
    """

    def __init__(
        self, entries: Iterable[prices.Entry], as_of: int | None = None
    ) -> None:
        self.entries = tuple(
            entry
            for entry in sorted(entries, key=operator.attrgetter('at'))
            if as_of is None or entry.at <= as_of
        )
        listed = {}
        for entry in self.entries:
            if entry.change is prices.Change.WITHDRAWN:
                listed.pop(entry.price.id, None)
            else:
                listed[entry.price.id] = entry.price
        #: By subject, then by time.
        self.prices = tuple(
            sorted(
                listed.values(),
                key=lambda price: (price.subject, price.valid_from, price.id),
            )
        )
        owned: dict[_Owner, list[prices.Price]] = defaultdict(list)
        for price in self.prices:
            owned[price.project_id, price.domain_id].append(price)
        self._sections = {
            owner: tariffs.Section(listed) for owner, listed in owned.items()
        }
        self._tariffs: dict[tuple[_Owner, ...], tariffs.Tariff] = {}

    @property
    def generation(self) -> int:
        """How often the list was changed; never the same of two lists."""
        return len(self.entries)

    def prices_of(self, resource_type: str) -> tuple[prices.Price, ...]:
        """The prices of one resource type, in the same order."""
        return tuple(
            price
            for price in self.prices
            if price.resource_type == resource_type
        )

    def tariff(self, project_id: str, domain_id: str) -> tariffs.Tariff:
        """The prices that are for a project.

        :param domain_id: the project's domain; '' if it is not known.
        """
        # Most projects have the prices that are for all.
        owners = tuple(
            owner
            for owner in dict.fromkeys(
                itertools.product(('', project_id), ('', domain_id))
            )
            if owner in self._sections
        )
        if owners not in self._tariffs:
            self._tariffs[owners] = tariffs.Tariff(
                [self._sections[owner] for owner in owners]
            )
        return self._tariffs[owners]

    def winners(
        self,
        resource_type: str,
        attributes: Mapping[str, str],
        project_id: str,
        domain_id: str,
        instant: int,
    ) -> dict[str, prices.Price]:
        """The prices that count for what has some facts, by measure.

        :param instant: microseconds since the epoch.
        """
        return self.tariff(project_id, domain_id).winners(
            resource_type, attributes, instant
        )
