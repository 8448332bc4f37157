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
"""Rows of FOCUS as CSV (:rfc:`4180`), written while they are made.

What has no value is empty. Nothing is changed about texts, as FOCUS demands:
those from users are not safe to be opened in a spreadsheet.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
import csv
import decimal
import io

from stratometrics.model import timestamps
from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import rows as focus_rows

MEDIA_TYPE = 'text/csv'

#: Rows that are written at once.
_ROWS = 500


def write(
    rows: Iterable[focus_rows.Row], wanted: Sequence[columns.Column]
) -> Iterator[bytes]:
    """The file, in pieces."""
    spelled = [(column.name, _SPELLED[column.type]) for column in wanted]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([name for name, _ in spelled])
    for number, row in enumerate(rows, 1):
        table.writerow(
            [
                '' if row[name] is None else spell(row[name])
                for name, spell in spelled
            ]
        )
        if number % _ROWS == 0:
            yield _taken(text)
    yield _taken(text)


def _decimal(number: decimal.Decimal) -> str:
    text = f'{number:f}'
    return text.rstrip('0').rstrip('.') if '.' in text else text


_SPELLED: dict[columns.Type, Callable[..., str]] = {
    columns.Type.STRING: str,
    columns.Type.PAIRS: str,
    columns.Type.DECIMAL: _decimal,
    columns.Type.TIME: timestamps.isoformat,
}


def _taken(text: io.StringIO) -> bytes:
    """What was written, which is forgotten."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written
