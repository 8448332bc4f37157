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
"""Connections to ClickHouse: the one place that knows clickhouse-driver."""

from collections.abc import Generator, Iterator, Mapping, Sequence
import contextlib
import queue
import struct
import time
from typing import Any

import clickhouse_driver
from clickhouse_driver import errors as driver_errors
from clickhouse_driver import protocol as driver_protocol
from oslo_context import context as oslo_context

from stratometrics.storage import budget
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import layout as layouts
from stratometrics.storage.clickhouse import shards

#: The server's answers that blame the rows, not the circumstances. Whatever
#: is not listed counts as passing: waiting loses nothing (R12).
_INVALID_ROWS = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        53,  # TYPE_MISMATCH
        69,  # ARGUMENT_OUT_OF_BOUND
        117,  # INCORRECT_DATA
        131,  # TOO_LARGE_STRING_SIZE
        321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
        469,  # VIOLATED_CONSTRAINT
        691,  # UNKNOWN_ELEMENT_OF_ENUM
    }
)

#: A query reached a limit, its own or the server's.
_TOO_EXPENSIVE = frozenset(
    {
        158,  # TOO_MANY_ROWS
        159,  # TIMEOUT_EXCEEDED
        160,  # TOO_SLOW
        241,  # MEMORY_LIMIT_EXCEEDED
        307,  # TOO_MANY_BYTES
        396,  # TOO_MANY_ROWS_OR_BYTES
    }
)

_SCHEMA_MISSING = frozenset(
    {
        60,  # UNKNOWN_TABLE
        81,  # UNKNOWN_DATABASE
    }
)

_MEMORY_LIMIT = 241
#: In the text of that error: not the query reached its limit, but the server,
#: or the user, that of all queries together.
_OF_ALL_QUERIES = ('(total)', 'User memory limit')

#: The server cannot serve us now, or another one that it needs.
_UNAVAILABLE = frozenset(
    {
        32,  # ATTEMPT_TO_READ_AFTER_EOF: another one has died
        198,  # DNS_ERROR
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        225,  # NO_ZOOKEEPER
        236,  # ABORTED: it is shutting down
        242,  # TABLE_IS_READ_ONLY: without its Keeper
        279,  # ALL_CONNECTION_TRIES_FAILED
        285,  # TOO_FEW_LIVE_REPLICAS
        286,  # UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
        289,  # REPLICA_IS_NOT_IN_QUORUM
        319,  # UNKNOWN_STATUS_OF_INSERT
        369,  # ALL_REPLICAS_ARE_STALE
        394,  # QUERY_WAS_CANCELLED: as it shuts down, too
        516,  # AUTHENTICATION_FAILED
        999,  # KEEPER_EXCEPTION
    }
)

_CLUSTER_MISSING = 701

#: What a broken connection raises, on connecting or in mid-query.
_CONNECTION_ERRORS = (
    driver_errors.NetworkError,
    driver_errors.SocketTimeoutError,
    driver_errors.UnexpectedPacketFromServerError,
    EOFError,
    OSError,
)

#: What the driver raises where a value does not fit the type of its column.
_ENCODING_ERRORS = (
    driver_errors.TypeMismatchError,
    driver_errors.TooLargeStringSize,
    ArithmeticError,
    AttributeError,
    TypeError,
    ValueError,
    struct.error,
)


#: Seconds that the server gets to stop a query that was given up.
_LAST_WORDS = 5

_TIME_LIMIT = 'max_execution_time'
#: What system.query_log of the server keeps beside a query.
_COMMENT = 'log_comment'

#: Whatever the profile of the user says: at a limit a query fails, rather than
#: to answer, or to derive, from a part of the rows.
_ALL_OR_NOTHING = dict.fromkeys(
    (
        'distinct_overflow_mode',
        'group_by_overflow_mode',
        'join_overflow_mode',
        'read_overflow_mode',
        'read_overflow_mode_leaf',
        'result_overflow_mode',
        'set_overflow_mode',
        'sort_overflow_mode',
        'timeout_overflow_mode',
        'timeout_overflow_mode_leaf',
        'transfer_overflow_mode',
    ),
    'throw',
)

_LAST_PACKETS = (
    driver_protocol.ServerPacketTypes.END_OF_STREAM,
    driver_protocol.ServerPacketTypes.EXCEPTION,
)


def _text(error: Exception) -> str:
    """The message without the server's stack trace."""
    return str(error).partition('Stack trace:')[0].strip()


