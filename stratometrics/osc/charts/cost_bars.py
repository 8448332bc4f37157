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
"""The bars of an answer about costs."""

from collections.abc import Iterator, Sequence
import datetime
import decimal

from stratometrics.client import answers
from stratometrics.osc import wording
from stratometrics.osc.charts import barchart
from stratometrics.osc.charts import buckets
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import cost_rows

_NOTHING = decimal.Decimal(0)
_Group = tuple[tuple[str, str], ...]


def bars(
    shape: cost_rows.Shape, found: answers.Costs, exact: bool
) -> Iterator[list[barchart.Bar]]:
    """A chart for each currency: bars of two cannot be compared.

    There is a bar for each group, and below it what the same costs elsewhere;
    or one for each bucket of each group, the empty ones included.

    :param exact: whether people want nothing to be rounded.
    """
    labels = {shape.label(each, False) for each in found.results}
    # No two may look alike.
    whole = len(labels) < len({_group(each) for each in found.results})
    for total in found.totals:
        drawn = _Drawn(shape, total.currency, whole, exact)
        costs = [
            each for each in found.results if each.currency == total.currency
        ]
        if shape.granularity:
            yield list(drawn.by_time(costs, found.period))
        else:
            yield list(drawn.by_group(costs))


def _group(each: answers.Cost) -> _Group:
    return tuple(each.keys.items())


class _Drawn:
    """The bars of one currency."""

    def __init__(
        self, shape: cost_rows.Shape, currency: str, whole: bool, exact: bool
    ) -> None:
        self._shape = shape
        self._currency = currency
        self._whole = whole
        self._exact = exact

    def by_group(
        self, costs: Sequence[answers.Cost]
    ) -> Iterator[barchart.Bar]:
        for each in costs:
            yield self._bar(self._shape.label(each, self._whole), each.cost)
            for provider, compared in each.equivalents.items():
                if not cost_rows.compares(each, provider):
                    continue
                yield self._bar(
                    f'  {wording.printable(provider)}',
                    compared.equivalent,
                    faint=True,
                )

    def by_time(
        self, costs: Sequence[answers.Cost], period: answers.Period
    ) -> Iterator[barchart.Bar]:
        begins = set(
            buckets.begins(
                period.begin,
                period.end,
                self._shape.granularity or '',
                self._shape.zone,
            )
        )
        groups: dict[_Group, dict[datetime.datetime, answers.Cost]] = {}
        for each in costs:
            groups.setdefault(_group(each), {})[each.begin] = each
        for group in groups.values():
            first = next(iter(group.values()))
            for begin in sorted(begins | group.keys()):
                yield self._bar(
                    wording.bound(begin, self._shape.zone),
                    group[begin].cost if begin in group else _NOTHING,
                    above=self._shape.label(first, self._whole),
                )

    def _bar(
        self,
        label: str,
        value: decimal.Decimal,
        above: str = '',
        faint: bool = False,
    ) -> barchart.Bar:
        column = columns.Money(value, self._currency)
        return barchart.Bar(
            label=label,
            value=max(value, _NOTHING),
            shown=column.exact() if self._exact else column.human_readable(),
            head=above,
            faint=faint,
        )
