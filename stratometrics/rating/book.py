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

from collections.abc import Iterable
import operator

from stratometrics.model import prices


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

    def prices_of(self, resource_type: str) -> tuple[prices.Price, ...]:
        """The prices of one resource type, in the same order."""
        return tuple(
            price
            for price in self.prices
            if price.resource_type == resource_type
        )
