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
"""From what a project used in a month to the lines of its bill.

Pure functions on exact numbers (R1). The quantities that a price's subject
has in a month lie one behind the other, as on a ruler: first those under the
terms that were valid first. Under the same terms they lie in the order of
type, state, resource and what else a price asks for, and those that are the
same in all of these in the order of time. A line costs what its stretch of
the ruler costs, so it costs the same wherever the month is cut, as long as
the terms stay.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import decimal
import fractions
import itertools
from typing import Any, NamedTuple

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating import money
from stratometrics.rating import tariffs

_HOUR = 3600 * timestamps.MICROSECONDS
_FREE = decimal.Decimal(0)
#: What every line tells, and so is no fact beside it.
_TOLD = frozenset({'resource_type', 'type', 'state'})
#: Stands for a measure where there is no price.
_NOTHING = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a project used in a segment of a month.

    :param segment: the number of the segment, from 0.
    :param facts: the attributes that it has, among them ``type`` and
        ``state``, and all that a price of the type asks for.
    :param resource_id: '' if it is of several resources. It must be given
        where prices are not proportional.
    :param usage: see :class:`stratometrics.model.usage.UsageRow`.
    """

    segment: int
    resource_type: str
    facts: Mapping[str, str]
    resource_id: str = ''
    name: str = ''
    usage: int
    measures: Mapping[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How a month is looked at.

    :param month: the whole calendar month.
    :param segments: parts of it, side by side, in which no price begins or
        ends.
    :param cuts: instants at which lines are cut although no price changes;
        each of them is the end of a segment.
    :param marks: instants at which costs are told apart beside the lines, such
        as the midnights of a chart; each of them is the end of a segment.
    :param detailed: whether there are lines for each resource.
    :param shown: attributes that are told apart although no price does.
    """

    month: usage.Period
    segments: Sequence[usage.Period]
    cuts: Sequence[int] = ()
    marks: Sequence[int] = ()
    detailed: bool = False
    shown: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """The lines of a bill, and what has no price, in fixed orders.

    :param marked: what the lines amount to from each mark to the next, by the
        instant at which that begins, resource type, type and currency; empty
        without marks.
    """

    lines: tuple[statements.Line, ...]
    unpriced: tuple[statements.Unpriced, ...]
    marked: Mapping[tuple[int, str, str, str], fractions.Fraction]


def segments(
    period: usage.Period,
    listed: Iterable[prices.Price],
    cuts: Iterable[int] = (),
) -> list[usage.Period]:
    """A period cut wherever a price begins or ends.

    :param cuts: other instants to cut it at.
    """
    instants = {*cuts}
    for price in listed:
        instants |= {price.valid_from, price.valid_to}
    within = sorted(
        instant
        for instant in instants - {None}
        if period.begin < instant < period.end
    )
    return [
        usage.Period(begin, end)
        for begin, end in itertools.pairwise(
            [period.begin, *within, period.end]
        )
    ]


def totals(
    lines: Iterable[statements.Line], rounding: str
) -> tuple[statements.Total, ...]:
    """What is to be paid in each currency.

    :param rounding: one of :data:`stratometrics.rating.money.ROUNDINGS`.
    """
    sums: dict[str, fractions.Fraction] = defaultdict(fractions.Fraction)
    for line in lines:
        sums[line.currency] += line.amount
    return tuple(
        statements.Total(
            currency=currency,
            exact=exact,
            amount=money.rounded(exact, money.digits(currency), rounding),
        )
        for currency, exact in sorted(sums.items())
    )


def proportional(price: prices.Price) -> bool:
    """Whether twice the quantity always costs twice as much.

    Only then does it not matter which resources a quantity is of.
    """
    return len(price.tiers) == 1 and not price.included and not price.minimum


class _Group(NamedTuple):
    """What is the same for everything on a line."""

    resource_type: str
    type: str
    state: str
    facts: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stretch:
    """While a group has the same price, or none; one line or a few.

    :param terms: what the price comes to, which may outlast the price.
    """

    group: _Group
    period: usage.Period
    price: prices.Price | None
    subject: tuple = ()
    terms: tuple = ()


class _Item(NamedTuple):
    """A quantity of a resource in a segment, to be charged.

    :param quantity: in resource- or measure-microseconds, or units.
    """

    stretch: _Stretch
    resource_id: str
    segment: int
    quantity: int


class Rater:
    """Charges projects that have the same prices, for one month."""

    def __init__(self, tariff: tariffs.Tariff, frame: Frame) -> None:
        self._tariff = tariff
        self._frame = frame
        self._stretches: dict[_Group, list[dict]] = {}
        # What only prices of other times ask for was not asked of storage.
        self._keys = tariff.keys(
            usage.Period(frame.segments[0].begin, frame.segments[-1].end)
        )

    def charge(self, used: Iterable[Used]) -> Charges:
        """The bill of one project.

        :param used: all that it used in the segments, in any order.
        """
        used = list(used)
        items: dict[tuple, list[_Item]] = defaultdict(list)
        unpriced: dict[_Stretch, int] = defaultdict(int)
        for (group, resource_id, segment), sums in self._sums(used).items():
            for measure, stretch in self._course(group)[segment].items():
                if stretch.price is None:
                    unpriced[stretch] += sums['']
                elif sums.get(measure):
                    items[stretch.subject].append(
                        _Item(stretch, resource_id, segment, sums[measure])
                    )
        lines = _Lines(self._frame, _names(used))
        for some in items.values():
            lines.add(some)
        return Charges(
            lines=lines.sorted(),
            unpriced=_reported(unpriced),
            marked=lines.marked(),
        )

    def _sums(
        self, used: Iterable[Used]
    ) -> dict[tuple[_Group, str, int], dict[str, int]]:
        """Quantities by measure; by '', that of the resources as such."""
        sums: dict = {}
        for each in used:
            key = self._group(each), each.resource_id, each.segment
            held = sums.setdefault(key, defaultdict(int))
            held[''] += each.usage
            for measure, amount in each.measures.items():
                held[measure] += amount
        return sums

    def _group(self, each: Used) -> _Group:
        facts = each.facts
        keys = {
            *self._keys.get(each.resource_type, ()),
            *self._frame.shown,
        } - _TOLD
        return _Group(
            each.resource_type,
            facts.get('type', ''),
            facts.get('state', ''),
            tuple((key, facts.get(key, '')) for key in sorted(keys)),
        )

    def _course(self, group: _Group) -> list[dict]:
        """What counts for a group in each segment, by measure."""
        if group not in self._stretches:
            self._stretches[group] = self._found(group)
        return self._stretches[group]

    def _found(self, group: _Group) -> list[dict]:
        segments = self._frame.segments
        attributes = group._asdict() | dict(group.facts)
        winners = [
            self._tariff.winners(
                group.resource_type, attributes, segment.begin
            )
            or {_NOTHING: None}
            for segment in segments
        ]

        def apart(index: int) -> tuple:
            """What differs where one stretch ends and another begins."""
            cell = bisect.bisect(self._frame.cuts, segments[index].begin)
            price = winners[index].get(measure)
            return cell, measure in winners[index], price and price.id

        course: list[dict] = [{} for _ in segments]
        for measure in {each for winning in winners for each in winning}:
            for (_, priced, _), run in itertools.groupby(
                range(len(segments)), apart
            ):
                if priced:
                    indexes = list(run)
                    stretch = _stretch(
                        group,
                        usage.Period(
                            segments[indexes[0]].begin,
                            segments[indexes[-1]].end,
                        ),
                        winners[indexes[0]][measure],
                    )
                    for index in indexes:
                        course[index][measure] = stretch
        return course


def _stretch(
    group: _Group, period: usage.Period, price: prices.Price | None
) -> _Stretch:
    if price is None:
        return _Stretch(group=group, period=period, price=None)
    return _Stretch(
        group=group,
        period=period,
        price=price,
        subject=price.subject,
        terms=(
            price.currency,
            price.per,
            price.tiers,
            price.tier_mode,
            price.included,
            price.minimum,
        ),
    )


class _Step(NamedTuple):
    """A part of the ruler where everything costs the same.

    :param number: its place among the steps.
    :param bound: where it ends; None for never.
    """

    number: int
    bound: fractions.Fraction | None
    price: decimal.Decimal
    kind: statements.Charge


def _steps(price: prices.Price, unit: int, whole: int) -> list[_Step]:
    """The steps of a price.

    :param unit: what its quantities are counted in.
    :param whole: the quantity of the whole month, which chooses the tier of
        a volume price.
    """
    tiers = [
        (None if tier.up_to is None else _times(tier.up_to, unit), tier.price)
        for tier in price.tiers
    ]
    if price.tier_mode is prices.TierMode.VOLUME:
        tiers = [
            (None, cost)
            for bound, cost in tiers
            if bound is None or whole <= bound
        ][:1]
    steps = [
        _Step(number, bound, cost, statements.Charge.USAGE)
        for number, (bound, cost) in enumerate(tiers, 1)
    ]
    if price.included:
        included = _times(price.included, unit)
        kind = statements.Charge.INCLUDED
        steps.insert(0, _Step(0, included, _FREE, kind))
    return steps


def _times(amount: decimal.Decimal, unit: int) -> fractions.Fraction:
    return fractions.Fraction(amount) * unit


def _parts(
    steps: Iterable[_Step], begin: int, end: int
) -> Iterator[tuple[_Step, fractions.Fraction | int]]:
    """How much of a stretch of the ruler lies on each step."""
    for step in steps:
        upper = end if step.bound is None else min(step.bound, end)
        if upper > begin:
            yield step, upper - begin
            begin = upper


def _runs(items: Iterable[_Item]) -> list[list[_Item]]:
    """The quantities of a subject in their order, by terms."""

    def terms(item: _Item) -> tuple:
        return item.stretch.terms

    def place(item: _Item) -> tuple:
        _, kind, state, facts = item.stretch.group
        return kind, state, item.resource_id, facts, item.segment

    in_time = sorted(items, key=lambda item: item.segment)
    return [
        sorted(run, key=place) for _, run in itertools.groupby(in_time, terms)
    ]


class _Lines:
    """Collects the lines of a bill."""

    def __init__(
        self, frame: Frame, names: Mapping[tuple[str, str], str]
    ) -> None:
        self._frame = frame
        self._names = names
        self._quantities: dict[
            tuple[_Stretch, str, _Step], fractions.Fraction | int
        ] = defaultdict(int)
        self._missing: dict[tuple[_Stretch, str], fractions.Fraction] = (
            defaultdict(fractions.Fraction)
        )
        #: The same quantities and minimums, by marks and not by resources.
        self._parts: dict[
            tuple[int, _Stretch, _Step], fractions.Fraction | int
        ] = defaultdict(int)
        self._rest: dict[tuple[int, _Stretch], fractions.Fraction] = (
            defaultdict(fractions.Fraction)
        )
        #: The last mark before each segment.
        begins = [frame.segments[0].begin, *frame.marks]
        self._marks = [
            begins[bisect.bisect(frame.marks, segment.begin)]
            for segment in frame.segments
        ]

    def add(self, items: Iterable[_Item]) -> None:
        """Charge all quantities of a subject."""
        runs = _runs(items)
        whole = sum(item.quantity for run in runs for item in run)
        minimum = any(run[0].stretch.price.minimum for run in runs)
        owed: dict = defaultdict(lambda: defaultdict(fractions.Fraction))
        last: dict[str, _Item] = {}
        position = 0
        for run in runs:
            price = run[0].stretch.price
            unit = self._unit(price)
            steps = _steps(price, unit, whole)
            for item in run:
                stretch, resource_id, segment, quantity = item
                end = position + quantity
                shown = self._shown(resource_id)
                mark = self._marks[segment]
                for step, part in _parts(steps, position, end):
                    self._quantities[stretch, shown, step] += part
                    if self._frame.marks:
                        self._parts[mark, stretch, step] += part
                    if minimum:
                        owed[resource_id][price.currency] += (
                            part * fractions.Fraction(step.price) / unit
                        )
                position = end
                last[resource_id] = item
        if minimum:
            self._complete(last, owed)

    def _complete(
        self,
        last: Mapping[str, _Item],
        owed: Mapping[str, Mapping[str, fractions.Fraction]],
    ) -> None:
        """Add what is missing to the minimum of each resource.

        :param last: where each resource was charged last.
        :param owed: what it costs, by currency.
        """
        for resource_id, item in last.items():
            price = item.stretch.price
            missing = (
                fractions.Fraction(price.minimum)
                - owed[resource_id][price.currency]
            )
            if missing > 0:
                shown = self._shown(resource_id)
                self._missing[item.stretch, shown] += missing
                if self._frame.marks:
                    mark = self._marks[item.segment]
                    self._rest[mark, item.stretch] += missing

    def _unit(self, price: prices.Price) -> int:
        match price.per:
            case prices.Per.HOUR:
                return _HOUR
            case prices.Per.MONTH:
                return self._frame.month.end - self._frame.month.begin
            case prices.Per.UNIT:
                return 1

    def _shown(self, resource_id: str) -> str:
        return resource_id if self._frame.detailed else ''

    def sorted(self) -> tuple[statements.Line, ...]:
        """All lines, in their order."""
        keyed: list[tuple[tuple, statements.Line]] = []
        for (stretch, resource_id, step), amount in self._quantities.items():
            quantity = fractions.Fraction(amount, self._unit(stretch.price))
            line = self._line(
                stretch,
                resource_id,
                kind=step.kind,
                state=stretch.group.state,
                facts=dict(stretch.group.facts),
                quantity=quantity,
                unit_price=step.price,
                amount=quantity * fractions.Fraction(step.price),
            )
            keyed.append((place(line, step.number), line))
        for line in self._minimums():
            keyed.append((place(line, 0), line))
        return tuple(line for _, line in sorted(keyed, key=_key))

    def marked(self) -> dict[tuple[int, str, str, str], fractions.Fraction]:
        """What the lines amount to by marks, in the order of the keys."""
        # There are many quantities, and few unit prices.
        parts: dict[tuple, fractions.Fraction | int] = defaultdict(int)
        for (mark, stretch, step), part in self._parts.items():
            unit = self._unit(stretch.price)
            parts[_beside(mark, stretch), step.price, unit] += part
        sums: dict[tuple, fractions.Fraction] = defaultdict(fractions.Fraction)
        for (key, price, unit), part in parts.items():
            sums[key] += part * fractions.Fraction(price) / unit
        for (mark, stretch), missing in self._rest.items():
            sums[_beside(mark, stretch)] += missing
        return dict(sorted(sums.items()))

    def _minimums(self) -> Iterator[statements.Line]:
        sums: dict[tuple, fractions.Fraction] = defaultdict(fractions.Fraction)
        stretches: dict[tuple, _Stretch] = {}
        for (stretch, resource_id), amount in self._missing.items():
            # Resources that ended with other facts need no line of their own.
            key = (
                stretch.group.type,
                stretch.period.begin,
                stretch.period.end,
                stretch.price.id,
                resource_id,
            )
            sums[key] += amount
            stretches[key] = stretch
        for key, amount in sums.items():
            yield self._line(
                stretches[key],
                key[-1],
                kind=statements.Charge.MINIMUM,
                quantity=fractions.Fraction(0),
                unit_price=_FREE,
                amount=amount,
            )

    def _line(
        self, stretch: _Stretch, resource_id: str, **facts: Any
    ) -> statements.Line:
        group, price = stretch.group, stretch.price
        return statements.Line(
            period=stretch.period,
            resource_type=group.resource_type,
            type=group.type,
            resource_id=resource_id,
            name=self._names.get((group.resource_type, resource_id), ''),
            price_id=price.id,
            description=price.description,
            measure=price.measure,
            per=price.per,
            currency=price.currency,
            **facts,
        )


def _beside(mark: int, stretch: _Stretch) -> tuple[int, str, str, str]:
    """By what amounts are told apart beside the lines."""
    group = stretch.group
    return mark, group.resource_type, group.type, stretch.price.currency


def _key(keyed: tuple[tuple, statements.Line]) -> tuple:
    return keyed[0]


def place(line: statements.Line, number: int = 0) -> tuple:
    """What lines are ordered by: what a minimum adds to comes before it.

    :param number: of several lines with different unit prices, which one it
        is.
    """
    return (
        line.resource_type,
        line.type,
        line.kind is statements.Charge.MINIMUM,
        line.state,
        tuple(sorted(line.facts.items())),
        line.resource_id,
        line.measure,
        line.period.begin,
        line.period.end,
        line.price_id,
        number,
    )


def _names(used: Iterable[Used]) -> dict[tuple[str, str], str]:
    """What each resource was called for most of the time."""
    times: dict[tuple[str, str], dict[str, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for each in used:
        if each.resource_id:
            key = each.resource_type, each.resource_id
            times[key][each.name] += each.usage
    return {
        key: max(some, key=lambda name: (some[name], name))
        for key, some in times.items()
    }


def _reported(
    unpriced: Mapping[_Stretch, int],
) -> tuple[statements.Unpriced, ...]:
    sums: dict[tuple, int] = defaultdict(int)
    for stretch, amount in unpriced.items():
        group, period = stretch.group, stretch.period
        sums[
            group.resource_type,
            group.type,
            group.state,
            period.begin,
            period.end,
        ] += amount
    return tuple(
        statements.Unpriced(
            period=usage.Period(begin, end),
            resource_type=resource_type,
            type=type_,
            state=state,
            usage=amount,
        )
        for (resource_type, type_, state, begin, end), amount in sorted(
            sums.items()
        )
    )
