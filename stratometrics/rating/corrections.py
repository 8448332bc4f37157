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
from collections.abc import Collection, Iterable, Mapping, Sequence
import dataclasses
import operator

from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import adjustments
from stratometrics.rating import billing
from stratometrics.rating import book
from stratometrics.storage import base

#: Up to when each month is settled; microseconds since the epoch.
Marks = Mapping[usage.Period, int]


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
        since = min(min(some.values()) for some in marks.values())
        books = _Books(self._biller, as_of)
        touched = self._touched(
            since,
            as_of,
            before,
            None if all_projects else tuple(marks),
            books.now,
        )
        found = {
            project_id: {
                month: mark
                for month, mark in some.items()
                if touched.get(project_id, month.end) < month.end
                or books.differ(project_id, month, mark)
            }
            for project_id, some in marks.items()
        }
        return {project_id: some for project_id, some in found.items() if some}

    def lines(
        self,
        suspects: Mapping[str, Marks],
        as_of: int,
        detailed: bool = False,
    ) -> dict[str, tuple[statements.Line, ...]]:
        """What is to be charged more, or less, by project.

        :param suspects: as :meth:`suspects` gives them.
        :param detailed: whether there are lines for each resource.
        """
        together: dict[tuple[usage.Period, int], list[str]] = defaultdict(list)
        for project_id, some in suspects.items():
            for month, mark in some.items():
                together[month, mark].append(project_id)
        found: dict[str, tuple[statements.Line, ...]] = defaultdict(tuple)
        for (month, mark), project_ids in sorted(
            together.items(), key=lambda each: each[0][0].begin
        ):
            now, then = (
                self._biller.statements(month, at, project_ids, detailed)
                for at in (as_of, mark)
            )
            for present, former in zip(now, then, strict=True):
                found[present.project_id] += adjustments.difference(
                    present.lines, former.lines
                )
        return dict(found)

    def _touched(
        self,
        since: int,
        until: int,
        before: int,
        project_ids: Collection[str] | None,
        listed: book.PriceBook,
    ) -> dict[str, int]:
        """Since when a project's usage may be another one than was known."""
        found = self._storage.late(since, until, before, project_ids)
        for some in self._renamed(since, until, before, listed):
            for project_id, earliest in some.items():
                found[project_id] = min(
                    earliest, found.get(project_id, earliest)
                )
        return found

    def _renamed(
        self, since: int, until: int, before: int, listed: book.PriceBook
    ) -> Iterable[Mapping[str, int]]:
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
                ids = self._storage.renamed(kind, since, until)
                if ids:
                    yield self._storage.users(resource_type, key, ids, before)
        if any(price.domain_id for price in listed.prices):
            ids = self._storage.renamed(names.PROJECT, since, until)
            yield dict.fromkeys(ids, 0)


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
            for price in some
            if price not in others
        }


def _valid(
    listed: book.PriceBook, month: usage.Period
) -> Sequence[prices.Price]:
    """The prices of a month, as far as they matter for its amounts."""
    return [
        dataclasses.replace(
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
        if price.valid_from < month.end
        and (price.valid_to is None or price.valid_to > month.begin)
    ]
