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
"""Events and rejected messages as columns of ClickHouse tables."""

from collections.abc import Iterator, Mapping, Sequence
import json

from stratometrics.model import event as event_model
from stratometrics.storage import base
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import closing as closing_module
from stratometrics.storage.clickhouse import months as months_module
from stratometrics.storage.clickhouse import openings
from stratometrics.storage.clickhouse.migrations import s0008_openings

_INSERT_EVENTS = """
INSERT INTO $database.events ({columns}) VALUES
""".format(columns=', '.join(s0008_openings.COLUMNS))

_INSERT_REJECTED = """
INSERT INTO $database.rejected (
    id, received_at, region, reason, event_type, message_id, body
) VALUES
"""

#: Durable on return (R12), whatever the profile of the user says; births may
#: reach back over any number of months, each of which is a partition.
_INSERT_SETTINGS = {
    'async_insert': 0,
    'max_partitions_per_insert_block': 0,
}


class _MeasureTexts(dict):
    """Measures as JSON text, by their items; few of them are distinct."""

    def __missing__(self, items: tuple) -> str:
        text = json.dumps(dict(items), sort_keys=True, separators=(',', ':'))
        self[items] = text
        return text


class Writer:
    """Inserts with one statement per call.

    :param months: the journal of months.
    :param closing: what is stored of closed months.
    :param time_limit: seconds that the server may take for one. Rows that
        show up later than the settling time of the API would change answers
        that were final (R15).
    """

    def __init__(
        self,
        pool: clickhouse_client.Pool,
        months: months_module.Months,
        closing: closing_module.Closing,
        time_limit: float,
    ) -> None:
        self._pool = pool
        self._settings = {**_INSERT_SETTINGS, 'max_execution_time': time_limit}
        self._openings = openings.Openings(
            pool, months, closing, self._settings
        )

    def write_events(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> None:
        """See :meth:`stratometrics.storage.base.EventWriter.write_events`."""
        if not events:
            return
        self._insert(events, received_at)
        self._openings.follow(events, received_at, self._insert)

    def open_month(self, month: int) -> None:
        """See :meth:`stratometrics.storage.base.MonthStore.open_month`."""
        self._openings.derive(month)

    def open_months_again(self) -> Iterator[int]:
        """See :class:`stratometrics.storage.base.MonthStore`."""
        return self._openings.derive_again()

    def _insert(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> None:
        measure_texts = _MeasureTexts()
        self._pool.insert(
            _INSERT_EVENTS,
            [
                [event.resource_type for event in events],
                [event.resource_id for event in events],
                [event.event_time for event in events],
                [event.rank for event in events],
                [event.message_id for event in events],
                [int(event.phase) for event in events],
                [event.region for event in events],
                [event.project_id for event in events],
                [event.user_id for event in events],
                [event.name for event in events],
                [event.state for event in events],
                [event.type for event in events],
                [event.type_id for event in events],
                [event.image for event in events],
                [event.availability_zone for event in events],
                [event.attributes for event in events],
                [_text(event.measures, measure_texts) for event in events],
                [event.created_at or 0 for event in events],
                [received_at] * len(events),
                [event.event_type for event in events],
                [event.source for event in events],
                [
                    -event.rank if event.rank < 0 else event.witnessed_at
                    for event in events
                ],
            ],
            settings=self._settings,
        )

    def write_rejected(self, messages: Sequence[base.RejectedMessage]) -> None:
        """See :meth:`~stratometrics.storage.base.EventWriter`."""
        if not messages:
            return
        self._pool.insert(
            _INSERT_REJECTED,
            [
                [message.id for message in messages],
                [message.received_at for message in messages],
                [message.region for message in messages],
                [message.reason for message in messages],
                [message.event_type for message in messages],
                [message.message_id for message in messages],
                [message.body for message in messages],
            ],
            settings=self._settings,
        )


def _text(measures: Mapping[str, int], texts: _MeasureTexts) -> str:
    return texts[tuple(measures.items())]
