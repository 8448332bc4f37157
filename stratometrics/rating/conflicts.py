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
"""Whether two prices contradict each other."""

import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from stratometrics.model import prices


def first_conflict(
    listed: Iterable[prices.Price], added: Sequence[prices.Price]
) -> tuple[prices.Price, prices.Price] | None:
    """Two prices of which nobody could say which one counts.

    The answer is that of comparing each added price with all before it. Of
    those of its rank, an index leaves out only what cannot meet it: of prices
    with which it has attributes in common, those that accept no value of one
    of these; and of prices with nothing but time left to tell them apart, all
    at once if none of them overlaps it. Only the price that is found to meet
    some is compared with all of its rank, for the first of them.

    :param listed: prices that do not contradict each other. Like those that
        are added, each ends after it begins.
    :param added: prices that may contradict these, or each other.
    :returns: the first of the added ones that contradicts any before it, and
        the first one of those; or None.
    """
    ranks: dict[tuple, _Rank] = defaultdict(_Rank)
    for price in listed:
        ranks[_rank(price)].add(price)
    for price in added:
        rank = ranks[_rank(price)]
        if rank.meets(price):
            return price, rank.first(price)
        rank.add(price)
    return None


def _rank(price: prices.Price) -> tuple:
    """What two prices have in common of which neither comes first."""
    return (
        price.resource_type,
        price.measure,
        price.project_id,
        price.domain_id,
        price.specificity,
    )


def _meet(one: prices.Price, other: prices.Price) -> bool:
    """Whether some usage at some instant could match both of two peers."""
    return _overlap(one, other) and all(
        not set(values).isdisjoint(other.match[name])
        for name, values in one.match.items()
        if name in other.match
    )


def _overlap(one: prices.Price, other: prices.Price) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


class _Rank:
    """Prices of one rank, by the attributes that they match on."""

    def __init__(self) -> None:
        self._prices: list[prices.Price] = []
        self._kinds: dict[frozenset[str], _Kind] = defaultdict(_Kind)

    def add(self, price: prices.Price) -> None:
        self._prices.append(price)
        self._kinds[frozenset(price.match)].add(price)

    def meets(self, price: prices.Price) -> bool:
        """Whether a price of this rank meets any of these."""
        return any(
            kind.meets(price, names & price.match.keys())
            for names, kind in self._kinds.items()
        )

    def first(self, price: prices.Price) -> prices.Price:
        """The first of these that a price meets, which does meet some."""
        return next(other for other in self._prices if _meet(price, other))


class _Kind:
    """Prices that match on the same attributes, by accepted values."""

    def __init__(self) -> None:
        self._times = _Times()
        self._series: dict[tuple, _Series] = {}
        self._accepting: dict[tuple[str, str], list[_Series]] = defaultdict(
            list
        )

    def add(self, price: prices.Price) -> None:
        self._times.add(price)
        subject = price.subject
        if subject not in self._series:
            series = self._series[subject] = _Series(price)
            for name, values in series.match.items():
                for value in values:
                    self._accepting[name, value].append(series)
        self._series[subject].times.add(price)

    def meets(self, price: prices.Price, common: Collection[str]) -> bool:
        """Whether a price of the same rank meets any of these.

        :param common: the attributes that it matches on as they do.
        """
        if not common:
            return self._times.overlap(price)
        return any(
            series.times.overlap(price)
            and all(
                not series.match[name].isdisjoint(price.match[name])
                for name in common
            )
            for some in self._fewest(price, common)
            for series in some
        )

    def _fewest(
        self, price: prices.Price, common: Iterable[str]
    ) -> list[list['_Series']]:
        """What accepts a value that a price accepts, of the attribute for
        which there is least of it."""
        return min(
            (
                [
                    self._accepting.get((name, value), [])
                    for value in price.match[name]
                ]
                for name in common
            ),
            key=lambda found: sum(map(len, found)),
        )


class _Series:
    """Prices of one subject, which differ by time alone."""

    def __init__(self, price: prices.Price) -> None:
        self.match = {
            name: frozenset(values) for name, values in price.match.items()
        }
        self.times = _Times()


class _Times:
    """When some prices are valid, however they overlap each other.

    Those that overlap another price are those that begin before its end, but
    for those that end before its beginning: these begin before it as well. So
    it is enough to count both.
    """

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []

    def add(self, price: prices.Price) -> None:
        bisect.insort(self._begins, price.valid_from)
        if price.valid_to is not None:
            bisect.insort(self._ends, price.valid_to)

    def overlap(self, price: prices.Price) -> bool:
        """Whether any of them is valid at an instant at which a price is."""
        begun = (
            len(self._begins)
            if price.valid_to is None
            else bisect.bisect_left(self._begins, price.valid_to)
        )
        return begun > bisect.bisect_right(self._ends, price.valid_from)
