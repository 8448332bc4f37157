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
"""Whether a price list fits what is used: nothing is silently free."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
import dataclasses
from typing import Any

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import book
from stratometrics.storage import base

#: What unpriced usage is told apart by, beside its resource type.
_KINDS = ('type', 'state')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a price list fits the usage of a period.

    :param unused: prices that were valid and that no usage had.
    :param unpriced: usage that no price was for.
    """

    unused: tuple[prices.Price, ...]
    unpriced: tuple[statements.Unpriced, ...]


def survey(
    reader: base.UsageReader,
    listed: book.PriceBook,
    found: definitions.Definitions,
    period: usage.Period,
    as_of: int | None = None,
    project_ids: Collection[str] = (),
) -> Report:
    """Compare a price list with the usage of all projects, or of some.

    :param found: all resource types.
    :param period: which usage; it has passed.
    :param as_of: only what was received by this time counts (R15);
        microseconds since the epoch.
    :param project_ids: only of these; by default of all.
    :raises StorageUnavailable: the store cannot be reached.
    :raises QueryTooExpensive: a limit was reached.
    """
    scope = {'as_of': as_of, 'project_ids': tuple(project_ids) or None}
    used: set[str] = set()
    unpriced: dict[tuple[str, str, str], int] = defaultdict(int)
    for resource_type in found.resource_types.values():
        own = listed.prices_of(resource_type.name)
        for part in _parts(period, own):
            for facts, amount in _used(
                reader, resource_type, own, part, scope
            ):
                winners = listed.winners(
                    resource_type.name,
                    facts,
                    facts.get('project_id', ''),
                    facts.get('domain_id', ''),
                    part.begin,
                )
                used.update(price.id for price in winners.values())
                if not winners:
                    group = (
                        resource_type.name,
                        *(facts[name] for name in _KINDS),
                    )
                    unpriced[group] += amount
    return Report(
        unused=tuple(
            price
            for price in listed.prices
            if price.id not in used
            and price.holds_within(period.begin, period.end)
        ),
        unpriced=tuple(
            statements.Unpriced(
                period=period,
                resource_type=name,
                type=type_,
                state=state,
                usage=amount,
            )
            for (name, type_, state), amount in sorted(unpriced.items())
        ),
    )


def _parts(
    period: usage.Period, listed: Iterable[prices.Price]
) -> Iterator[usage.Period]:
    """A period, cut where a price begins or ends."""
    cuts = {
        instant
        for price in listed
        for instant in (price.valid_from, price.valid_to)
        if instant is not None and period.begin < instant < period.end
    }
    begin = period.begin
    for end in (*sorted(cuts), period.end):
        yield usage.Period(begin, end)
        begin = end


def _used(
    reader: base.UsageReader,
    resource_type: definitions.ResourceType,
    listed: Iterable[prices.Price],
    period: usage.Period,
    scope: Mapping[str, Any],
) -> Iterator[tuple[dict[str, str], int]]:
    """The usage of a resource type by all that its prices ask for."""
    keys = dict.fromkeys(_KINDS)
    for price in listed:
        keys |= dict.fromkeys(price.match)
        if price.project_id:
            keys['project_id'] = None
        if price.domain_id:
            keys['domain_id'] = None
    rows = reader.stream_usage(
        usage.UsageQuery(
            period=period,
            now=period.end,
            resource_types=(resource_type.name,),
            group_by=tuple(keys),
            names={resource_type.name: resource_type.names},
            kind=resource_type.kind,
            **scope,
        ),
        limited=False,
    )
    for row in rows:
        yield dict(zip(keys, row.group, strict=True)), row.usage
