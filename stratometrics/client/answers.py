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
"""What the API answers: times are aware datetimes, numbers are Decimals.

Amounts of time are in seconds, unless an answer says ``count``; costs are in
the currency beside them.
"""

from collections.abc import Mapping
import dataclasses
import datetime
import decimal

from stratometrics.client import reading

#: How what is billed by amounts is called, whose usage is a count.
_CONSUMPTION = 'consumption'

_frozen = dataclasses.dataclass(frozen=True, kw_only=True)


@_frozen
class Link:
    """Where something is."""

    rel: str
    href: str


@_frozen
class Period:
    """From an instant up to, but not including, another one."""

    begin: datetime.datetime = reading.member('from')
    end: datetime.datetime = reading.member('to')


@_frozen
class Version:
    """A version of the API."""

    id: str
    status: str
    links: tuple[Link, ...] = ()


@_frozen
class Health:
    """Whether the service can answer."""

    status: str
    checks: tuple[str, ...] = ()


@_frozen
class ResourceType:
    """What can be asked about resources of one type.

    :param kind: ``state`` if they are billed by time, or ``consumption``.
    :param units: of their usage, ``seconds`` or ``count``.
    """

    name: str
    collection: str
    default_group_by: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    kind: str
    units: str
    links: tuple[Link, ...] = ()

    @property
    def is_consumed(self) -> bool:
        """Whether its usage is a count, and no time."""
        return self.kind == _CONSUMPTION


@_frozen
class Capabilities:
    """What can be asked, and how much.

    :param settling_time: seconds after which all that was received counts.
    :param release: that of the service; '' if it is too old to tell.
    """

    resource_types: tuple[ResourceType, ...]
    units: str
    timezone: str
    granularities: tuple[str, ...]
    max_period_days: int
    max_buckets: int
    max_results: int
    settling_time: int
    release: str = ''

    @property
    def consumed(self) -> frozenset[str]:
        """The names of the resource types whose usage is a count."""
        return frozenset(
            each.name for each in self.resource_types if each.is_consumed
        )


@_frozen
class Amounts:
    """Usage and what it is of each measure, times the usage."""

    usage: decimal.Decimal
    measures: Mapping[str, decimal.Decimal] = dataclasses.field(
        default_factory=dict
    )


@_frozen
class Usage(Amounts):
    """The usage of a group, of a bucket of time if there are any.

    :param keys: what it is grouped by, and the names of that.
    :param begin: of the bucket.
    :param end: of the bucket.
    :param previous: of the period that was compared with.
    :param change: the amounts less those.
    """

    keys: Mapping[str, str] = reading.others()
    begin: datetime.datetime | None = None
    end: datetime.datetime | None = None
    previous: Amounts | None = None
    change: Amounts | None = None


@_frozen
class UsageHead:
    """What usage was asked for.

    :param units: ``seconds``, or ``count`` of what is consumed.
    """

    period: Period
    units: str
    as_of: datetime.datetime | None = None
    previous: Period | None = None
    granularity: str | None = None
    timezone: str | None = None


@_frozen
class Comparison:
    """What usage costs, and what the same costs elsewhere.

    :param cost: of what has an equivalent.
    :param without_equivalent: the cost of what has none.
    """

    cost: decimal.Decimal
    equivalent: decimal.Decimal
    saving: decimal.Decimal
    without_equivalent: decimal.Decimal


@_frozen
class Total:
    """Costs in one currency."""

    currency: str
    cost: decimal.Decimal
    equivalents: Mapping[str, Comparison] = dataclasses.field(
        default_factory=dict
    )


@_frozen
class Cost(Total):
    """The costs of a group, of a bucket of time if there are any."""

    keys: Mapping[str, str] = reading.others()
    begin: datetime.datetime | None = reading.member('from', default=None)
    end: datetime.datetime | None = reading.member('to', default=None)


@_frozen
class Unpriced:
    """Usage that no price is for."""

    resource_type: str
    type: str
    state: str
    usage: decimal.Decimal


@_frozen
class Costs:
    """What usage costs."""

    period: Period
    as_of: datetime.datetime
    results: tuple[Cost, ...]
    totals: tuple[Total, ...]
    unpriced: tuple[Unpriced, ...]


@_frozen
class LivesHead:
    """What resources were asked for."""

    period: Period
    as_of: datetime.datetime | None = None


@_frozen
class Resource:
    """A resource as it last was in a period, and when it was there."""

    resource_type: str
    resource_id: str
    region: str
    project_id: str
    user_id: str
    name: str
    state: str
    type: str
    usage: decimal.Decimal
    begin: datetime.datetime = reading.member('from')
    end: datetime.datetime = reading.member('to')


@_frozen
class Event:
    """A fact that the service knows a resource by.

    :param birth: whether it was inferred from the time of creation.
    """

    message_id: str
    event_type: str
    source: str
    birth: bool
    event_time: datetime.datetime
    received_at: datetime.datetime
    state: str


@_frozen
class VoidEvent(Event):
    """An event that opens no interval, such as a deletion."""

    resource_type: str


@_frozen
class Interval:
    """A part of a timeline, in which nothing changed.

    :param usage: what is billed of it: seconds, or a count of what is
        consumed.
    """

    resource_type: str
    begin: datetime.datetime = reading.member('from')
    end: datetime.datetime = reading.member('to')
    billed: bool
    usage: decimal.Decimal
    region: str
    project_id: str
    user_id: str
    name: str
    state: str
    type: str
    type_id: str
    image: str
    availability_zone: str
    attributes: Mapping[str, str]
    measures: Mapping[str, decimal.Decimal]
    events: tuple[Event, ...]


