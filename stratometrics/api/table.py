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
"""The answer to a usage question as CSV (:rfc:`4180`).

It is written while it is read. A table has the same columns whatever is in
it, so measures that no definition declares are left to JSON.
"""

from collections.abc import Iterable, Iterator, Mapping
import csv
import io
from typing import Any

from stratometrics.api import answer
from stratometrics.api import collection
from stratometrics.api import usages
from stratometrics.model import usage

MEDIA_TYPE = 'text/csv'

#: What makes a spreadsheet compute a text instead of showing it, and what
#: protects from this. The latter is doubled, so that it can be taken away.
_FORMULAS = tuple('=+-@\t\r\n＝＋－＠')
_QUOTE = "'"

#: Rows that are written at once.
_ROWS = 500


def write(
    question: usages.Question,
    asked: collection.Collection,
    results: Iterable[Mapping[str, Any]],
) -> Iterator[bytes]:
    """The text of the table, in pieces.

    :param results: those of :func:`stratometrics.api.answer.results`.
    """
    keys = usage.with_names(question.group_by)
    measures = sorted(answer.declared_measures(question, asked)[None])
    blocks = ('', 'previous.', 'change.') if question.previous else ('',)
    names = [
        *(('begin', 'end') if question.granularity else ()),
        *keys,
        *(
            f'{block}{name}'
            for block in blocks
            for name in ('usage', *(f'measures.{each}' for each in measures))
        ),
    ]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(names)
    for number, result in enumerate(results, 1):
        cells = _flat(result)
        for key in keys:
            cells[key] = _harmless(cells[key])
        table.writerow([cells.get(name, '') for name in names])
        if number % _ROWS == 0:
            yield _taken(text)
    yield _taken(text)


def _flat(result: Mapping[str, Any], prefix: str = '') -> dict[str, str]:
    cells = {}
    for name, value in result.items():
        if isinstance(value, Mapping):
            cells |= _flat(value, f'{prefix}{name}.')
        else:
            cells[f'{prefix}{name}'] = value
    return cells


def _harmless(cell: str) -> str:
    return _QUOTE + cell if cell.startswith((*_FORMULAS, _QUOTE)) else cell


def _taken(text: io.StringIO) -> bytes:
    """What was written, which is forgotten."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written
