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
"""The data set in ClickHouse, and what a service does with it in time."""

from collections.abc import Callable, Iterator, Sequence
import contextlib
from typing import NamedTuple, Self

from benchmark import dataset
from benchmark import report as report_module
from benchmark import servers
from benchmark import timing
from stratometrics.model import timestamps
from stratometrics.model import usage

PART = 'months'

_PARTS = """
SELECT count(), sum(rows), sum(bytes_on_disk), uniqExact(partition)
FROM system.parts
WHERE active AND database = '$database' AND table = 'events'
"""


class Parts(NamedTuple):
    """What ``events`` consists of."""

    count: int
    rows: int
    bytes: int
    partitions: int


class Cloud:
    """The data set. It comes as it was collected: unmerged and unopened.

    What is done with it is done once, when a part first asks for it.

    :param now: microseconds since the epoch; its months count back from it.
    """

    def __init__(
        self,
        report: report_module.Report,
        database: servers.Database,
        plan: dataset.Plan,
        now: int,
    ) -> None:
        self.database = database
        self.plan = plan
        self.now = now
        self._report = report
        self._merged = self._opened = self._closed = False

    @classmethod
    def build(
        cls,
        report: report_module.Report,
        database: servers.Database,
        plan: dataset.Plan,
        now: int,
    ) -> Self:
        """Make the events.

        :param database: has the schema and no events.
        """
        database.pool.execute('SYSTEM STOP MERGES $database.events')
        dataset.build(database.pool, plan, now)
        return cls(report, database, plan, now)

    @property
    def months(self) -> Sequence[int]:
        """The first microseconds of its months."""
        return [
            dataset.month(self.now, back).begin
            for back in range(self.plan.months, 0, -1)
        ]

    def parts(self) -> Parts:
        """Active parts of the events, their rows, bytes and partitions."""
        [found] = self.database.pool.execute(_PARTS)
        return Parts(*found)

    def merge(self) -> None:
        """Merge the parts of each month into one, if there are more."""
        self._merged = True
        self.database.pool.execute('SYSTEM START MERGES $database.events')
        for table in ('events', 'project_timelines'):
            self.database.pool.execute(
                f'OPTIMIZE TABLE $database.{table} FINAL '
                'SETTINGS optimize_skip_merged_partitions = 1'
            )

    def open(self) -> None:
        """Open all months, one after another, as time passes."""
        if self._opened:
            return
        self._opened = True
        before = self.parts().rows
        self._each_month('opened', self.database.storage.open_month)
        self._report.add(
            PART,
            'openings',
            self.parts().rows - before,
            '',
            note=f'beside {before:,} rows of events',
        )

    def close(self) -> None:
        """Close all months."""
        if self._closed:
            return
        self._closed = True
        self._each_month('closed', self._close_month)

    def _close_month(self, month: int) -> None:
        if not self.database.storage.close_month(month):
            raise report_module.Failed('a month cannot be closed')

    def _each_month(self, done: str, step: Callable[[int], None]) -> None:
        merged = 'merged' if self._merged else 'unmerged'
        self._report.heading(f'Months are {done}, one after another, {merged}')
        seconds = timing.Timing(
            [timing.timed(step, month) for month in self.months]
        )
        self._report.add(
            PART,
            f'a month is {done}',
            seconds.median,
            's',
            note=f'{seconds}, {len(self.months)} months',
        )

    def recomputed(self, asked: usage.UsageQuery) -> list[usage.UsageRow]:
        """The answer from all events there ever were, and nothing else."""
        return list(self.database.storage.stream_recomputed(asked))

    @contextlib.contextmanager
    def shortened(self, months: int) -> Iterator[None]:
        """Have no events of earlier months.

        :param months: how many of the last ones are kept.
        """
        partitions = [
            f'{timestamps.to_datetime(month):%Y%m}'
            for month in self.months[:-months]
        ]
        for partition in partitions:
            self._alter('DETACH', partition)
        try:
            yield
        finally:
            for partition in partitions:
                self._alter('ATTACH', partition)

    def _alter(self, action: str, partition: str) -> None:
        self.database.pool.execute(
            f'ALTER TABLE $database.events {action} PARTITION {partition}'
        )
