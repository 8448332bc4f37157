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
"""The statements of a month are issued for all projects."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
import dataclasses
import fractions
from typing import Any

from oslo_log import log as logging

from stratometrics.model import calendars
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import corrections
from stratometrics.rating import drafts
from stratometrics.rating import issuing
from stratometrics.rating import survey
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: How many statements are made at a time, and kept with one insert.
_TOGETHER = 200

_MONTH = calendars.GRANULARITIES['1mo']
#: Whose usage it is that belongs to no project, and is charged to nobody.
_NOBODY = ''


class Progress:
    """Told how far a run is; this one keeps it to itself."""

    def begin(self, expected: int) -> None:
        """It is begun, with so many projects."""

    def advance(self, number: int) -> None:
        """So many more projects are done."""

    def end(self) -> None:
        """It is over, or was left."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Summary:
    """What a run did, or would do.

    :param as_of: the watermark of what it issued.
    :param issued: how many statements.
    :param skipped: how many had been issued before.
    :param adjusted: how many of those issued have adjustments.
    :param unpriced: of how many a part of the usage is not charged.
    :param totals: of those issued, by currency.
    :param missing: by earlier month, how many projects used something in it
        and have no statement of it: nothing else charges them for it.
    """

    as_of: int
    issued: int = 0
    skipped: int = 0
    adjusted: int = 0
    unpriced: int = 0
    totals: dict[str, fractions.Fraction] = dataclasses.field(
        default_factory=dict
    )
    missing: Mapping[usage.Period, int] = dataclasses.field(
        default_factory=dict
    )

    def add(self, statement: statements.Statement) -> None:
        """Count one that is issued."""
        self.issued += 1
        self.adjusted += bool(statement.adjustments)
        self.unpriced += bool(statement.unpriced)
        for total in statement.totals:
            self.totals[total.currency] = self.totals.get(
                total.currency, 0
            ) + fractions.Fraction(total.amount)


