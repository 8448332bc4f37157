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
"""A statement as CSV (RFC 4180): a row for each line.

There are no rows for totals, so that the column of amounts can be summed.
Numbers are decimals of twelve places.
"""

import csv
import io

from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import document as documents
from stratometrics.rating.rendering import spelling

#: What is in the column ``statement`` of one that was not issued.
PREVIEW = 'PREVIEW'

HEADS = (
    *('statement', 'project_id', 'project_name', 'domain_id', 'domain_name'),
    *('region', 'month_from', 'month_to', 'as_of'),
    *('row', 'kind', 'from', 'to', 'resource_type', 'type', 'state'),
    *('resource_id', 'name', 'facts', 'price_id', 'description', 'measure'),
    *('per', 'quantity', 'unit_price', 'amount', 'currency'),
)

#: With these a spreadsheet begins a formula, or may skip to one.
_FORMULA = tuple('=+-@\t\r\n＝＋－＠')


def text(document: documents.Document) -> str:
    """The whole table.

    The column ``row`` tells a ``line`` from an ``adjustment`` of an earlier
    month and from usage that is ``unpriced``, whose quantity is in hours, or
    a count. A text that a spreadsheet would take for a formula is given an
    apostrophe in front.
    """
    statement = document.statement
    issued = document.issued
    common = [
        *safe(
            issued.number if issued else PREVIEW,
            statement.project_id,
            statement.project_name,
            statement.domain_id,
            statement.domain_name,
            statement.region,
        ),
        *_span(statement.period),
        timestamps.isoformat(statement.as_of),
    ]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(HEADS)
    for line in statement.lines:
        table.writerow([*common, 'line', *_line(line)])
    for line in statement.adjustments:
        table.writerow([*common, 'adjustment', *_line(line)])
    for each in statement.unpriced:
        table.writerow([*common, 'unpriced', *_unpriced(each)])
    return written.getvalue()


def _line(line: statements.Line) -> list[str]:
    facts = '; '.join(
        f'{name}={value}' for name, value in sorted(line.facts.items())
    )
    return [
        line.kind,
        *_span(line.period),
        *safe(
            line.resource_type,
            line.type,
            line.state,
            line.resource_id,
            line.name,
            facts,
            line.price_id,
            line.description,
            line.measure,
            line.per,
        ),
        spelling.places(line.quantity),
        spelling.plain(line.unit_price),
        spelling.places(line.amount),
        *safe(line.currency),
    ]


def _unpriced(each: statements.Unpriced) -> list[str]:
    return [
        statements.Charge.USAGE,
        *_span(each.period),
        *safe(each.resource_type, each.type, each.state),
        *[''] * 6,
        each.per,
        spelling.places(each.quantity),
        *[''] * 3,
    ]


def _span(period: usage.Period) -> tuple[str, str]:
    return timestamps.isoformat(period.begin), timestamps.isoformat(period.end)


def safe(*texts: str) -> list[str]:
    """Texts as cells that a spreadsheet does not take for formulas."""
    return [
        "'" + text if text.startswith(_FORMULA) else text for text in texts
    ]
