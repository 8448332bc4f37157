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
"""What statements say, before they are issued.

A statement has the charges of its month, and what is to be charged for earlier
ones that have changed since they were settled.
"""

from collections.abc import Mapping, Sequence
import dataclasses

from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import billing
from stratometrics.rating import book
from stratometrics.rating import charges
from stratometrics.rating import corrections


class Drafts:
    """Makes statements that nobody has issued.

    :param biller: charges for a month.
    :param corrector: finds what earlier months lack.
    :param rounding: one of :data:`stratometrics.rating.money.ROUNDINGS`.
    """

    def __init__(
        self,
        biller: billing.Biller,
        corrector: corrections.Corrections,
        rounding: str,
    ) -> None:
        self._biller = biller
        self._corrections = corrector
        self._rounding = rounding

    def one(
        self,
        project_id: str,
        month: usage.Period,
        as_of: int,
        receipts: Sequence[statements.Receipt],
        detailed: bool = False,
        daily: bool = True,
        strict: bool = False,
    ) -> statements.Statement:
        """The statement of one project.

        :param as_of: its watermark, microseconds since the epoch.
        :param receipts: what was issued to it before.
        :param detailed: whether there are lines for each resource.
        :param daily: whether costs by day are told.
        :param strict: whether it matters that an earlier month was purged.
        """
        issued = {project_id: receipts}
        corrected = self.corrected(
            self.suspects(issued, month, as_of),
            issued,
            as_of,
            detailed,
            strict,
        )
        [found] = self.several(
            (project_id,), month, as_of, corrected, detailed, daily
        )
        return found

    def several(
        self,
        project_ids: Sequence[str],
        month: usage.Period,
        as_of: int,
        corrected: Mapping[str, corrections.Correction],
        detailed: bool = False,
        daily: bool = True,
    ) -> list[statements.Statement]:
        """The statements of some projects.

        :param as_of: their watermark, microseconds since the epoch.
        :param corrected: what is to be adjusted, by project.
        :param detailed: whether there are lines for each resource.
        :param daily: whether costs by day are told.
        """
        return [
            self._adjusted(each, corrected.get(each.project_id))
            for each in self._biller.statements(
                month, as_of, project_ids, detailed, daily
            )
        ]

    def suspects(
        self,
        receipts: Mapping[str, Sequence[statements.Receipt]],
        month: usage.Period,
        as_of: int,
        all_projects: bool = False,
    ) -> dict[str, dict[usage.Period, int]]:
        """Earlier months that may have changed since they were settled.

        :param receipts: what was issued, by project.
        :param month: the one that a statement is made of.
        :param as_of: its watermark, microseconds since the epoch.
        :param all_projects: see
            :meth:`stratometrics.rating.corrections.Corrections.suspects`.
        :returns: up to when each is settled, by project and month.
        """
        marks = {
            project_id: corrections.settled(some, month.begin)
            for project_id, some in receipts.items()
        }
        return self._corrections.suspects(
            marks, as_of, month.begin, all_projects
        )

    def corrected(
        self,
        suspects: Mapping[str, corrections.Marks],
        receipts: Mapping[str, Sequence[statements.Receipt]],
        as_of: int,
        detailed: bool = False,
        strict: bool = False,
    ) -> dict[str, corrections.Correction]:
        """What has become of those months, by project.

        :param suspects: as :meth:`suspects` gives them.
        :param receipts: what was issued, by project.
        :param as_of: what is known by then counts; microseconds since the
            epoch.
        :param detailed: whether there are lines for each resource.
        :param strict: whether it matters that a month was purged.
        :raises Purged: one was, and it matters.
        """
        return self._corrections.find(
            suspects,
            {
                project_id: corrections.watermarks(some)
                for project_id, some in receipts.items()
            },
            as_of,
            detailed,
            strict,
        )

    def price_book(self, as_of: int) -> book.PriceBook:
        """The prices that are charged.

        :param as_of: what is entered by then counts; microseconds since the
            epoch.
        """
        return self._biller.price_book(as_of)

    def _adjusted(
        self,
        statement: statements.Statement,
        correction: corrections.Correction | None,
    ) -> statements.Statement:
        if correction is None:
            return statement
        return dataclasses.replace(
            statement,
            adjustments=correction.lines,
            unpriced=statement.unpriced + correction.unpriced,
            totals=charges.totals(
                (*statement.lines, *correction.lines), self._rounding
            ),
        )


def is_empty(statement: statements.Statement) -> bool:
    """Whether it charges nothing, and leaves nothing uncharged."""
    return not (statement.lines or statement.adjustments or statement.unpriced)
