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
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating import billing
from stratometrics.rating import costs
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering.focus import rows as focus_rows
from stratometrics.storage import base

#: How finely costs can be exported, by how it is written.
GRANULARITIES = {name: calendars.GRANULARITIES[name] for name in ('1h', '1d')}
DEFAULT_GRANULARITY = '1d'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What a project is charged for a month.

    :param bill: with lines for each resource and bucket.
    :param adjustments: of earlier months.
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
        project_ids: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Iterator[Charged]:
        """What projects are charged for a month, one at a time.

        If its statement was issued, a project is charged what it says, with
        its adjustments; else what is known now.

        :param project_ids: of these; None for all.
        :param as_of: what was known then, whatever was issued (R15);
            microseconds since the epoch.
        """
        issued = {}
        if as_of is None:
            as_of = timestamps.now()
            issued = {
                receipt.project_id: receipt
                for receipt in self._storage.receipts(
                    project_ids, months.written(month, self._zone)
                )
            }
        together: dict[int, list[str]] = defaultdict(list)
        for receipt in issued.values():
            together[receipt.as_of].append(receipt.project_id)
        for watermark, some in sorted(together.items()):
            for bill in self._bills(month, granularity, some, watermark):
                number = issued[bill.project_id].number
                yield Charged(
                    month=month,
                    bill=bill,
                    adjustments=canonical.read(
                        self._storage.issued(number).content
                    ).adjustments,
                    invoice_id=number,
                )
        others = project_ids
        if project_ids is not None:
            others = [each for each in project_ids if each not in issued]
            if not others:
                return
        for bill in self._bills(month, granularity, others, as_of):
            if bill.project_id not in issued:
                yield Charged(month=month, bill=bill)

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

    def _bills(
        self,
        month: usage.Period,
        granularity: calendars.Granularity,
        project_ids: Collection[str] | None,
        as_of: int,
    ) -> Iterator[costs.Bill]:
        return self._biller.bills(
            month,
            as_of,
            project_ids,
            granularity=granularity,
            detailed=True,
            shown=focus_rows.SHOWN,
        )
