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
"""Usage as the rows of a table."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import decimal
import zoneinfo

from stratometrics.client import answers
from stratometrics.osc import wording
from stratometrics.osc.options import subjects
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import heads

#: The keys of ids that have names, with those of the names.
NAMES = {
    'project_id': 'project_name',
    'domain_id': 'domain_name',
    'user_id': 'user_name',
}
_SECONDS = 'seconds'
_PREVIOUS, _CHANGE = 'Previous', 'Change'

#: What is told of a group.
Result = answers.Usage | answers.Cost


@dataclasses.dataclass(frozen=True)
class Shape:
    """What the rows of an answer are made of.

    :param keys: what usage is grouped by, with what that is called.
    :param measures: what is measured of what is used.
    :param head: what was asked for.
    :param zone: whose clock people see.
    """

    keys: tuple[str, ...]
    measures: tuple[str, ...]
    head: answers.UsageHead
    zone: zoneinfo.ZoneInfo

    @classmethod
    def of(
        cls,
        head: answers.UsageHead,
        keys: Iterable[str],
        asked: subjects.Subject,
        first: Iterable[answers.Usage],
        zone: zoneinfo.ZoneInfo,
    ) -> 'Shape':
        """That of an answer.

        :param keys: what usage is grouped by.
        :param first: results, which may have measures that nothing declares.
        """
        shown = []
        for key in keys:
            shown += [key, NAMES[key]] if key in NAMES else [key]
        others = sorted({name for each in first for name in each.measures})
        measures = tuple(dict.fromkeys((*asked.measures, *others)))
        return cls(tuple(shown), measures, head, zone)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of all columns; they are also the keys of JSON."""
        keys = [heads.head(key) for key in self.keys]
        measures: list[str] = []
        for name in self.measures:
            head = heads.head(name)
            # An attribute may be called as a measure is.
            measures += self._compared(
                f'{head} Measured' if head in keys else head
            )
        return (
            *keys,
            *(('Begin', 'End') if self.head.granularity else ()),
            *self._usage_heads(),
            *measures,
        )

    def brief(self, results: Sequence[answers.Usage]) -> list[str]:
        """The heads of what people see unless they want more.

        An id is left out where a name says the same.
        """
        return [
            *(
                heads.head(key)
                for key in self.keys
                if key not in NAMES or ambiguous(results, key)
            ),
            *(('Begin',) if self.head.granularity else ()),
            *self._usage_heads(),
        ]

    def row(self, each: answers.Usage) -> list[columns.Column]:
        """The columns of a result, in the order of the heads."""
        found = [cell(each, key) for key in self.keys]
        if self.head.granularity:
            found += [
                columns.Bound(each.begin, self.zone),
                columns.Bound(each.end, self.zone),
            ]
        found += self._amounts(each, None)
        for name in self.measures:
            found += self._amounts(each, name)
        return found

    def usage(self, value: decimal.Decimal) -> columns.Column:
        """Usage itself."""
        return self._amount(value, columns.Duration, False)

    def _usage_heads(self) -> list[str]:
        compared = (_PREVIOUS, _CHANGE) if self.head.previous else ()
        return ['Usage', *compared]

    def _compared(self, head: str) -> list[str]:
        if not self.head.previous:
            return [head]
        return [head, f'{_PREVIOUS} {head}', f'{_CHANGE} {head}']

    def _amounts(
        self, each: answers.Usage, measure: str | None
    ) -> Iterator[columns.Column]:
        """An amount, and what it is compared with.

        :param measure: None for usage itself.
        """
        kind = columns.Duration if measure is None else columns.Hours
        yield self._amount(_of(each, measure), kind, False)
        if self.head.previous:
            yield self._amount(_of(each.previous, measure), kind, False)
            yield self._amount(_of(each.change, measure), kind, True)

    def _amount(
        self,
        value: decimal.Decimal | None,
        kind: type[columns.Decimal],
        signed: bool,
    ) -> columns.Column:
        # What is consumed is counted.
        if self.head.units != _SECONDS:
            kind = columns.Decimal
        return kind(value, signed)


def _of(
    amounts: answers.Amounts | None, measure: str | None
) -> decimal.Decimal | None:
    if amounts is None:
        return None
    if measure is None:
        return amounts.usage
    return amounts.measures.get(measure)


def cell(each: Result, key: str) -> columns.Column:
    """What a result is about.

    :param key: one of those that it is grouped by, or that of a name.
    """
    value = each.keys.get(key, '')
    for key_of_id, key_of_name in NAMES.items():
        if key == key_of_name:
            return columns.Named(value, each.keys.get(key_of_id, ''))
    return columns.Text(value)


def ambiguous(results: Iterable[Result], key: str) -> bool:
    """Whether two ids have the same name.

    :param key: that of the id.
    """
    ids: dict[str, str] = {}
    for each in results:
        name = cell(each, NAMES[key]).human_readable()
        identity = each.keys.get(key, '')
        if ids.setdefault(name, identity) != identity:
            return True
    return False


def label(each: Result, keys: Sequence[str], whole: bool) -> str:
    """What a result is about, in one line.

    :param keys: those of a :class:`Shape`.
    :param whole: whether ids are told that have names.
    """
    return ', '.join(
        cell(each, key).human_readable()
        for key in keys
        if whole or key not in NAMES
    )


def caption(head: answers.UsageHead, zone: zoneinfo.ZoneInfo) -> str:
    """What was asked for, in one line.

    :param zone: whose clock people see.
    """
    told = f'Usage {_told(head.period, zone)}'
    if head.previous:
        told += f', compared with that {_told(head.previous, zone)}'
    if head.as_of:
        told += f', as of {wording.instant(head.as_of, zone)}'
    return f'{told} ({zone.key})'


def _told(period: answers.Period, zone: zoneinfo.ZoneInfo) -> str:
    begin, end = (
        wording.bound(each, zone) for each in (period.begin, period.end)
    )
    return f'from {begin} to {end}'
