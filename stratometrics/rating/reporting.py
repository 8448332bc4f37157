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
"""From storage to cost reports: what a period costs, here and elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import itertools
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import billing
from stratometrics.rating import costs

#: What costs can be grouped by beside the keys of usage.
KEYS = ('measure', 'price_id')
#: What lines and bills tell by themselves.
_TOLD = (
    *('project_id', 'project_name', 'domain_id', 'domain_name'),
    *('resource_type', 'type', 'state', 'resource_id', *KEYS),
)


class UnknownProvider(ValueError):
    """No price has an equivalent of a provider; str() says which ones do."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a report is to say.

    :param project_ids: of these; None for all.
    :param as_of: as known then (R15); microseconds since the epoch.
    :param group_by: keys of usage, or of :data:`KEYS`.
    :param granularity: how long buckets are; None for no buckets.
    :param providers: what is compared with, by name.
    """

    period: usage.Period
    project_ids: tuple[str, ...] | None
    as_of: int
    group_by: tuple[str, ...]
    granularity: calendars.Granularity | None = None
    providers: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The keys with the names of what they are ids of."""
        return usage.with_names(self.group_by)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What things cost.

    :param costs: by group, bucket and currency, with comparisons for the
        providers of the question.
    :param totals: the same of everything, a currency each.
    :param unpriced: usage that no price is for.
    """

    costs: Sequence[costs.Cost]
    totals: Sequence[costs.Cost]
    unpriced: Sequence[statements.Unpriced]


def report(
    biller: billing.Biller,
    question: Question,
    zone: zoneinfo.ZoneInfo,
    most: int | None = None,
) -> Report:
    """Ask what a period costs.

    :param zone: whose calendar says when buckets begin.
    :param most: how many costs there may be; None for any number.
    :raises UnknownProvider: nothing can be compared with a provider.
    :raises TooMuch: it would take more memory than is allowed.
    """
    listed = biller.price_book(question.as_of).prices
    # Others would be of no use.
    compared = [
        dataclasses.replace(
            price,
            equivalents={
                name: price.equivalents[name]
                for name in question.providers
                if name in price.equivalents
            },
        )
        for price in listed
    ]
    unpriced: dict[tuple, int] = {}
    owners: set[tuple[str, str]] = set()
    bills = biller.bills(
        question.period,
        question.as_of,
        question.project_ids,
        granularity=question.granularity,
        detailed='resource_id' in question.group_by,
        shown=[key for key in question.shown if key not in _TOLD],
    )
    found = costs.report(
        _watched(bills, unpriced, owners),
        compared,
        question.shown,
        _buckets(question, zone),
        most,
    )
    _require_known(question, listed, owners)
    return Report(
        costs=found,
        totals=_totals(found, question.period),
        unpriced=[
            statements.Unpriced(
                period=question.period,
                resource_type=resource_type,
                type=type_,
                state=state,
                billed_by=kind,
                usage=amount,
            )
            for (resource_type, type_, state, kind), amount in sorted(
                unpriced.items()
            )
        ],
    )


def _require_known(
    question: Question,
    listed: Iterable[prices.Price],
    owners: Iterable[tuple[str, str]],
) -> None:
    """See that something can be compared with each provider.

    Prices of projects and domains that are not in question do not count: who
    asks is not to learn about them (R16).
    """
    projects = {'', *(question.project_ids or ())}
    domains = {''}
    for project_id, domain_id in owners:
        projects.add(project_id)
        domains.add(domain_id)
    known = {
        name
        for price in listed
        if question.project_ids is None
        or (price.project_id in projects and price.domain_id in domains)
        for name in price.equivalents
    }
    for name in question.providers:
        if name not in known:
            raise UnknownProvider(
                f'no price names what {name!r} takes; there are '
                f'{", ".join(sorted(known)) or "no equivalents at all"}'
            )


def _watched(
    bills: Iterable[costs.Bill],
    unpriced: dict[tuple, int],
    owners: set[tuple[str, str]],
) -> Iterator[costs.Bill]:
    """The same bills; adds up what no price is for, and tells whose they are.

    :param owners: gets the ids of projects and of their domains.
    """
    for bill in bills:
        owners.add((bill.project_id, bill.domain_id))
        for each in bill.unpriced:
            key = each.resource_type, each.type, each.state, each.billed_by
            unpriced[key] = unpriced.get(key, 0) + each.usage
        yield bill


def _buckets(
    question: Question, zone: zoneinfo.ZoneInfo
) -> list[usage.Period]:
    whole = question.period
    if question.granularity is None:
        return [whole]
    return [
        usage.Period(max(begin, whole.begin), min(end, whole.end))
        for begin, end in itertools.pairwise(
            calendars.boundaries(whole, question.granularity, zone)
        )
    ]


def _totals(
    found: Iterable[costs.Cost], period: usage.Period
) -> list[costs.Cost]:
    totals: dict[str, costs.Cost] = {}
    for each in found:
        total = totals.setdefault(
            each.currency,
            costs.Cost(
                group=(),
                period=period,
                currency=each.currency,
                comparisons={
                    name: costs.Comparison() for name in each.comparisons
                },
            ),
        )
        total.cost += each.cost
        for name, comparison in each.comparisons.items():
            sums = total.comparisons[name]
            sums.cost += comparison.cost
            sums.equivalent += comparison.equivalent
            sums.without_equivalent += comparison.without_equivalent
    return [total for _, total in sorted(totals.items())]
