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
"""The ClickHouse driver: all of the storage interface over one pool."""

from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

from stratometrics.model import coverage as coverage_model
from stratometrics.model import event as event_model
from stratometrics.model import findings
from stratometrics.model import kept
from stratometrics.model import names as names_model
from stratometrics.model import prices as prices_model
from stratometrics.model import standing
from stratometrics.model import statements as statements_model
from stratometrics.model import timeline
from stratometrics.model import usage
from stratometrics.storage import base
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import closing
from stratometrics.storage.clickhouse import coverage
from stratometrics.storage.clickhouse import facts
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse import names
from stratometrics.storage.clickhouse import prices
from stratometrics.storage.clickhouse import quarantine
from stratometrics.storage.clickhouse import reader
from stratometrics.storage.clickhouse import reconciliations
from stratometrics.storage.clickhouse import retention
from stratometrics.storage.clickhouse import schema
from stratometrics.storage.clickhouse import shards
from stratometrics.storage.clickhouse import statements
from stratometrics.storage.clickhouse import timelines
from stratometrics.storage.clickhouse import writer
from stratometrics.storage.clickhouse.migrations import s0003_arrivals
from stratometrics.storage.clickhouse.migrations import s0008_openings
from stratometrics.storage.clickhouse.migrations import s0010_project_timelines

#: How long a row of an answer may be on the average, in bytes.
_ROW_SIZE = 1024


