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
"""From storage to statements: asks what was used, and charges it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import datetime
import heapq
import itertools
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import prices
from stratometrics.model import statements as statements_model
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import book
from stratometrics.rating import charges
from stratometrics.rating import costs
from stratometrics.rating import tariffs
from stratometrics.storage import base

#: So many projects are asked about at once: few enough for the memory, of the
#: server as well, and enough for the number of queries.
_BATCH = 50

_MONTH = calendars.GRANULARITIES['1mo']
_DAY = calendars.GRANULARITIES['1d']

#: Whose usage it is, and what it is always told apart by. The owner comes
#: first: answers are read side by side, project by project.
_OWNER = ('project_id', 'project_name', 'domain_id', 'domain_name')
_FACTS = ('resource_type', 'type', 'state')
_RESOURCE = ('resource_id', 'name')


class NothingYet(ValueError):
    """A bill is asked for as of a time at which its period has not begun."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of storage for a month.

    :param by_resource: resource types of which each resource is told apart.
    """

    frame: charges.Frame
    as_of: int
    project_ids: tuple[str, ...] | None
    by_resource: frozenset[str]
    relevant: Sequence[prices.Price]
    named_at: int | None = None

    def query(
        self, names: tuple[str, ...], kind: usage.Kind, keys: tuple[str, ...]
    ) -> usage.UsageQuery:
        """What resource types of a kind were used, in all segments."""
        segments = self.frame.segments
        return usage.UsageQuery(
            period=usage.Period(segments[0].begin, segments[-1].end),
            now=self.as_of,
            as_of=self.as_of,
            named_at=self.named_at,
            resource_types=names,
            group_by=keys,
            project_ids=self.project_ids,
            kind=kind,
        )


class Biller:
    """Makes statements.

    :param storage: tells usage and prices.
    :param resource_types: all that there are, by name.
    :param zone: whose calendar says when a month begins.
    :param rounding: one of :data:`stratometrics.rating.money.ROUNDINGS`.
    :param most: how many parts the usage of a project in a month may have,
        which are kept in memory: of each group or resource one for each piece
        of the month; None for any number. With more, what is asked for raises
        :class:`stratometrics.rating.costs.TooMuch`.
    """

    def __init__(
        self,
        storage: base.Storage,
        resource_types: Mapping[str, definitions.ResourceType],
        zone: zoneinfo.ZoneInfo,
        rounding: str,
        most: int | None = None,
    ) -> None:
        self._storage = storage
        self._resource_types = resource_types
        self._zone = zone
        self._rounding = rounding
        self._most = most

    def price_book(self, as_of: int) -> book.PriceBook:
        """The price list as of a time."""
        return book.PriceBook(self._storage.price_entries(as_of), as_of)

    def statement(
        self,
        project_id: str,
        month: usage.Period,
        as_of: int,
        detailed: bool = False,
        daily: bool = False,
    ) -> statements_model.Statement:
        """The statement of one project; see :meth:`statements`."""
        [found] = self.statements(
            month, as_of, (project_id,), detailed=detailed, daily=daily
        )
        return found

    def statements(
        self,
        month: usage.Period,
        as_of: int,
        project_ids: Collection[str] | None = None,
        detailed: bool = False,
        daily: bool = False,
        named_at: int | None = None,
    ) -> Iterator[statements_model.Statement]:
        """Statements of a month, in the order of the projects' ids.

        They are made while they are taken, in bounded memory.
        They have no adjustments.

        :param month: a calendar month, whole. If it was not over as of the
            time, the statement is of what had passed of it (R9).
        :param as_of: the watermark, for events and for prices (R15).
        :param project_ids: of these, even if they used nothing; None for all
            that used something.
        :param detailed: whether there are lines for each resource.
        :param daily: whether to tell costs by day.
        :param named_at: when the names were known that count; see
            :class:`stratometrics.model.usage.UsageQuery`.
        :raises NothingYet: the month had not begun.
        """
        if as_of <= month.begin:
            raise NothingYet(
                f'as of {timestamps.isoformat(as_of)} there is no usage yet: '
                f'the month begins at {timestamps.isoformat(month.begin)}'
            )
        period = usage.Period(month.begin, min(month.end, as_of))
        midnights = self._cuts(period, _DAY) if daily else ()
        listed = self.price_book(as_of)
        question = dataclasses.replace(
            self._question(
                listed,
                as_of,
                month,
                period,
                project_ids,
                midnights,
                detailed,
            ),
            named_at=named_at,
        )
        frame = dataclasses.replace(
            question.frame, cuts=(), marks=question.frame.cuts
        )
        raters = _Raters(listed, frame)
        for owner, used in self._used(question):
            found = raters.charge(owner, used)
            bill = self._bill(owner, found)
            yield statements_model.Statement(
                **owner,
                period=period,
                timezone=self._zone.key,
                as_of=as_of,
                lines=bill.lines,
                unpriced=bill.unpriced,
                totals=charges.totals(bill.lines, self._rounding),
                daily=self._by_day(found),
            )

    def bills(
        self,
        period: usage.Period,
        as_of: int,
        project_ids: Collection[str] | None = None,
        granularity: calendars.Granularity | None = None,
        detailed: bool = False,
        shown: Sequence[str] = (),
    ) -> Iterator[costs.Bill]:
        """What any period is charged, by month and project.

        It is a part of what whole months are charged: bills of periods side
        by side add up to that of all of them (R5), and those of a month to
        its statement.

        :param granularity: lines are cut where its buckets begin.
        :param shown: attributes to be told apart; lines have them as facts.
        """
        listed = self.price_book(as_of)
        passed = min(period.end, as_of)
        if passed <= period.begin:
            return
        period = usage.Period(period.begin, passed)
        for begin, end in itertools.pairwise(
            calendars.boundaries(period, _MONTH, self._zone)
        ):
            month = usage.Period(begin, end)
            cuts = [period.begin, period.end]
            if granularity is not None:
                # What lies elsewhere is left out, however it is cut.
                cuts += [
                    cut
                    for cut in self._cuts(month, granularity)
                    if period.begin < cut < period.end
                ]
            question = self._question(
                listed,
                as_of,
                month,
                usage.Period(begin, min(end, as_of)),
                project_ids,
                cuts,
                detailed,
                shown,
            )
            raters = _Raters(listed, question.frame)
            for owner, used in self._used(question):
                bill = self._bill(owner, raters.charge(owner, used))
                yield dataclasses.replace(
                    bill,
                    lines=_within(period, bill.lines),
                    unpriced=_within(period, bill.unpriced),
                )

    def _cuts(
        self, period: usage.Period, granularity: calendars.Granularity
    ) -> list[int]:
        return list(calendars.boundaries(period, granularity, self._zone))

    def _question(
        self,
        listed: book.PriceBook,
        as_of: int,
        month: usage.Period,
        passed: usage.Period,
        project_ids: Collection[str] | None,
        cuts: Iterable[int],
        detailed: bool,
        shown: Sequence[str] = (),
    ) -> _Question:
        """:param passed: what had passed of the month."""
        relevant = [
            price
            for price in listed.prices
            if (
                project_ids is None
                or not price.project_id
                or price.project_id in project_ids
            )
            and price.holds_within(passed.begin, passed.end)
        ]
        by_resource = (
            self._resource_types
            if detailed
            else (
                price.resource_type
                for price in relevant
                if not charges.proportional(price)
            )
        )
        segments = charges.segments(passed, relevant, cuts)
        return _Question(
            frame=charges.Frame(
                month=month,
                segments=segments,
                cuts=sorted({segment.begin for segment in segments} & {*cuts}),
                detailed=detailed,
                shown=shown,
            ),
            as_of=as_of,
            project_ids=(
                None if project_ids is None else tuple(sorted({*project_ids}))
            ),
            by_resource=frozenset(by_resource),
            relevant=relevant,
        )

    def _used(
        self, question: _Question
    ) -> Iterator[tuple[dict[str, str], list[charges.Used]]]:
        """What each project used, in the order of their ids."""
        project_ids = question.project_ids
        if project_ids is None:
            project_ids = self._owners(question)
        for first in range(0, len(project_ids), _BATCH):
            some = project_ids[first : first + _BATCH]
            yield from self._used_by(
                dataclasses.replace(question, project_ids=some)
            )

    def _owners(self, question: _Question) -> tuple[str, ...]:
        """All projects that used something."""
        found = set()
        for names, kind in self._together(frozenset()):
            query = question.query(names, kind, ('project_id',))
            with contextlib.closing(
                self._storage.stream_usage(query, limited=False)
            ) as rows:
                found |= {row.group[0] for row in rows}
        return tuple(sorted(found))

    def _used_by(
        self, question: _Question
    ) -> Iterator[tuple[dict[str, str], list[charges.Used]]]:
        """The same of a few projects, by as few queries as possible."""
        answers = [
            self._answer(question, names, kind)
            for names, kind in self._together(question.by_resource)
        ]
        asked = (
            ({'project_id': project_id}, None)
            for project_id in question.project_ids
        )
        # Who waits for a connection must not hold one, so all but one of the
        # answers are kept.
        merged = heapq.merge(
            *map(list, answers[:-1]), *answers[-1:], asked, key=_project_id
        )
        for project_id, some in itertools.groupby(merged, _project_id):
            found = [each for each in some if each[1] is not None]
            owner = found[0][0] if found else {'project_id': project_id}
            yield owner, [used for _, used in found]

    def _together(
        self, by_resource: frozenset[str]
    ) -> Iterator[tuple[tuple[str, ...], usage.Kind]]:
        """Resource types that can be asked about in one query.

        The last answer has the most rows.
        """
        groups = defaultdict(list)
        for name, resource_type in self._resource_types.items():
            timed = resource_type.kind is usage.Kind.STATE
            groups[timed, name in by_resource].append(name)
        for (timed, _), names in sorted(groups.items()):
            kind = usage.Kind.STATE if timed else usage.Kind.CONSUMPTION
            yield tuple(names), kind

    def _answer(
        self,
        question: _Question,
        names: tuple[str, ...],
        kind: usage.Kind,
    ) -> Iterator[tuple[dict[str, str], charges.Used]]:
        """What was used, in the order of the projects' ids."""
        segments = question.frame.segments
        numbers = {segment: number for number, segment in enumerate(segments)}
        keys = (
            *_OWNER,
            *_FACTS,
            *(
                key
                for price in question.relevant
                if price.resource_type in names
                for key in sorted(price.match)
            ),
            *question.frame.shown,
            *(_RESOURCE if question.by_resource.issuperset(names) else ()),
        )
        query = dataclasses.replace(
            question.query(names, kind, tuple(dict.fromkeys(keys))),
            # A month in one piece is a plain sum, which costs less.
            boundaries=(
                (
                    *(segment.begin for segment in segments),
                    segments[-1].end,
                )
                if len(segments) > 1
                else ()
            ),
            names={name: self._resource_types[name].names for name in names},
        )
        with contextlib.closing(
            self._storage.stream_usage(query, limited=False)
        ) as rows:
            last, number = None, 0
            for row in rows:
                facts = dict(zip(query.group_by, row.group, strict=True))
                owner = {key: facts.pop(key) for key in _OWNER}
                parts = row.buckets or {query.period: row}
                if owner['project_id'] != last:
                    last, number = owner['project_id'], 0
                number += len(parts)
                if self._most is not None and number > self._most:
                    raise costs.TooMuch(
                        f'a project has more than {self._most} charges'
                    )
                for segment, amounts in parts.items():
                    yield (
                        owner,
                        charges.Used(
                            segment=numbers[segment],
                            resource_type=facts['resource_type'],
                            facts=facts,
                            resource_id=facts.get('resource_id', ''),
                            name=facts.get('name', ''),
                            usage=amounts.usage,
                            measures=amounts.measures,
                        ),
                    )

    def _bill(
        self, owner: Mapping[str, str], found: charges.Charges
    ) -> costs.Bill:
        return costs.Bill(
            **owner,
            lines=found.lines,
            unpriced=tuple(
                dataclasses.replace(
                    each,
                    billed_by=self._resource_types[each.resource_type].kind,
                )
                for each in found.unpriced
            ),
        )

    def _by_day(
        self, found: charges.Charges
    ) -> tuple[statements_model.DailyCost, ...]:
        return tuple(
            statements_model.DailyCost(
                day=self._day(midnight),
                resource_type=resource_type,
                type=type_,
                amount=amount,
                currency=currency,
            )
            for (midnight, resource_type, type_, currency), amount in (
                found.marked.items()
            )
        )

    def _day(self, instant: int) -> datetime.date:
        return timestamps.to_datetime(instant).astimezone(self._zone).date()


class _Raters:
    """A rater for each of the tariffs that projects have."""

    def __init__(self, listed: book.PriceBook, frame: charges.Frame) -> None:
        self._listed = listed
        self._frame = frame
        self._raters: dict[tariffs.Tariff, charges.Rater] = {}

    def charge(
        self, owner: Mapping[str, str], used: Iterable[charges.Used]
    ) -> charges.Charges:
        tariff = self._listed.tariff(
            owner['project_id'], owner.get('domain_id', '')
        )
        if tariff not in self._raters:
            self._raters[tariff] = charges.Rater(tariff, self._frame)
        return self._raters[tariff].charge(used)


def _project_id(each: tuple[dict[str, str], charges.Used | None]) -> str:
    owner, _ = each
    return owner['project_id']


def _within(period: usage.Period, some: Iterable) -> tuple:
    """The lines of a period; each lies within it or outside of it."""
    return tuple(
        each for each in some if period.begin <= each.period.begin < period.end
    )
