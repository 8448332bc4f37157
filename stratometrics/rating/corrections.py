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
"""What statements of earlier months lack by now.

A statement never changes. What arrives after its watermark is charged by a
later one: what the month comes to now, less what it came to when it was last
settled. Nothing is charged twice, and nothing is lost, in whatever order
months are issued.
"""

from collections import defaultdict
from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import dataclasses
import math
import operator

from oslo_log import log as logging

from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import adjustments
from stratometrics.rating import billing
from stratometrics.rating import book
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Up to when each month is settled; microseconds since the epoch.
Marks = Mapping[usage.Period, int]

#: So many projects are compared at once.
_BATCH = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the earlier months of a project lack.

    :param lines: what is to be charged more, or less.
    :param unpriced: usage that no price is for, and that was not reported.
    """

    lines: tuple[statements.Line, ...] = ()
    unpriced: tuple[statements.Unpriced, ...] = ()


def settled(receipts: Iterable[statements.Receipt], before: int) -> Marks:
    """Up to when the earlier months of a project are settled.

    A month is settled up to the watermark of its own statement, and by each
    statement of a later month that was issued after it, up to that one's.

    :param receipts: what was issued to the project.
    :param before: only months that begin earlier than this; microseconds
        since the epoch.
    """
    marks: dict[usage.Period, int] = {}
    for receipt in sorted(receipts, key=operator.attrgetter('issued_at')):
        for month, mark in marks.items():
            if month.begin < receipt.period.begin:
                marks[month] = max(mark, receipt.as_of)
        marks[receipt.period] = receipt.as_of
    return {
        month: mark for month, mark in marks.items() if month.begin < before
    }


def watermarks(receipts: Iterable[statements.Receipt]) -> Marks:
    """As of when each month of a project was issued itself."""
    return {receipt.period: receipt.as_of for receipt in receipts}


class Corrections:
    """Finds what earlier months lack, and computes no more than it must.

    :param resource_types: all that there are, by name.
    """

    def __init__(
        self,
        storage: base.StatementStore,
        biller: billing.Biller,
        resource_types: Mapping[str, definitions.ResourceType],
    ) -> None:
        self._storage = storage
        self._biller = biller
        self._resource_types = resource_types

    def suspects(
        self,
        marks: Mapping[str, Marks],
        as_of: int,
        before: int,
        all_projects: bool = False,
    ) -> dict[str, dict[usage.Period, int]]:
        """The months that may have changed after they were settled.

        It is found out by a few questions, whatever the number of projects.

        :param marks: up to when each project's earlier months are settled.
        :param as_of: what is known by then counts.
        :param before: where the month begins that corrections are for.
        :param all_projects: whether to ask about all projects at once,
            rather than to name those in question.
        """
        marks = {
            project_id: {
                month: mark for month, mark in some.items() if mark < as_of
            }
            for project_id, some in marks.items()
        }
        marks = {name: some for name, some in marks.items() if some}
        if not marks:
            return {}
        books = _Books(self._biller, as_of)
        touched = self._touched(
            sorted(
                {mark for some in marks.values() for mark in some.values()}
            ),
            as_of,
            before,
            None if all_projects else tuple(marks),
            books.now,
        )
        found = {
            project_id: {
                month: mark
                for month, mark in some.items()
                if _earliest(touched.get(project_id, {}), mark) < month.end
                or books.differ(project_id, month, mark)
            }
            for project_id, some in marks.items()
        }
        return {project_id: some for project_id, some in found.items() if some}

    def find(
        self,
        suspects: Mapping[str, Marks],
        issued: Mapping[str, Marks],
        as_of: int,
        detailed: bool = False,
        strict: bool = False,
    ) -> dict[str, Correction]:
        """What is to be corrected, by project.

        A month keeps the names that its statement was made with: a new name
        is no new price for what was charged. One whose events were purged
        stays as it was settled, for nobody knows any more what it came to.

        :param suspects: as :meth:`suspects` gives them.
        :param issued: see :func:`watermarks`.
        :param detailed: whether there are lines for each resource.
        :param strict: whether it matters that a month was purged.
        :raises Purged: one was, and it matters.
        """
        together: dict[tuple[usage.Period, int, int], list[str]] = defaultdict(
            list
        )
        for project_id, some in suspects.items():
            for month, mark in some.items():
                named_at = issued[project_id][month]
                together[month, mark, named_at].append(project_id)
        found: dict[str, Correction] = {}
        for (month, mark, named_at), project_ids in sorted(
            together.items(), key=lambda each: each[0][0].begin
        ):
            try:
                compared = list(
                    self._compared(
                        month, mark, named_at, as_of, project_ids, detailed
                    )
                )
            except errors.Purged as error:
                if strict:
                    raise
                LOG.warning(
                    'The month that began at %s stays as it was settled for '
                    '%d projects, of which something was heard since: %s',
                    timestamps.isoformat(month.begin),
                    len(project_ids),
                    error,
                )
                continue
            for project_id, lacking in compared:
                known = found.get(project_id, Correction())
                found[project_id] = Correction(
                    lines=known.lines + lacking.lines,
                    unpriced=known.unpriced + lacking.unpriced,
                )
        return {
            project_id: correction
            for project_id, correction in found.items()
            if correction != Correction()
        }

    def _compared(
        self,
        month: usage.Period,
        mark: int,
        named_at: int,
        as_of: int,
        project_ids: Sequence[str],
        detailed: bool,
    ) -> Iterator[tuple[str, Correction]]:
        """What a month lacks of each project."""
        for first in range(0, len(project_ids), _BATCH):
            some = project_ids[first : first + _BATCH]
            # One after the other: each holds a connection while it is read.
            now, then = (
                list(
                    self._biller.statements(
                        month, at, some, detailed, named_at=named_at
                    )
                )
                for at in (as_of, mark)
            )
            for present, former in zip(now, then, strict=True):
                yield (
                    present.project_id,
                    Correction(
                        lines=adjustments.difference(
                            present.lines, former.lines
                        ),
                        unpriced=adjustments.unpriced(
                            month, present.unpriced, former.unpriced
                        ),
                    ),
                )

    def _touched(
        self,
        marks: Sequence[int],
        until: int,
        before: int,
        project_ids: Collection[str] | None,
        listed: book.PriceBook,
    ) -> dict[str, dict[int, int]]:
        """Since when a project's usage may be another one than was known.

        :returns: the earliest time, by the last of the marks after which this
            was heard of, by project.
        """
        found = self._storage.late(marks, until, before, project_ids)
        for mark, some in self._renamed(marks, until, before, listed):
            for project_id, earliest in some.items():
                known = found.setdefault(project_id, {})
                known[mark] = min(earliest, known.get(mark, earliest))
        return found

    def _renamed(
        self,
        marks: Sequence[int],
        until: int,
        before: int,
        listed: book.PriceBook,
    ) -> Iterator[tuple[int, Mapping[str, int]]]:
        """Whose usage may have got another price with another name."""
        keys = {
            (price.resource_type, key)
            for price in listed.prices
            for key in price.match
        }
        for resource_type, key in sorted(keys):
            known = self._resource_types.get(resource_type)
            kind = known and known.names.get(key)
            if kind:
                for mark, ids in self._learnt(kind, marks, until).items():
                    yield (
                        mark,
                        self._storage.users(resource_type, key, ids, before),
                    )
        if any(price.domain_id for price in listed.prices):
            learnt = self._learnt(names.PROJECT, marks, until)
            for mark, ids in learnt.items():
                yield mark, dict.fromkeys(ids, 0)

    def _learnt(
        self, kind: str, marks: Sequence[int], until: int
    ) -> dict[int, list[str]]:
        """Ids that got a name, by the last of the marks before it."""
        found: dict[int, list[str]] = defaultdict(list)
        for id_, mark in self._storage.renamed(kind, marks, until).items():
            found[mark].append(id_)
        return found


def _earliest(touched: Mapping[int, int], mark: int) -> float:
    """The earliest time of what was heard of after a mark."""
    return min(
        (earliest for at, earliest in touched.items() if at >= mark),
        default=math.inf,
    )


class _Books:
    """Compares the price list with what it was."""

    def __init__(self, biller: billing.Biller, as_of: int) -> None:
        self._biller = biller
        self.now = biller.price_book(as_of)
        self._then: dict[int, book.PriceBook] = {}
        self._changed: dict[tuple[usage.Period, int], set[str]] = {}

    def differ(self, project_id: str, month: usage.Period, mark: int) -> bool:
        """Whether a price for a project in a month was another one."""
        key = month, mark
        if key not in self._changed:
            self._changed[key] = self._owners(month, mark)
        return not self._changed[key].isdisjoint({'', project_id})

    def _owners(self, month: usage.Period, mark: int) -> set[str]:
        """Whom the prices are for that differ; '' stands for all."""
        if mark not in self._then:
            self._then[mark] = self._biller.price_book(mark)
        then = self._then[mark]
        if len(then.entries) == len(self.now.entries):
            return set()
        former, present = _valid(then, month), _valid(self.now, month)
        return {
            price.project_id
            for some, others in ((former, present), (present, former))
            for id_, price in some.items()
            if others.get(id_) != price
        }


def _valid(
    listed: book.PriceBook, month: usage.Period
) -> dict[str, prices.Price]:
    """The prices of a month by id, as far as they matter for its amounts."""
    return {
        price.id: dataclasses.replace(
            price,
            valid_from=max(price.valid_from, month.begin),
            valid_to=(
                month.end
                if price.valid_to is None
                else min(price.valid_to, month.end)
            ),
            equivalents={},
            description='',
        )
        for price in listed.prices
        if price.holds_within(month.begin, month.end)
    }