class Runs:
    """Issues the statements of all projects.

    :param issuer: issues each, and decides whether it may be.
    """

    def __init__(self, issuer: issuing.Issuer) -> None:
        self._storage = issuer.storage
        self._found = issuer.found
        self._issuer = issuer
        self._drafts = issuer.drafts

    def issue(
        self,
        month: usage.Period,
        by: str,
        as_of: int | None = None,
        project_ids: Collection[str] = (),
        allow_unpriced: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        patience: float = 45.0,
    ) -> Summary:
        """Issue the statements of all projects that have none of a month.

        It can be stopped at any time and be repeated: each statement is
        issued once.

        :param by: who issues them.
        :param as_of: see
            :meth:`stratometrics.rating.issuing.Issuer.watermark`.
        :param project_ids: only of these; by default of all that used
            something in the month, or of which something is to be adjusted.
        :param allow_unpriced: whether usage may remain uncharged because no
            price is for it.
        :param dry_run: whether to issue nothing, and only say what would be.
        :param progress: is told how far it is.
        :param patience: seconds to wait for others that issue.
        :raises NoPrice: no price is for some of the usage of the month, and
            this is not allowed; then nothing is issued.
        :raises StatementError: see
            :meth:`stratometrics.rating.issuing.Issuer.issue`.
        """
        as_of = self._issuer.watermark(month, as_of)
        run = _Run(month, by, as_of, progress or Progress())
        if dry_run:
            return self._run(run, project_ids, allow_unpriced, dry_run)
        with self._issuer.alone(patience):
            return self._run(run, project_ids, allow_unpriced, dry_run)

    def _run(
        self,
        run: '_Run',
        project_ids: Collection[str],
        allow_unpriced: bool,
        dry_run: bool,
    ) -> Summary:
        receipts: dict[str, list[statements.Receipt]] = {
            project_id: [] for project_id in project_ids
        }
        for receipt in self._storage.receipts(project_ids or None):
            receipts.setdefault(receipt.project_id, []).append(receipt)
        for some in receipts.values():
            self._issuer.require_calendar(some)
        suspects = self._drafts.suspects(
            receipts, run.month, run.as_of, all_projects=not project_ids
        )
        issued = {
            project_id
            for project_id, some in receipts.items()
            if any(
                receipt.number == self._issuer.number(run.month, project_id)
                for receipt in some
            )
        }
        due = sorted(
            {*(project_ids or self._users(run) | suspects.keys())} - issued
        )
        corrected = self._drafts.corrected(
            {
                project_id: suspects[project_id]
                for project_id in due
                if project_id in suspects
            },
            receipts,
            run.as_of,
        )
        if not allow_unpriced:
            self._require_prices(run, project_ids, corrected)
        summary = Summary(
            as_of=run.as_of,
            skipped=len(issued),
            missing=self._missing(run, receipts, project_ids),
        )
        run.progress.begin(len(due))
        try:
            for first in range(0, len(due), _TOGETHER):
                some = due[first : first + _TOGETHER]
                made = [
                    statement
                    for statement in self._drafts.several(
                        some,
                        run.month,
                        run.as_of,
                        corrected,
                        daily=not dry_run,
                    )
                    if not drafts.is_empty(statement)
                ]
                if not dry_run:
                    made = self._issuer.keep(made, receipts, run.by)
                for statement in made:
                    summary.add(statement)
                run.progress.advance(len(some))
        finally:
            run.progress.end()
        return summary

    def _require_prices(
        self,
        run: '_Run',
        project_ids: Collection[str],
        corrected: Mapping[str, corrections.Correction],
    ) -> None:
        """See that there is a price for all usage, by a few questions."""
        found = survey.survey(
            self._storage,
            self._drafts.price_book(run.as_of),
            self._found,
            run.month,
            run.as_of,
            project_ids,
        ).unpriced
        unpriced = _summed(
            (
                *found,
                *(
                    each
                    for correction in corrected.values()
                    for each in correction.unpriced
                ),
            )
        )
        if unpriced:
            raise issuing.NoPrice(unpriced)

    def _users(self, run: '_Run') -> set[str]:
        """All projects that used something in the month."""
        rows = self._used(run.month, run, limited=False)
        found = {row.group[0] for row in rows}
        if _NOBODY in found:
            LOG.warning(
                'A part of the usage of %s belongs to no project: it is '
                'charged to nobody',
                self._issuer.written(run.month),
            )
        return found - {_NOBODY}

    def _missing(
        self,
        run: '_Run',
        receipts: Mapping[str, Sequence[statements.Receipt]],
        project_ids: Collection[str],
    ) -> Mapping[usage.Period, int]:
        """Statements that lack, since the first one that was issued."""
        issued = {
            (receipt.period, project_id)
            for project_id, some in receipts.items()
            for receipt in some
        }
        first = min((month.begin for month, _ in issued), default=None)
        if first is None:
            return {}
        purged = self._storage.overview().purged
        if purged is not None and first < purged:
            # What was used before that can be found out no more.
            month = months.holding(purged, self._issuer.zone)
            first = month.begin if month.begin >= purged else month.end
        if first >= run.month.begin:
            return {}
        earlier = usage.Period(first, run.month.begin)
        rows = self._used(
            earlier,
            run,
            project_ids=tuple(project_ids) or None,
            boundaries=tuple(
                calendars.boundaries(earlier, _MONTH, self._issuer.zone)
            ),
        )
        try:
            used = {
                (month, row.group[0])
                for row in rows
                for month in row.buckets
                if row.group[0] != _NOBODY
            }
        except errors.QueryTooExpensive as error:
            # This month can be issued all the same.
            LOG.warning(
                'It was not found out which earlier months lack a statement: '
                '%s',
                error,
            )
            return {}
        return Counter(month for month, _ in used - issued)

    def _used(
        self,
        period: usage.Period,
        run: '_Run',
        limited: bool = True,
        **scope: Any,
    ) -> Iterator[usage.UsageRow]:
        """What projects used in a period.

        :param limited: whether there may be too many of them.
        """
        for kind in usage.Kind:
            names = tuple(
                name
                for name, resource_type in self._found.resource_types.items()
                if resource_type.kind is kind
            )
            if names:
                yield from self._storage.stream_usage(
                    usage.UsageQuery(
                        period=period,
                        now=run.as_of,
                        as_of=run.as_of,
                        resource_types=names,
                        group_by=('project_id',),
                        kind=kind,
                        **scope,
                    ),
                    limited=limited,
                )


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """One run over many projects."""

    month: usage.Period
    by: str
    as_of: int
    progress: Progress


def _summed(
    unpriced: Iterable[statements.Unpriced],
) -> tuple[statements.Unpriced, ...]:
    """What no price is for, whoever used it."""
    sums: dict[tuple, statements.Unpriced] = {}
    for each in unpriced:
        key = each.period, each.resource_type, each.type, each.state
        known = sums.get(key)
        sums[key] = dataclasses.replace(
            each, usage=each.usage + (known.usage if known else 0)
        )
    return tuple(sums.values())