@_frozen
class TimelineHead:
    """What timeline was asked for, and the events that opened no interval."""

    period: Period
    void: tuple[VoidEvent, ...]
    as_of: datetime.datetime | None = None


@_frozen
class Covered:
    """Whether a service is still heard of.

    :param lag: seconds since its last event.
    """

    resource_type: str
    region: str
    status: str
    last_event: datetime.datetime | None
    last_received: datetime.datetime | None
    lag: decimal.Decimal | None
    events_last_day: int
    living: int
    audits: str
    last_audit: datetime.datetime | None
    rejected: int
    healed: int | None
    last_reconciled: datetime.datetime | None


@_frozen
class UnknownEventType:
    """Messages that no definition is for."""

    event_type: str
    region: str
    messages: int
    last_received: datetime.datetime


@_frozen
class Coverage:
    """Whether what is billed is all that there is."""

    at: datetime.datetime
    coverage: tuple[Covered, ...]
    unknown_event_types: tuple[UnknownEventType, ...]
    more_unknown_event_types: int


@_frozen
class Tier:
    """A price up to a quantity; that of the last tier has no end."""

    price: decimal.Decimal
    up_to: decimal.Decimal | None = None


@_frozen
class Equivalent:
    """What the same costs elsewhere."""

    name: str = ''
    price: decimal.Decimal


@_frozen
class Change:
    """Who changed what of a price, and when.

    :param change: ``created``, ``amended`` or ``withdrawn``.
    """

    change: str
    at: datetime.datetime
    by: str
    price: 'Price'


@_frozen
class Price:
    """A price of the list.

    :param measure: what is priced; '' for the resources themselves.
    :param project_id: whom it is for; '' for everybody.
    :param per: ``hour``, ``month`` or ``unit``.
    :param history: what was done to it, if that was asked for.
    """

    id: str
    resource_type: str
    measure: str
    match: Mapping[str, tuple[str, ...]]
    project_id: str
    domain_id: str
    valid_from: datetime.datetime
    valid_to: datetime.datetime | None
    currency: str
    per: str
    tiers: tuple[Tier, ...]
    tier_mode: str
    included: decimal.Decimal
    minimum: decimal.Decimal
    equivalents: Mapping[str, Equivalent] = dataclasses.field(
        default_factory=dict
    )
    description: str = ''
    history: tuple[Change, ...] = ()


@_frozen
class Prices:
    """The price list.

    :param generation: how often it was changed; None if the caller does not
        see all of it, or asked for an earlier one.
    """

    prices: tuple[Price, ...]
    generation: int | None = None
    as_of: datetime.datetime | None = None
    history: tuple[Change, ...] = ()


@_frozen
class Revised:
    """A price that several changes at once have changed, as it is now.

    :param change: ``created``, ``amended`` or ``withdrawn``.
    """

    change: str
    price: Price


@_frozen
class Receipt:
    """That a statement was issued.

    :param sha256: of its canonical JSON, in hexadecimal digits.
    """

    number: str
    project_id: str
    period: Period
    as_of: datetime.datetime
    issued_at: datetime.datetime
    issued_by: str
    sha256: str
    links: tuple[Link, ...] = ()


@_frozen
class Issued:
    """The same, where the statement itself is beside it."""

    number: str
    issued_at: datetime.datetime
    issued_by: str
    sha256: str


@_frozen
class Line:
    """A line of a statement.

    :param quantity: rounded; ``quantity_exact`` is a fraction, ``684/7``.
    """

    resource_type: str
    type: str
    state: str
    resource_id: str
    name: str
    price_id: str
    description: str
    measure: str
    kind: str
    facts: Mapping[str, str]
    per: str
    unit_price: decimal.Decimal
    currency: str
    quantity: decimal.Decimal
    quantity_exact: str
    amount: decimal.Decimal
    amount_exact: str
    period: Period


@_frozen
class UnpricedLine(Unpriced):
    """Usage of a statement that no price is for."""

    billed_by: str
    period: Period

    @property
    def is_consumed(self) -> bool:
        """Whether it is a count, and no time."""
        return self.billed_by == _CONSUMPTION


@_frozen
class DailyCost:
    """What a day costs."""

    day: datetime.date
    resource_type: str
    type: str
    currency: str
    amount: decimal.Decimal
    amount_exact: str


@_frozen
class StatementTotal:
    """What a statement comes to in one currency.

    :param amount: what is to be paid, rounded to the currency's minor unit.
    """

    currency: str
    amount: decimal.Decimal
    unrounded: decimal.Decimal
    unrounded_exact: str


@_frozen
class Statement:
    """What a project is charged for a calendar month."""

    version: int
    project_id: str
    project_name: str
    domain_id: str
    domain_name: str
    region: str
    timezone: str
    period: Period
    as_of: datetime.datetime
    lines: tuple[Line, ...]
    adjustments: tuple[Line, ...]
    unpriced: tuple[UnpricedLine, ...]
    daily: tuple[DailyCost, ...]
    totals: tuple[StatementTotal, ...]


@_frozen
class StatementAnswer:
    """A statement, and whether it was issued.

    :param status: ``issued`` or ``preview``.
    """

    status: str
    issued: Issued | None
    statement: Statement