class ClickHouseStorage(base.Storage):
    """Keeps events in ClickHouse; safe to share between threads.

    No connection is made before the first call, so that one made before a
    fork can be used after it.

    :param options: the ``[clickhouse]`` option group.
    :param users: how many may use it at the same time; there is a connection
        for each, and never fewer than configured.
    """

    def __init__(self, options: Any, users: int = 1) -> None:
        self._pool = clickhouse_client.Pool(
            options, max(options.pool_size, users)
        )
        self._months = months.Months(self._pool)
        self._closing = closing.Closing(self._pool, self._months)
        self._retention = retention.Retention(
            self._pool, self._months, self._closing, options.query_timeout
        )
        self._writer = writer.Writer(
            self._pool,
            self._months,
            self._closing,
            options.send_receive_timeout,
        )
        self._reader = reader.Reader(
            self._pool, self._months, query_limits(options)
        )
        self._timelines = timelines.Timelines(
            self._pool, self._months, query_limits(options)
        )
        self._coverage = coverage.Reader(self._pool, query_limits(options))
        self._quarantine = quarantine.Quarantine(self._pool)
        self._facts = facts.Facts(self._pool, self._months)
        self._reconciliations = reconciliations.Reconciliations(self._pool)
        self._names = names.Names(self._pool)
        self._prices = prices.Prices(self._pool)
        self._statements = statements.Statements(
            self._pool, query_limits(options)
        )
        # Connections of its own, so that a check does not wait for queries.
        self._schema_pool = clickhouse_client.Pool(options, size=2)
        self.schema = schema.Schema(self._schema_pool)

    def write_events(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> None:
        self._writer.write_events(events, received_at)

    def write_rejected(self, messages: Sequence[base.RejectedMessage]) -> None:
        self._writer.write_rejected(messages)

    def open_month(self, month: int) -> None:
        self._writer.open_month(month)

    def open_months_again(self) -> Iterator[int]:
        return self._writer.open_months_again()

    def close_month(self, month: int) -> bool:
        return self._closing.derive(month)

    def purgeable(self, month: int) -> Sequence[tuple[int, int]]:
        return self._retention.purgeable(month)

    def purge(self, month: int) -> None:
        self._retention.purge(month)

    def overview(self) -> kept.Overview:
        return self._closing.overview()

    def tidy_months(self) -> None:
        self._closing.tidy()

    def stream_usage(
        self, query: usage.UsageQuery, limited: bool = True
    ) -> Iterator[usage.UsageRow]:
        return self._reader.stream_usage(query, limited)

    def stream_recomputed(
        self, query: usage.UsageQuery
    ) -> Iterator[usage.UsageRow]:
        return self._reader.stream_recomputed(query)

    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        return self._reader.usage(query)

    def recorded(
        self,
        resource_types: Collection[str],
        resource_id: str,
        as_of: int | None,
        since: int | None = None,
    ) -> list[timeline.Recorded]:
        return self._timelines.recorded(
            resource_types, resource_id, as_of, since
        )

    def alive(self, query: timeline.ResourceQuery) -> list[timeline.Life]:
        return self._timelines.alive(query)

    def sample(
        self, resource_types: Collection[str], number: int
    ) -> list[str]:
        return self._timelines.sample(resource_types, number)

    def rejected(
        self, event_types: Collection[str] = ()
    ) -> Iterator[base.RejectedMessage]:
        return self._quarantine.rejected(event_types)

    def remove_rejected(self, ids: Iterable[str]) -> None:
        self._quarantine.remove_rejected(ids)

    def observed(
        self, audits: Collection[str], now: int
    ) -> coverage_model.Observed:
        return self._coverage.observed(audits, now)

    def standings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, standing.Standing]:
        return self._facts.standings(resource_type, resource_ids)

    def beginnings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, event_model.Event]:
        return self._facts.beginnings(resource_type, resource_ids)

    def living(
        self, resource_type: str, region: str, page_size: int
    ) -> Iterator[Sequence[standing.Standing]]:
        return self._facts.living(resource_type, region, page_size)

    def count_living(self, resource_type: str, region: str) -> int:
        return self._facts.count_living(resource_type, region)

    def doubted(self, resource_type: str, region: str) -> Sequence[str]:
        return self._facts.doubted(resource_type, region)

    def estimates(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, standing.Estimate]:
        return self._facts.estimates(resource_type, resource_ids)

    def last_received(
        self,
        resource_type: str,
        region: str,
        sources: Collection[str],
        after: int,
    ) -> Sequence[timeline.Recorded]:
        return self._facts.last_received(resource_type, region, sources, after)

    def record_findings(self, found: findings.Findings) -> None:
        self._reconciliations.record_findings(found)

    def last_findings(
        self, region: str = '', complete: bool = False
    ) -> Mapping[tuple[str, str], findings.Findings]:
        return self._reconciliations.last_findings(region, complete)

    def lease(self, name: str, length: int) -> base.Lease:
        return reconciliations.Lease(self._pool, name, length)

    def write_names(
        self, names: Sequence[names_model.Name], known_at: int
    ) -> None:
        self._names.write_names(names, known_at)

    def names(self, kind: str) -> dict[str, names_model.Name]:
        return self._names.names(kind)

    def used_ids(
        self, key: str, resource_types: Collection[str] | None = None
    ) -> set[str]:
        return self._names.used_ids(key, resource_types)

    def price_entries(
        self, as_of: int | None = None
    ) -> list[prices_model.Entry]:
        return self._prices.price_entries(as_of)

    def record_prices(self, entries: Sequence[prices_model.Entry]) -> None:
        self._prices.record_prices(entries)

    def record_statements(
        self, issued: Sequence[statements_model.Issued]
    ) -> None:
        self._statements.record_statements(issued)

    def issued(self, number: str) -> statements_model.Issued | None:
        return self._statements.issued(number)

    def receipts(
        self,
        project_ids: Collection[str] | None = None,
        month: str = '',
        after: str = '',
        limit: int | None = None,
    ) -> list[statements_model.Receipt]:
        return self._statements.receipts(project_ids, month, after, limit)

    def late(
        self,
        marks: Sequence[int],
        until: int,
        before: int,
        project_ids: Collection[str] | None = None,
    ) -> dict[str, dict[int, int]]:
        return self._statements.late(marks, until, before, project_ids)

    def renamed(
        self, kind: str, marks: Sequence[int], until: int
    ) -> dict[str, int]:
        return self._statements.renamed(kind, marks, until)

    def users(
        self, resource_type: str, key: str, ids: Collection[str], before: int
    ) -> dict[str, int]:
        return self._statements.users(resource_type, key, ids, before)

    def rebuild_project_timelines(self) -> None:
        self._pool.execute_on_shards(
            s0010_project_timelines.REBUILD_PROJECT_TIMELINES
        )

    def rebuild_deaths(self) -> None:
        self._pool.execute_on_shards(s0008_openings.REBUILD_DEATHS)

    def rebuild_coverage(self) -> None:
        self._pool.execute_on_shards(s0003_arrivals.REBUILD_ARRIVALS)
        self._pool.execute_on_shards(
            coverage.REBUILD_TIMELINES,
            {'purged': self._months.journal().first_kept},
        )

    def versions(self) -> dict[str, str]:
        """The versions of ClickHouse, by server.

        :returns: those of all nodes of a cluster, or that of the one server.
        :raises StorageError: one cannot be asked.
        """
        return shards.versions(self._schema_pool)

    def check(self) -> None:
        self.schema.check()

    def close(self) -> None:
        self._pool.close()
        self._schema_pool.close()


def query_limits(options: Any) -> dict[str, Any]:
    """The limits of a query, as settings of the server.

    :param options: the ``[clickhouse]`` option group.
    """
    limits = {
        'readonly': 2,
        'max_execution_time': options.query_timeout,
        'max_memory_usage': options.query_max_memory,
        'max_result_rows': options.query_max_result_rows,
        # Buckets make some rows much longer than others.
        'max_result_bytes': options.query_max_result_rows * _ROW_SIZE,
    }
    if options.query_max_threads:
        limits['max_threads'] = options.query_max_threads
    return limits


def get_storage(conf: Any, users: int = 1) -> ClickHouseStorage:
    """The storage that the configuration names.

    :param conf: a ConfigOpts with the service's options registered.
    :param users: how many may use it at the same time.
    """
    return ClickHouseStorage(conf.clickhouse, users)
