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
"""Which stored intervals may be used, and for which part of a period.

Of a month that is closed its intervals are stored, as a *generation*: a copy
of what follows from the events, and never the truth. What arrives later makes
a generation late, and from then on it counts only as of earlier times.
"""

from collections.abc import Iterable, Sequence
import dataclasses

from stratometrics.model import usage


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The stored intervals of a month, as they once were derived.

    All times are microseconds since the epoch.

    :param month: its first microsecond.
    :param end: the first microsecond of the next one.
    :param run: when the derivation was announced, which names it.
    :param known_at: when the last event was received that it may know, or
        the openings were derived that it is made from, if that is later;
        None while it is not whole.
    :param late_at: when the first event was received that it lacks, if any.
    :param size: how many intervals it has; -1 if that is not known.
    :param dropped_at: from when on nobody begins to read it; None while it
        is kept.
    """

    month: int
    end: int
    run: int
    known_at: int | None = None
    size: int = -1
    late_at: int | None = None
    dropped_at: int | None = None

    def answers(self, as_of: int | None) -> bool:
        """Whether it is what follows from the events received up to a time.

        :param as_of: the time; None for all events there are.
        """
        if self.known_at is None or self.dropped_at is not None:
            return False
        if as_of is None:
            return self.late_at is None
        return self.known_at <= as_of and (
            self.late_at is None or as_of < self.late_at
        )

    def lacks(self, received_at: int) -> bool:
        """Whether it is known to lack what was received at a time."""
        return self.dropped_at is not None or (
            self.late_at is not None and self.late_at <= received_at
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Division:
    """A period, divided by where its intervals come from.

    :param stored: the generations that have a part of it.
    :param rest: what has to be made of events.
    """

    stored: Sequence[Generation]
    rest: Sequence[usage.Period]


def divide(
    period: usage.Period,
    generations: Iterable[Generation],
    as_of: int | None,
) -> Division:
    """Take stored intervals wherever they may be used.

    :param as_of: see :meth:`Generation.answers`.
    """
    newest: dict[int, Generation] = {}
    for each in generations:
        if (
            each.month < period.end
            and each.end > period.begin
            and each.answers(as_of)
            and (each.month not in newest or newest[each.month].run < each.run)
        ):
            newest[each.month] = each
    stored = [newest[month] for month in sorted(newest)]
    rest = []
    begin = period.begin
    for each in stored:
        if begin < each.month:
            rest.append(usage.Period(begin, each.month))
        begin = each.end
    if begin < period.end:
        rest.append(usage.Period(begin, period.end))
    return Division(stored, rest)
