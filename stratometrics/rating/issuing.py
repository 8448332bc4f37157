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
"""A statement is issued, once for each project and month."""

from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import contextlib
import dataclasses
import operator
import zoneinfo

from oslo_log import log as logging

from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import corrections
from stratometrics.rating import drafts
from stratometrics.rating.rendering import canonical
from stratometrics.storage import base
from stratometrics.storage import turns

LOG = logging.getLogger(__name__)

#: The name of the right to issue.
_LEASE = 'statements'


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
    :ivar drafts: what statements say before they are issued.
    :param now: tells the present, in microseconds since the epoch.
    """

    def __init__(
        self,
        storage: base.Storage,
        found: definitions.Definitions,
        terms: Terms,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        self.storage = storage
        self.found = found
        self._terms = terms
        self._now = now
        biller = billing.Biller(
            storage,
            found.resource_types,
            terms.zone,
            terms.rounding,
            terms.most,
        )
        self.drafts = drafts.Drafts(
            biller,
            corrections.Corrections(storage, biller, found.resource_types),
            terms.rounding,
        )

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Whose calendar says when a month begins."""
        return self._terms.zone

    def number(self, month: usage.Period, project_id: str) -> str:
        """What the statement of a month is called."""
        return statements.number(self.written(month), project_id)

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
                f'{self.written(month)} cannot be issued before {when}'
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
            self.storage.receipts((project_id,)),
        )
        return self.drafts.one(
            project_id, month, as_of, receipts, detailed, daily
        )

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
        found = self.storage.issued(number)
        if found:
            return found, False
        as_of = self.watermark(month, as_of)
        with self.alone(patience):
            found = self.storage.issued(number)
            if found:
                return found, False
            receipts = self.storage.receipts((project_id,))
            self.require_calendar(receipts)
            statement = self.drafts.one(project_id, month, as_of, receipts)
            if drafts.is_empty(statement):
                raise NothingUsed(
                    f'the project {project_id} used nothing in '
                    f'{self.written(month)}, and nothing is to be adjusted'
                )
            if statement.unpriced and not allow_unpriced:
                raise NoPrice(statement.unpriced)
            kept = self.keep([statement], {project_id: receipts}, by)
        found = self.storage.issued(number)
        if found is None:
            raise Busy('somebody else is issuing statements; try again later')
        return found, bool(kept)

    def require_calendar(self, receipts: Iterable[statements.Receipt]) -> None:
        """See that months neither overlap nor leave a gap.

        :param receipts: what was issued to a project.
        :raises OtherCalendar: they would.
        """
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

    def keep(
        self,
        made: Sequence[statements.Statement],
        receipts: Mapping[str, Sequence[statements.Receipt]],
        by: str,
    ) -> list[statements.Statement]:
        """Issue statements, each for ever; only while :meth:`alone`.

        :param made: of one month, and of projects that have none of it.
        :param receipts: what was issued to each project before.
        :param by: who issues them.
        :returns: those that were issued.
        """
        if not made:
            return []
        month = self.written(made[0].period)
        # Only if the right to issue was lost there is any. A statement of
        # another month may have adjusted the same.
        theirs = {
            receipt.project_id
            for receipt in self.storage.receipts(
                [statement.project_id for statement in made]
            )
            if receipt not in receipts.get(receipt.project_id, ())
        }
        now = self._now()
        kept = [each for each in made if each.project_id not in theirs]
        self.storage.record_statements(
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
        issued = self.storage.issued(number)
        if issued is None:
            raise UnknownStatement(f'there is no statement {number}')
        if canonical.digest(issued.content) != issued.sha256:
            return ['its text has another SHA-256 than when it was issued']
        receipts = _before(number, self.storage.receipts((issued.project_id,)))
        again = self.drafts.one(
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

    def written(self, month: usage.Period) -> str:
        """The name of a month, as in ``2026-10``."""
        return months.written(month, self._terms.zone)

    @contextlib.contextmanager
    def alone(self, patience: float) -> Iterator[None]:
        """Until the end nobody else issues statements.

        :param patience: seconds to wait for others.
        :raises Busy: they take longer.
        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(
                    turns.alone(self.storage, _LEASE, patience)
                )
            except turns.Taken:
                raise Busy(
                    'somebody else is issuing statements; try again later'
                ) from None
            yield


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
