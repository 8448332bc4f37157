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
"""From storage to exports: what each resource costs in each hour or day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
import dataclasses
import itertools
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import billing
from stratometrics.rating import costs
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering.focus import rows as focus_rows
from stratometrics.storage import base

#: How finely costs can be exported, by how it is written.
GRANULARITIES = {name: calendars.GRANULARITIES[name] for name in ('1h', '1d')}
DEFAULT_GRANULARITY = '1d'

#: What is asked at once, and held in memory of one project.
_PARTS = {
    GRANULARITIES['1h']: calendars.GRANULARITIES['1d'],
    GRANULARITIES['1d']: calendars.GRANULARITIES['1w'],
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What a project is charged for a part of a month.

    :param bill: with lines for each resource and bucket.
    :param adjustments: of earlier months; with the first part alone.
    :param invoice_id: the number of the statement; '' if none was issued.
    """

    month: usage.Period
    bill: costs.Bill
    adjustments: tuple[statements.Line, ...] = ()
    invoice_id: str = ''


class Exporter:
    """Tells what months cost, resource by resource.

    :param zone: whose calendar says when a month, and a day, begins.
    :param rounding: how totals are rounded; one of
        :data:`stratometrics.rating.money.ROUNDINGS`.
    :param provider: the name of who sells.
    """

    def __init__(
        self,
        storage: base.Storage,
        biller: billing.Biller,
        zone: zoneinfo.ZoneInfo,
        rounding: str,
        provider: str,
    ) -> None:
        self._storage = storage
        self._biller = biller
        self._zone = zone
        self._rounding = rounding
        self._provider = provider

    def charged(
        self,
        month: usage.Period,
        granularity: calendars.Granularity,
        now: int,
        project_ids: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Iterator[Charged]:
        """What projects are charged for a month, part by part.

        If its statement was issued, a project is charged what it says, with
        its adjustments; else what is known now.

        :param now: the time of asking, microseconds since the epoch; before
            the rows are begun.
        :param project_ids: of these; None for all.
        :param as_of: what was known then, whatever was issued (R15);
            microseconds since the epoch.
        """
        issued = {}
        if as_of is None:
            as_of = now
            issued = {
                receipt.project_id: receipt
                for receipt in self._storage.receipts(
                    project_ids, months.written(month, self._zone)
                )
            }
        others = project_ids
        if project_ids is not None:
            others = [each for each in project_ids if each not in issued]
        # Who reads rows has a connection, and must not wait for another one.
        adjustments = {
            project_id: self._adjustments(receipt.number)
            for project_id, receipt in issued.items()
        }
        for part in self.parts(month, granularity):
            for bill in self._issued(part, granularity, issued.values()):
                yield Charged(
                    month=month,
                    bill=bill,
                    adjustments=adjustments.pop(bill.project_id, ()),
                    invoice_id=issued[bill.project_id].number,
                )
            if others is None or others:
                for bill in self._bills(part, granularity, others, as_of):
                    if bill.project_id not in issued:
                        yield Charged(month=month, bill=bill)

    def parts(
        self, month: usage.Period, granularity: calendars.Granularity
    ) -> list[usage.Period]:
        """The parts that a month is asked for in, to save memory."""
        bounds = calendars.boundaries(month, _PARTS[granularity], self._zone)
        return [
            usage.Period(max(begin, month.begin), min(end, month.end))
            for begin, end in itertools.pairwise(bounds)
        ]

    def rows(self, charged: Iterable[Charged]) -> Iterator[focus_rows.Row]:
        """The same as rows of FOCUS."""
        ledger = focus_rows.Ledger(
            # Also those that were withdrawn: earlier bills were made by them.
            (entry.price for entry in self._storage.price_entries()),
            self._zone,
            self._rounding,
            self._provider,
        )
        for each in charged:
            yield from ledger.rows(
                each.bill, each.month, each.adjustments, each.invoice_id
            )
        yield from ledger.closing()

    def _issued(
        self,
        part: usage.Period,
        granularity: calendars.Granularity,
        receipts: Iterable[statements.Receipt],
    ) -> Iterator[costs.Bill]:
        """What projects are charged as of the watermarks of statements."""
        together: dict[int, list[str]] = defaultdict(list)
        for receipt in receipts:
            together[receipt.as_of].append(receipt.project_id)
        for watermark, project_ids in sorted(together.items()):
            yield from self._bills(part, granularity, project_ids, watermark)

    def _adjustments(self, number: str) -> tuple[statements.Line, ...]:
        issued = self._storage.issued(number)
        return canonical.read(issued.content).adjustments

    def _bills(
        self,
        part: usage.Period,
        granularity: calendars.Granularity,
        project_ids: Collection[str] | None,
        as_of: int,
    ) -> Iterator[costs.Bill]:
        return self._biller.bills(
            part,
            as_of,
            project_ids,
            granularity=granularity,
            detailed=True,
            shown=focus_rows.SHOWN,
        )
