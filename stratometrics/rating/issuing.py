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
"""Statements are issued, once for each project and month."""

from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import contextlib
import dataclasses
import fractions
import operator
from typing import Any
import zoneinfo

from oslo_log import log as logging

from stratometrics.model import calendars
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import charges
from stratometrics.rating import corrections
from stratometrics.rating import survey
from stratometrics.rating.rendering import canonical
from stratometrics.storage import base
from stratometrics.storage import errors as storage_errors
from stratometrics.storage import turns

LOG = logging.getLogger(__name__)

#: The name of the right to issue.
_LEASE = 'statements'
#: How many statements are made at a time, and kept with one insert.
_TOGETHER = 200

_MONTH = calendars.GRANULARITIES['1mo']
#: Whose usage it is that belongs to no project, and is charged to nobody.
_NOBODY = ''


class StatementError(Exception):
    """A statement cannot be issued; str() says why."""


class NotOver(StatementError):
    """The month is not over, or not yet for long enough."""


class WrongWatermark(StatementError):
    """The time as of which it was to be cannot be that of a statement."""


class OtherCalendar(StatementError):
    """Months were issued that are none by the time zone of now."""


class NothingUsed(StatementError):
    """There is nothing to state."""


class UnknownStatement(StatementError):
    """There is no such statement."""


class Busy(StatementError):
    """Somebody else is issuing statements. Trying again helps."""


class NoPrice(StatementError):
    """No price is for some of the usage.

    :param unpriced: what it is.
    """

    def __init__(self, unpriced: Sequence[statements.Unpriced]) -> None:
        super().__init__(
            'no price is for a part of the usage: add prices, which may be '
            '0, or allow that it is not charged'
        )
        self.unpriced = unpriced


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Terms:
    """What the operator decided about statements.

    :param zone: whose calendar says when a month begins.
    :param rounding: one of :data:`stratometrics.rating.money.ROUNDINGS`.
    :param settling_time: microseconds after which everything that was
        received can be seen.
    :param most: how many parts the usage of a project may have; see
        :class:`stratometrics.rating.billing.Biller`.
    """

    zone: zoneinfo.ZoneInfo
    rounding: str
    settling_time: int
    most: int | None = None


