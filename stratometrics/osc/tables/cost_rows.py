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
"""What is shown of an answer about costs."""

from collections.abc import Iterator
import dataclasses
import decimal
import zoneinfo

from stratometrics.client import answers
from stratometrics.osc import wording
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import heads
from stratometrics.osc.tables import usage_rows


@dataclasses.dataclass(frozen=True)
class Shape:
    """What the rows of an answer are made of.

    :param keys: what costs are grouped by, and the names of what that
        identifies.
    :param providers: what is compared with.
    :param granularity: how long buckets are; None if there are none.
    :param zone: whose clock people see.
    """

    keys: tuple[str, ...]
    providers: tuple[str, ...]
    granularity: str | None
    zone: zoneinfo.ZoneInfo

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of all columns; they are also the keys of JSON."""
        return (
            *(heads.head(key) for key in self.keys),
            *(('Begin', 'End') if self.granularity else ()),
            *('Currency', 'Cost'),
            *(
                head
                for provider in self.providers
                for head in _compared(provider)
            ),
        )

    def brief(self, found: answers.Costs) -> list[str]:
        """The heads of what people see unless they want more.

        An id is left out where a name says the same, and so is a provider
        that has nothing of all that.
        """
        results = found.results
        providers = [
            provider
            for provider in self.providers
            if any(compares(each, provider) for each in found.totals)
        ]
        return [
            *(
                heads.head(key)
                for key in self.keys
                if not self.is_named(key) or usage_rows.ambiguous(results, key)
            ),
            *(('Begin',) if self.granularity else ()),
            'Cost',
            *(
                head
                for provider in providers
                for head in _compared(provider)[1:3]
            ),
        ]

    def row(self, each: answers.Cost) -> Iterator[columns.Column | str]:
        """The columns of a result, in the order of the heads."""
        for key in self.keys:
            yield usage_rows.cell(each, key)
        if self.granularity:
            yield columns.Bound(each.begin, self.zone)
            yield columns.Bound(each.end, self.zone)
        yield each.currency
        yield columns.Money(each.cost, each.currency)
        for provider in self.providers:
            kind = columns.Money
            if not compares(each, provider):
                kind = columns.Incomparable
            cost, equivalent, saving, without = _amounts(each, provider)
            yield columns.Money(cost, each.currency)
            yield kind(equivalent, each.currency)
            yield kind(saving, each.currency)
            yield columns.Money(without, each.currency)

    def label(self, each: answers.Cost, whole: bool) -> str:
        """What a result is about, in one line.

        :param whole: whether ids are told that have names.
        """
        return ', '.join(
            usage_rows.cell(each, key).human_readable()
            for key in self.keys
            if whole or not self.is_named(key)
        )

    def is_named(self, key: str) -> bool:
        """Whether a key is that of ids that have names."""
        return usage_rows.NAMES.get(key) in self.keys


def _compared(provider: str) -> tuple[str, ...]:
    """The heads of a comparison, the first of what can be compared."""
    return (
        f'Compared ({provider})',
        f'Equivalent ({provider})',
        f'Saving ({provider})',
        f'Not Compared ({provider})',
    )


def _amounts(
    each: answers.Total, provider: str
) -> tuple[decimal.Decimal | None, ...]:
    """What stands below the heads of a comparison."""
    found = each.equivalents.get(provider)
    if found is None:
        return (None,) * len(_compared(provider))
    return (
        found.cost,
        found.equivalent,
        found.saving,
        found.without_equivalent,
    )


def compares(each: answers.Total, provider: str) -> bool:
    """Whether a provider has anything of what costs something here."""
    found = each.equivalents.get(provider)
    return found is not None and bool(found.cost or found.equivalent)


def caption(found: answers.Costs, zone: zoneinfo.ZoneInfo) -> str:
    """What was asked for, in one line.

    :param zone: whose clock people see.
    """
    begin, end = (
        wording.bound(each, zone)
        for each in (found.period.begin, found.period.end)
    )
    as_of = wording.instant(found.as_of, zone)
    return f'Costs from {begin} to {end}, as of {as_of} ({zone.key})'


def total(found: answers.Total, exact: bool) -> str:
    """What everything comes to, in one line for each provider.

    :param exact: whether people want nothing to be rounded.
    """

    def money(value: decimal.Decimal) -> str:
        column = columns.Money(value, found.currency)
        return column.exact() if exact else column.human_readable()

    lines = [f'Total: {money(found.cost)}']
    for provider, each in found.equivalents.items():
        name = wording.printable(provider)
        if not compares(found, provider):
            lines.append(f'{name}: nothing can be compared')
            continue
        text = f'{name}: {money(each.equivalent)}, saving {money(each.saving)}'
        if each.without_equivalent:
            text += f' ({money(each.without_equivalent)} has no equivalent)'
        lines.append(text)
    return '\n'.join(lines)
