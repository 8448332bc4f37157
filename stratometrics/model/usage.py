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
"""Questions about usage and their answers."""

from collections.abc import Iterable, Mapping
import dataclasses
import enum

#: What usage can be grouped and filtered by, whatever the resource type;
#: a definition adds its own attributes to these.
COMMON_KEYS = (
    'resource_type',
    'resource_id',
    'project_id',
    'domain_id',
    'user_id',
    'region',
    'availability_zone',
    'state',
    'type',
    'type_id',
    'image',
    'name',
)

#: What is shown beside an id that usage is grouped by.
NAMES = {
    'project_id': 'project_name',
    'domain_id': 'domain_name',
    'user_id': 'user_name',
}


def with_names(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys, each of :data:`NAMES` followed by that of its name.

    Usage is still grouped by the same: an id has one name.
    """
    shown = []
    for key in keys:
        shown.append(key)
        if key in NAMES:
            shown.append(NAMES[key])
    return tuple(shown)


class Kind(enum.StrEnum):
    """How a resource type is billed."""

    #: By the time that resources spend in a state.
    STATE = 'state'
    #: By amounts, such as bytes sent, each of which counts once.
    CONSUMPTION = 'consumption'


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time ``[begin, end)``.

    :param begin: microseconds since the epoch, UTC.
    :param end: microseconds since the epoch, UTC; later than ``begin``.
    :raises ValueError: the span is empty or reversed.
    """

    begin: int
    end: int

    def __post_init__(self) -> None:
        if self.begin >= self.end:
            raise ValueError('a period must end after it begins')


#: What groups can be ordered by beside their keys: the usage, and a measure
#: behind its prefix.
USAGE = 'usage'
MEASURES = 'measures.'


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What groups are ordered by.

    :param by: :data:`USAGE`, a measure behind :data:`MEASURES`, or one of the
        keys that usage is grouped by.
    """

    by: str
    descending: bool = False

    def __str__(self) -> str:
        return f'-{self.by}' if self.descending else self.by


def ranking(
    order: tuple[Order, ...], group_by: Iterable[str]
) -> tuple[Order, ...]:
    """What groups are ordered by in the end, so that no two are equal."""
    chosen = {each.by for each in order}
    return order + tuple(
        Order(key)
        for key in group_by
        if key not in chosen and key not in NAMES.values()
    )


def answered_until(period: Period, now: int, as_of: int | None) -> int:
    """Where an answer ends, in microseconds since the epoch.

    Neither the future nor anything past the period counts (R9). An answer as
    of a time is the one that was given at that time (R15).
    """
    end = min(period.end, now)
    return end if as_of is None else min(end, as_of)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """Who used what, for how long or how much of it, in a period.

    :param period: what is asked about.
    :param previous: a period that it is compared with.
    :param boundaries: where the buckets begin and end that the usage of each
        group is divided into, ascending, in microseconds; the first is not
        after the begin of the period and the last not before its end. ()
        for no buckets; there are none in a comparison.
    :param now: the time of asking, microseconds since the epoch; an interval
        without an end runs until the earlier of this and the period's end
        (R9).
    :param resource_types: names of definitions; at least one, and all of them
        of the same kind.
    :param group_by: names from :data:`COMMON_KEYS` or attributes, also with
        those of :data:`NAMES`.
    :param filters: accepted values by names from :data:`COMMON_KEYS` or
        attributes; all must hold.
    :param excluded: refused values by the same names; none may hold.
    :param names: by resource type, which attributes hold an id that is
        shown, grouped and filtered by its name, and of which kind.
    :param project_ids: the owners whose usage may be seen, or None for all
        projects. This is the tenant filter (R16).
    :param as_of: answer as at this time: as if only the events received up
        to it existed (R15); microseconds since the epoch.
    :param named_at: things have the names that were the latest at this time,
        whatever they were called later, and what had none has the first that
        was learnt since; microseconds since the epoch, or None for the
        latest names of all.
    :param kind: how the resource types are billed.
    :param order: what groups are ordered by before their keys.
    :param after: only groups behind this position, which is one of
        :meth:`position`.
    :param limit: how many groups at most.
    :param placed: also tell where intervals lie, of states; neither with
        buckets nor in a comparison.
    """

    period: Period
    previous: Period | None = None
    boundaries: tuple[int, ...] = ()
    now: int
    resource_types: tuple[str, ...]
    group_by: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    excluded: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    names: Mapping[str, Mapping[str, str]] = dataclasses.field(
        default_factory=dict
    )
    project_ids: tuple[str, ...] | None = None
    as_of: int | None = None
    named_at: int | None = None
    kind: Kind = Kind.STATE
    order: tuple[Order, ...] = ()
    after: tuple[int | str, ...] = ()
    limit: int | None = None
    placed: bool = False

    @property
    def end(self) -> int:
        """Where the answer ends; see :func:`answered_until`."""
        return self.end_of(self.period)

    def end_of(self, period: Period) -> int:
        """The same of a period; see :func:`answered_until`."""
        return answered_until(period, self.now, self.as_of)

    @property
    def ranking(self) -> tuple[Order, ...]:
        """All that groups are ordered by: no two are equal in it."""
        return ranking(self.order, self.group_by)

    def position(self, row: 'UsageRow') -> tuple[int | str, ...]:
        """Where a group is in the :attr:`ranking`."""
        values = dict(zip(self.group_by, row.group, strict=True))
        return tuple(
            row.usage
            if order.by == USAGE
            else row.measures.get(order.by.removeprefix(MEASURES), 0)
            if order.by.startswith(MEASURES)
            else values[order.by]
            for order in self.ranking
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Amounts:
    """How much was used.

    :param usage: resource-microseconds; of a consumption, events.
    :param measures: measure-microseconds by the measure's name; of a
        consumption, the amounts themselves.
    """

    usage: int
    measures: Mapping[str, int]


@dataclasses.dataclass(frozen=True, slots=True)
class UsageRow:
    """The usage of one group.

    :param group: the values of ``group_by``, in its order.
    :param usage: resource-microseconds; of a consumption, events.
    :param measures: measure-microseconds by the measure's name; of a
        consumption, the amounts themselves.
    :param buckets: the parts of it by buckets, clipped to the period, in
        their order; those without usage are left out.
    :param previous: the usage of the period that is compared with.
    :param place: a number that is the same for two answers if the group had
        the same measures at each instant, and most unlikely else.
    """

    group: tuple[str, ...]
    usage: int
    measures: Mapping[str, int]
    buckets: Mapping[Period, Amounts] = dataclasses.field(default_factory=dict)
    previous: Amounts | None = None
    place: int | None = None