class _Client(clickhouse_driver.Client):
    """Gives a query up as soon as nobody has time for it any more.

    While a query runs the server tells of its progress ten times a second.
    Whenever it says anything, the budget of the request is looked at. Inserts
    are never given up.
    """

    _answering = False

    def receive_packet(self) -> Any:
        spent_by = budget.current()
        if spent_by is not None:
            try:
                spent_by.left()
            except errors.StorageError:
                self.give_up()
                raise
        # What fails while it is received has ended.
        self._answering = False
        packet = super().receive_packet()
        self._answering = bool(packet)
        return packet

    def give_up(self) -> None:
        """Let the server stop, if there is more to come from it.

        A connection that is closed with an answer unread would stop it too,
        but only when it next writes to it.
        """
        if not self._answering:
            return
        self._answering = False
        connection = self.connection
        try:
            connection.send_cancel()
            deadline = time.monotonic() + _LAST_WORDS
            with connection.timeout_setter(_LAST_WORDS):
                while time.monotonic() < deadline:
                    if connection.receive_packet().type in _LAST_PACKETS:
                        break
        except (driver_errors.Error, EOFError, OSError):
            # Closing the connection has to do.
            pass


class Pool:
    """Connections that threads borrow one at a time.

    A connection that failed in any way is closed and not lent again.

    Queries of a request are paid from its budget: see
    :mod:`stratometrics.storage.budget`.

    Statements name their tables as ``$database.table``, and as
    :class:`~stratometrics.storage.clickhouse.layout.Layout` says: the session
    itself stays in the server's default database, which exists before ours
    does.

    :param options: the ``[clickhouse]`` option group.
    :param size: connections to keep; by default as many as configured.
    :param node: the node of the cluster to connect to. Then
        ``$database.table`` is the table of this node.
    """

    def __init__(
        self,
        options: Any,
        size: int | None = None,
        node: shards.Node | None = None,
    ) -> None:
        self._options = options
        self._node = node
        self.layout = layouts.Layout(options)
        size = options.pool_size if size is None else size
        self._idle: queue.LifoQueue = queue.LifoQueue(size)
        for _ in range(size):
            self._idle.put(None)

    def _connect(self) -> _Client:
        options = self._options
        port = options.port or (9440 if options.secure else 9000)
        first, *others = options.hosts
        if self._node:
            first, others, port = self._node.host, [], self._node.port
        return _Client(
            first,
            port=port,
            alt_hosts=','.join(f'{host}:{port}' for host in others) or None,
            user=options.user,
            password=options.password,
            client_name='stratometrics',
            connect_timeout=options.connect_timeout,
            send_receive_timeout=options.send_receive_timeout,
            sync_request_timeout=options.connect_timeout,
            compression='lz4' if options.compression else False,
            secure=options.secure,
            verify=not options.insecure,
            ca_certs=options.cafile,
            certfile=options.certfile,
            keyfile=options.keyfile,
            tcp_keepalive=True,
            settings={
                'server_side_params': True,
                **_ALL_OR_NOTHING,
                **self.layout.settings,
            },
        )

    @contextlib.contextmanager
    def _lend(self) -> Iterator[_Client]:
        try:
            client = self._idle.get(timeout=self._options.pool_timeout)
        except queue.Empty:
            raise errors.StorageUnavailable(
                'all connections of the pool are busy'
            ) from None
        usable = False
        try:
            if client is None:
                client = self._connect()
            yield client
            usable = True
        finally:
            if not usable and client is not None:
                client.give_up()
                client.disconnect()
            self._idle.put(client if usable else None)

    def _qualified(self, statement: str) -> str:
        if self._node:
            return self.layout.on_node(statement)
        return self.layout.query(statement)

    def execute(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> list[tuple]:
        """Run a query and give its rows.

        :param query: SQL with placeholders of the form ``{name:Type}``.
        :param parameters: the values, which the server binds.
        :param settings: settings of the server for this query.
        :raises StorageUnavailable: the server cannot be reached.
        :raises QueryTooExpensive: the query hit a limit, or the time of the
            request is used up.
        :raises Abandoned: nobody waits for the answer any more.
        :raises StorageError: anything else.
        """
        with _translated(), self._lend() as client:
            return client.execute(
                self._qualified(query),
                dict(parameters or {}),
                settings=_affordable(_signed(settings)),
            )

    def stream(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Generator[tuple, None, None]:
        """Run a query and give its rows as they come.

        One block of the server is kept in memory. The connection is lent
        until the last row was taken or the generator is closed; one that is
        closed early costs the connection.

        :raises: the same as :meth:`execute`, at any row.
        """
        with _translated(), self._lend() as client:
            yield from client.execute_iter(
                self._qualified(query),
                dict(parameters or {}),
                settings=_affordable(_signed(settings)),
            )

    def insert(
        self,
        statement: str,
        columns: Sequence[Sequence[Any]],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert rows, given as columns; durable when this returns.

        :param statement: ``INSERT INTO table (columns) VALUES``.
        :param columns: one sequence a column, all of one length.
        :raises StorageUnavailable: not now.
        :raises InvalidRows: a value does not fit its column.
        """
        try:
            with self._lend() as client:
                client.execute(
                    self._qualified(statement),
                    columns,
                    columnar=True,
                    settings=_signed(settings),
                )
        except driver_errors.ServerException as error:
            raise _insert_error(error) from error
        except _CONNECTION_ERRORS as error:
            raise _no_connection(error) from error
        except _ENCODING_ERRORS as error:
            raise errors.InvalidRows(
                f'{type(error).__name__}: {_text(error)}'
            ) from error
        except driver_errors.Error as error:
            raise errors.StorageUnavailable(_text(error)) from error

    def nodes(self) -> list[shards.Node]:
        """The nodes of the cluster: see :func:`.shards.nodes`."""
        return shards.nodes(self)

    def at(self, node: shards.Node) -> 'Pool':
        """A connection to one node, where ``$database`` is the local one."""
        return Pool(self._options, size=1, node=node)

    def execute_on_shards(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Have every shard do something: see :func:`.shards.execute`."""
        shards.execute(self, statement, parameters, settings)

    def catch_up(self, *tables: str) -> None:
        """Have replicas fetch what there is: see :func:`.shards.catch_up`."""
        shards.catch_up(self, tables)

    def close(self) -> None:
        """Close the idle connections; the lent ones close on their return."""
        # All are taken out first: what is put back would be the next to come.
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for client in idle:
            if client is not None:
                client.disconnect()
            self._idle.put(None)


def _signed(settings: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Settings with the id of the request that a statement is run for."""
    context = oslo_context.get_current()
    signature = {_COMMENT: context.request_id} if context else {}
    return {**signature, **(settings or {})}


def _affordable(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings under which a query takes no more than is left."""
    spent_by = budget.current()
    if spent_by is None:
        return settings
    left = spent_by.left()
    # 0 is no limit.
    own = settings.get(_TIME_LIMIT) or left
    return {**settings, _TIME_LIMIT: min(own, left)}


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise what a query raises as an error of the storage."""
    try:
        yield
    except driver_errors.ServerException as error:
        raise _query_error(error) from error
    except _CONNECTION_ERRORS as error:
        raise _no_connection(error) from error
    except driver_errors.Error as error:
        raise errors.StorageError(_text(error)) from error


def _no_connection(error: Exception) -> errors.StorageUnavailable:
    what = 'no connection to ClickHouse'
    if isinstance(error, (driver_errors.SocketTimeoutError, TimeoutError)):
        what = 'no answer from ClickHouse in time'
    return errors.StorageUnavailable(f'{what}: {_text(error)}')


def _query_error(error: driver_errors.ServerException) -> Exception:
    if error.code == _MEMORY_LIMIT and any(
        each in _text(error) for each in _OF_ALL_QUERIES
    ):
        return errors.StorageUnavailable(_text(error))
    if error.code in _TOO_EXPENSIVE:
        return errors.QueryTooExpensive(_text(error))
    if error.code in _SCHEMA_MISSING:
        return _schema_missing(error)
    if error.code in _UNAVAILABLE:
        return errors.StorageUnavailable(_text(error))
    if error.code == _CLUSTER_MISSING:
        return shards.cluster_missing(_text(error))
    return errors.StorageError(_text(error))


def _insert_error(error: driver_errors.ServerException) -> Exception:
    if error.code in _INVALID_ROWS:
        return errors.InvalidRows(_text(error))
    if error.code in _SCHEMA_MISSING:
        return _schema_missing(error)
    return errors.StorageUnavailable(_text(error))


def _schema_missing(error: Exception) -> errors.SchemaMissing:
    return errors.SchemaMissing(
        f'{_text(error)}: run "stratometrics-manage db sync"'
    )
