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
"""The prices that a project has, and which of them count."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
import functools

from stratometrics.model import prices
from stratometrics.model import usage


class Tariff:
    """The prices that one project has.

    :param sections: from the least to the most specific: of those for all,
        for its domain, and for itself.
    """

    def __init__(self, sections: Sequence['Section']) -> None:
        self._sections = sections

    def keys(self, period: usage.Period) -> dict[str, set[str]]:
        """The attributes that prices of a period match on.

        :returns: their names, by resource type.
        """
        found: dict[str, set[str]] = defaultdict(set)
        for section in self._sections:
            for resource_type, names in section.keys(period).items():
                found[resource_type] |= names
        return found

    def winners(
        self, resource_type: str, attributes: Mapping[str, str], instant: int
    ) -> dict[str, prices.Price]:
        """See :meth:`stratometrics.rating.book.PriceBook.winners`."""
        return {
            price.measure: price
            for section in self._sections
            for price in section.matching(resource_type, attributes)
            if price.holds_at(instant)
        }


class Section:
    """The prices that are for the same projects.

    :param listed: prices of all resource types.
    """

    def __init__(self, listed: Iterable[prices.Price]) -> None:
        self._prices = tuple(listed)
        self._keys: dict[usage.Period, dict[str, set[str]]] = {}

    @functools.cached_property
    def _pages(self) -> dict[str, '_Page']:
        pages: dict[str, list[prices.Price]] = defaultdict(list)
        for price in self._prices:
            pages[price.resource_type].append(price)
        return {name: _Page(listed) for name, listed in pages.items()}

    def keys(self, period: usage.Period) -> dict[str, set[str]]:
        """See :meth:`Tariff.keys`."""
        if period not in self._keys:
            found = self._keys[period] = defaultdict(set)
            for price in self._prices:
                if price.holds_within(period.begin, period.end):
                    found[price.resource_type].update(price.match)
        return self._keys[period]

    def matching(
        self, resource_type: str, attributes: Mapping[str, str]
    ) -> Iterator[prices.Price]:
        """The prices for what has some facts; the most specific comes last."""
        if resource_type in self._pages:
            yield from self._pages[resource_type].matching(attributes)


class _Page:
    """The prices of one resource type in a section.

    Each is filed under the values of one attribute that it matches on, so
    that not all have to be looked at for what has other values.
    """

    def __init__(self, listed: Sequence[prices.Price]) -> None:
        self._always: list[tuple[int, prices.Price]] = []
        self._filed: dict[str, dict[str, list[tuple[int, prices.Price]]]] = (
            defaultdict(lambda: defaultdict(list))
        )
        values: dict[str, set[str]] = defaultdict(set)
        for price in listed:
            for name, accepted in price.match.items():
                values[name].update(accepted)
        # The most specific one comes last. The rest of the order matters only
        # for a list that nobody was to write.
        ordered = sorted(
            listed, key=lambda price: (price.specificity, price.id)
        )
        for place, price in enumerate(ordered):
            if not price.match:
                self._always.append((place, price))
                continue
            # What has most values tells most prices apart.
            name = max(price.match, key=lambda name: (len(values[name]), name))
            for value in set(price.match[name]):
                self._filed[name][value].append((place, price))

    def matching(
        self, attributes: Mapping[str, str]
    ) -> Iterator[prices.Price]:
        """See :meth:`Section.matching`."""
        found = [*self._always]
        for name, filed in self._filed.items():
            found += filed.get(attributes.get(name, ''), ())
        # No two have the same place.
        for _, price in sorted(found):
            if all(
                attributes.get(key, '') in accepted
                for key, accepted in price.match.items()
            ):
                yield price
