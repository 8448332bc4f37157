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
"""Rows of FOCUS as Apache Parquet, a group of rows after the other.

PyArrow, which writes it, is the optional extra ``parquet``.
"""

from collections.abc import Iterable, Iterator, Sequence
import itertools

from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import rows as focus_rows

MEDIA_TYPE = 'application/vnd.apache.parquet'

#: Rows of a group, all of which are held in memory.
_ROWS = 20_000
#: The digits of a decimal128.
_DIGITS = 38


class MissingExtra(ValueError):
    """Parquet was asked for, and what writes it is not installed."""


class TooGreat(ValueError):
    """A number does not fit into a file; str() says which."""


def require() -> None:
    """See that Parquet can be written.

    :raises MissingExtra: it cannot; says what to install.
    """
    _pyarrow()


def write(
    rows: Iterable[focus_rows.Row],
    wanted: Sequence[columns.Column],
    version: str,
) -> Iterator[bytes]:
    """The file, in pieces.

    :param version: that of FOCUS, for the metadata of the file.
    :raises MissingExtra: PyArrow is not installed.
    :raises TooGreat: a number has more digits than Parquet can hold.
    """
    pyarrow, parquet = _pyarrow()
    schema = pyarrow.schema(
        [
            pyarrow.field(column.name, _type(pyarrow, column), column.nullable)
            for column in wanted
        ],
        metadata={'focus_version': version},
    )
    sink = _Sink()
    with parquet.ParquetWriter(
        pyarrow.PythonFile(sink, mode='w'), schema, compression='zstd'
    ) as writer:
        rows = iter(rows)
        while group := list(itertools.islice(rows, _ROWS)):
            writer.write_table(_table(pyarrow, schema, group))
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """A file that remembers what was written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        # What is written is only lent.
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        """What was written, which is forgotten."""
        written = b''.join(self._pieces)
        self._pieces.clear()
        return written


def _type(pyarrow, column: columns.Column):
    match column.type:
        case columns.Type.DECIMAL:
            return pyarrow.decimal128(_DIGITS, column.places)
        case columns.Type.TIME:
            return pyarrow.timestamp('us', tz='UTC')
        case _:
            return pyarrow.string()


def _table(pyarrow, schema, group: Sequence[focus_rows.Row]):
    try:
        return pyarrow.table(
            [
                pyarrow.array([row[field.name] for row in group], field.type)
                for field in schema
            ],
            schema=schema,
        )
    except pyarrow.ArrowInvalid as e:
        raise TooGreat(f'a number is too great for Parquet: {e}') from e


def _pyarrow():
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as e:
        raise MissingExtra(
            'Parquet needs an extra that is not installed: pip install '
            f'"stratometrics[parquet]" ({e})'
        ) from e
    return pyarrow, parquet
