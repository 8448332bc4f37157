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
"""Old events are dropped; what months begin with is kept."""

from collections.abc import Sequence
import time

from stratometrics.model import months as months_model
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import closing as closing_module
from stratometrics.storage.clickhouse import months as journal_module

_DROP = """
ALTER TABLE $database.events DROP PARTITION {number:UInt32}
"""


class Retention:
    """Drops the events of old months, and what is stored of these.

    :param months: the journal.
    :param closing: has the stored intervals.
    :param pause: seconds after which nobody begins to read any more what a
        question asked before a purge was entered may take.
    """

    def __init__(
        self,
        pool: clickhouse_client.Pool,
        months: journal_module.Months,
        closing: closing_module.Closing,
        pause: float,
    ) -> None:
        self._pool = pool
        self._months = months
        self._closing = closing
        self._pause = pause

    def purgeable(self, month: int) -> Sequence[tuple[int, int]]:
        """See :class:`stratometrics.storage.base.MonthStore`."""
        journal = self._months.journal()
        if month not in {opened for opened, _ in journal.opened}:
            raise ValueError(
                f'{months_model.of(month)} is not opened, and without its '
                'openings what lives would be lost: open it first'
            )
        journal.require(month)
        return self._held(month)

    def purge(self, month: int) -> None:
        """See :class:`stratometrics.storage.base.MonthStore`."""
        self.purgeable(month)
        self._months.enter(month, journal_module.Entry.PURGED, month)
        # Who read the journal before that may be about to begin.
        time.sleep(self._pause)
        for earlier, _ in self._held(month):
            self._pool.execute_on_shards(_DROP, {'number': _number(earlier)})
        self._closing.purge(month)

    def _held(self, month: int) -> list[tuple[int, int]]:
        return [
            (earlier, size)
            for earlier, size in self._months.held()
            if earlier < month
        ]


def _number(month: int) -> int:
    """As ClickHouse calls its partition: the year, then the month."""
    return int(months_model.of(month).replace('-', ''))