class Issuer:
    """Shows what a project would be charged, and issues it.

    :param found: all resource types.
    :param now: tells the present, in microseconds since the epoch.
    """

    def __init__(
        self,
        storage: base.Storage,
        found: definitions.Definitions,
        terms: Terms,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        self._storage = storage
        self._found = found
        self._terms = terms
        self._now = now
        self._biller = billing.Biller(
            storage,
            found.resource_types,
            terms.zone,
            terms.rounding,
            terms.most,
        )
        self._corrections = corrections.Corrections(
            storage, self._biller, found.resource_types
        )

    def number(self, month: usage.Period, project_id: str) -> str:
        """What the statement of a month is called."""
        return statements.number(self._written(month), project_id)

    def settled(self) -> int:
        """The latest time as of which an answer is final (R15)."""
        return self._now() - self._terms.settling_time

    def watermark(self, month: usage.Period, as_of: int | None) -> int:
        """As of when a statement that is issued now is.

        :param as_of: the time that was asked for, or None for the latest
            that is possible; microseconds since the epoch.
        :raises NotOver: the month cannot be issued yet; says when.
        :raises WrongWatermark: the time that was asked for is too early or
            too late.
        """
        latest = self.settled()
        if latest < month.end:
            when = timestamps.isoformat(month.end + self._terms.settling_time)
            raise NotOver(
                f'{self._written(month)} cannot be issued before {when}'
            )
        if as_of is None:
            return latest
        if not month.end <= as_of <= latest:
            raise WrongWatermark(
                'as_of must be neither before the end of the month, '
                f'{timestamps.isoformat(month.end)}, nor after '
                f'{timestamps.isoformat(latest)}'
            )
        return as_of

    def preview(
        self,
        project_id: str,
        month: usage.Period,
        as_of: int,
        detailed: bool = False,
        daily: bool = False,
    ) -> statements.Statement:
        """What a statement would say.

        Of a month whose statement was issued it is what that one would have
        said: what later ones adjusted is still open.

        :param as_of: the watermark; it need not be after the month.
        :param detailed: whether there are lines for each resource.
        :param daily: whether costs by day are told, for a chart.
        :raises NothingYet: the month had not begun.
        """
        receipts = _before(
            self.number(month, project_id),
            self._storage.receipts((project_id,)),
        )
        return self._one(project_id, month, as_of, receipts, detailed, daily)

    def issue(
        self,
        project_id: str,
        month: usage.Period,
        by: str,
        as_of: int | None = None,
        allow_unpriced: bool = False,
        patience: float = 10.0,
    ) -> tuple[statements.Issued, bool]:
        """Issue the statement of a project and month, if none was.

        :param by: who does.
        :param as_of: see :meth:`watermark`.
        :param allow_unpriced: whether usage may remain uncharged because no
            price is for it.
        :param patience: seconds to wait for others that issue.
        :returns: the statement that counts, and whether it is new.
        :raises StatementError: one of its sub-classes.
        """
        number = self.number(month, project_id)
        found = self._storage.issued(number)
        if found:
            return found, False
        as_of = self.watermark(month, as_of)
        with self._alone(patience):
            found = self._storage.issued(number)
            if found:
                return found, False
            receipts = self._storage.receipts((project_id,))
            self._require_calendar(receipts)
            statement = self._one(project_id, month, as_of, receipts)
            if _empty(statement):
                raise NothingUsed(
                    f'the project {project_id} used nothing in '
                    f'{self._written(month)}, and nothing is to be adjusted'
                )
            if statement.unpriced and not allow_unpriced:
                raise NoPrice(statement.unpriced)
            kept = self._keep([statement], {project_id: receipts}, by)
        found = self._storage.issued(number)
        if found is None:
            raise Busy('somebody else is issuing statements; try again later')
        return found, bool(kept)

    def issue_all(
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

        :param project_ids: only of these; by default of all that used
            something in the month, or of which something is to be adjusted.
        :param dry_run: whether to issue nothing, and only say what would be.
        :raises NoPrice: no price is for some of the usage of the month, and
            this is not allowed; then nothing is issued.
        :raises StatementError: see :meth:`issue`.
        """
        as_of = self.watermark(month, as_of)
        run = _Run(month, by, as_of, progress or Progress())
        if dry_run:
            return self._run(run, project_ids, allow_unpriced, dry_run)
        with self._alone(patience):
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
            self._require_calendar(some)
        suspects = self._suspects(
            receipts, run.month, run.as_of, all_projects=not project_ids
        )
        issued = {
            project_id
            for project_id, some in receipts.items()
            if any(self._is_of(receipt, run.month) for receipt in some)
        }
        due = sorted(
            {*(project_ids or self._users(run) | suspects.keys())} - issued
        )
        corrected = self._corrections.find(
            {
                project_id: suspects[project_id]
                for project_id in due
                if project_id in suspects
            },
            _watermarks(receipts),
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
                    for statement in self._statements(
                        some,
                        run.month,
                        run.as_of,
                        corrected,
                        daily=not dry_run,
                    )
                    if not _empty(statement)
                ]
                if not dry_run:
                    made = self._keep(made, receipts, run.by)
                for statement in made:
                    summary.add(statement)
                run.progress.advance(len(some))
        finally:
            run.progress.end()
        return summary

    def _require_calendar(
        self, receipts: Iterable[statements.Receipt]
    ) -> None:
        """See that months neither overlap nor leave a gap."""
        for receipt in receipts:
            period = receipt.period
            middle = (period.begin + period.end) // 2
            if months.holding(middle, self._terms.zone) != period:
                raise OtherCalendar(
                    f'the statement {receipt.number} is of a month of another '
                    f'calendar than that of {self._terms.zone.key}, so that '
                    'time would be charged twice or never: set the time zone '
                    'that it was issued with'
                )

    def _is_of(self, receipt: statements.Receipt, month: usage.Period) -> bool:
        return receipt.number == self.number(month, receipt.project_id)

    def _require_prices(
        self,
        run: '_Run',
        project_ids: Collection[str],
        corrected: Mapping[str, corrections.Correction],
    ) -> None:
        """See that there is a price for all usage, by a few questions."""
        found = survey.survey(
            self._storage,
            self._biller.price_book(run.as_of),
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
            raise NoPrice(unpriced)

    def _users(self, run: '_Run') -> set[str]:
        """All projects that used something in the month."""
        rows = self._used(run.month, run, limited=False)
        found = {row.group[0] for row in rows}
        if _NOBODY in found:
            LOG.warning(
                'A part of the usage of %s belongs to no project: it is '
                'charged to nobody',
                self._written(run.month),
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
            month = months.holding(purged, self._terms.zone)
            first = month.begin if month.begin >= purged else month.end
        if first >= run.month.begin:
            return {}
        earlier = usage.Period(first, run.month.begin)
        rows = self._used(
            earlier,
            run,
            project_ids=tuple(project_ids) or None,
            boundaries=tuple(
                calendars.boundaries(earlier, _MONTH, self._terms.zone)
            ),
        )
        try:
            used = {
                (month, row.group[0])
                for row in rows
                for month in row.buckets
                if row.group[0] != _NOBODY
            }
        except storage_errors.QueryTooExpensive as error:
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

    def _one(
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

        :param receipts: what was issued to it before.
        :param strict: whether it matters that an earlier month was purged.
        """
        issued = {project_id: receipts}
        corrected = self._corrections.find(
            self._suspects(issued, month, as_of),
            _watermarks(issued),
            as_of,
            detailed,
            strict,
        )
        [found] = self._statements(
            (project_id,), month, as_of, corrected, detailed, daily
        )
        return found

    def _statements(
        self,
        project_ids: Sequence[str],
        month: usage.Period,
        as_of: int,
        corrected: Mapping[str, corrections.Correction],
        detailed: bool = False,
        daily: bool = True,
    ) -> list[statements.Statement]:
        """Statements with what is to be adjusted."""
        return [
            self._adjusted(each, corrected.get(each.project_id))
            for each in self._biller.statements(
                month, as_of, project_ids, detailed, daily
            )
        ]

    def _suspects(
        self,
        receipts: Mapping[str, Sequence[statements.Receipt]],
        month: usage.Period,
        as_of: int,
        all_projects: bool = False,
    ) -> dict[str, dict[usage.Period, int]]:
        """Earlier months that may have changed since they were settled."""
        marks = {
            project_id: corrections.settled(some, month.begin)
            for project_id, some in receipts.items()
        }
        return self._corrections.suspects(
            marks, as_of, month.begin, all_projects
        )

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
                (*statement.lines, *correction.lines), self._terms.rounding
            ),
        )

    def _keep(
        self,
        made: Sequence[statements.Statement],
        receipts: Mapping[str, Sequence[statements.Receipt]],
        by: str,
    ) -> list[statements.Statement]:
        """Issue statements, each for ever.

        :param receipts: what was issued to each project before.
        :returns: those that were issued.
        """
        if not made:
            return []
        month = self._written(made[0].period)
        # Only if the right to issue was lost there is any. A statement of
        # another month may have adjusted the same.
        theirs = {
            receipt.project_id
            for receipt in self._storage.receipts(
                [statement.project_id for statement in made]
            )
            if receipt not in receipts.get(receipt.project_id, ())
        }
        now = self._now()
        kept = [each for each in made if each.project_id not in theirs]
        self._storage.record_statements(
            [
                _sealed(
                    statement,
                    statements.number(month, statement.project_id),
                    receipts.get(statement.project_id, ()),
                    by,
                    now,
                )
                for statement in kept
            ]
        )
        LOG.info('Issued %d statements of %s', len(kept), month)
        if theirs:
            LOG.warning(
                'Somebody else issued statements of %d projects meanwhile',
                len(theirs),
            )
        return kept

    def verify(self, number: str) -> list[str]:
        """What is wrong with an issued statement; nothing, one hopes.

        It is compared with its digest, and with what follows from events and
        prices as of its watermark.

        :raises UnknownStatement: there is none with this number.
        :raises Purged: the events that it followed from are gone.
        """
        issued = self._storage.issued(number)
        if issued is None:
            raise UnknownStatement(f'there is no statement {number}')
        if canonical.digest(issued.content) != issued.sha256:
            return ['its text has another SHA-256 than when it was issued']
        receipts = _before(
            number, self._storage.receipts((issued.project_id,))
        )
        again = self._one(
            issued.project_id,
            issued.period,
            issued.as_of,
            receipts,
            strict=True,
        )
        if canonical.text(again) != issued.content:
            return [
                'events and prices as of its watermark come to something else'
            ]
        return []

    def _written(self, month: usage.Period) -> str:
        return months.written(month, self._terms.zone)

    @contextlib.contextmanager
    def _alone(self, patience: float) -> Iterator[None]:
        """Until the end nobody else issues statements."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(
                    turns.alone(self._storage, _LEASE, patience)
                )
            except turns.Taken:
                raise Busy(
                    'somebody else is issuing statements; try again later'
                ) from None
            yield


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """One run over many projects."""

    month: usage.Period
    by: str
    as_of: int
    progress: Progress


def _sealed(
    statement: statements.Statement,
    number: str,
    receipts: Iterable[statements.Receipt],
    by: str,
    now: int,
) -> statements.Issued:
    """A statement as it is issued.

    :param receipts: what was issued to the project before.
    """
    content = canonical.text(statement)
    # The clocks of two servers may differ; the order must not.
    last = max((receipt.issued_at for receipt in receipts), default=0)
    return statements.Issued(
        number=number,
        project_id=statement.project_id,
        period=statement.period,
        as_of=statement.as_of,
        issued_at=max(now, last + 1),
        issued_by=by,
        sha256=canonical.digest(content),
        content=content,
    )


def _before(
    number: str, receipts: Iterable[statements.Receipt]
) -> list[statements.Receipt]:
    """What was issued before a statement; all, if that one was not."""
    found = []
    for receipt in sorted(receipts, key=operator.attrgetter('issued_at')):
        if receipt.number == number:
            break
        found.append(receipt)
    return found


def _watermarks(
    receipts: Mapping[str, Sequence[statements.Receipt]],
) -> dict[str, corrections.Marks]:
    """As of when the months of each project were issued."""
    return {
        project_id: corrections.watermarks(some)
        for project_id, some in receipts.items()
    }


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


def _empty(statement: statements.Statement) -> bool:
    return not (statement.lines or statement.adjustments or statement.unpriced)
