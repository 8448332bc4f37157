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
"""Usage as the bars of a chart."""

import collections
from collections.abc import Iterator, Sequence
import decimal
import itertools

from stratometrics.client import answers
from stratometrics.osc import wording
from stratometrics.osc.charts import barchart
from stratometrics.osc.charts import buckets
from stratometrics.osc.tables import usage_rows

_NOTHING = decimal.Decimal(0)


def bars(
    shape: usage_rows.Shape, results: Sequence[answers.Usage], exact: bool
) -> list[barchart.Bar]:
    """A bar for each group, or for each bucket of each group.

    What it is compared with stands below it.

    :param results: in the order in which they are drawn.
    :param exact: whether people want nothing to be rounded.
    """
    drawn = _Drawn(shape, results, exact)
    if shape.head.granularity:
        return list(drawn.by_time())
    return list(drawn.by_group())


class _Drawn:
    """The bars of an answer."""

    def __init__(
        self,
        shape: usage_rows.Shape,
        results: Sequence[answers.Usage],
        exact: bool,
    ) -> None:
        self._shape = shape
        self._results = results
        self._exact = exact
        self._labels = _labels(shape, results)

    def by_group(self) -> Iterator[barchart.Bar]:
        for each in self._results:
            yield self._bar(self._label(each), each.usage)
            if each.previous:
                yield self._bar('  before', each.previous.usage, faint=True)

    def by_time(self) -> Iterator[barchart.Bar]:
        """Those of each group one after the other, gaps included.

        The service leaves out buckets in which nothing was used.
        """
        head = self._shape.head
        begins = list(
            buckets.begins(
                head.period.begin,
                head.period.end,
                head.granularity,
                self._shape.zone,
            )
        )
        for _, found in itertools.groupby(
            self._results, lambda each: each.keys
        ):
            group = list(found)
            usage = {each.begin: each.usage for each in group}
            for begin in sorted({*begins, *usage}):
                yield self._bar(
                    wording.bound(begin, self._shape.zone),
                    usage.get(begin, _NOTHING),
                    above=self._label(group[0]),
                )

    def _label(self, each: answers.Usage) -> str:
        return self._labels[_group(each)]

    def _bar(
        self,
        label: str,
        value: decimal.Decimal,
        above: str = '',
        faint: bool = False,
    ) -> barchart.Bar:
        column = self._shape.usage(value)
        return barchart.Bar(
            label=label,
            value=value,
            shown=column.exact() if self._exact else column.human_readable(),
            head=above,
            faint=faint,
        )


def _labels(
    shape: usage_rows.Shape, results: Sequence[answers.Usage]
) -> dict[tuple[tuple[str, str], ...], str]:
    """What each group is called, of which no two are alike.

    An id stands there only where its name does not do.
    """
    groups = {_group(each): each for each in results}
    brief, whole = (
        {
            group: usage_rows.label(each, shape.keys, ids)
            for group, each in groups.items()
        }
        for ids in (False, True)
    )
    often = collections.Counter(brief.values())
    labels = {
        group: whole[group] if often[label] > 1 else label
        for group, label in brief.items()
    }
    return labels if len(set(labels.values())) == len(groups) else whole


def _group(each: answers.Usage) -> tuple[tuple[str, str], ...]:
    return tuple(each.keys.items())
