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
"""A cost report as JSON and as CSV (:rfc:`4180`).

Amounts are decimals of twelve places. Of these no sum is lost that is worth
a cent; only a bill is rounded to what can be paid.
"""

from collections.abc import Iterator
import csv
import io
from typing import Any

from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.rating import costs
from stratometrics.rating import reporting
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering import sheet
from stratometrics.rating.rendering import spelling

_COMPARED = ('cost', 'equivalent', 'saving', 'without_equivalent')


def body(
    question: reporting.Question, found: reporting.Report
) -> dict[str, Any]:
    """The report, ready for JSON."""
    return {
        'period': {
            'from': timestamps.isoformat(question.period.begin),
            'to': timestamps.isoformat(question.period.end),
        },
        'as_of': timestamps.isoformat(question.as_of),
        'results': [
            {**_bucket(question, cost), **_told(question, cost)}
            for cost in found.costs
        ],
        'totals': [_amounts(total) for total in found.totals],
        'unpriced': [_unpriced(each) for each in found.unpriced],
    }


def text(question: reporting.Question, found: reporting.Report) -> str:
    """The results as a table.

    It has neither totals, so that its columns can be summed, nor what is
    unpriced.
    """
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(heads(question))
    table.writerows(cells(question, found))
    return written.getvalue()


def heads(question: reporting.Question) -> list[str]:
    """The names of the columns."""
    return [
        *(('from', 'to') if question.granularity else ()),
        *question.shown,
        'currency',
        'cost',
        *sheet.safe(
            *(
                f'{provider}.{name}'
                for provider in question.providers
                for name in _COMPARED
            )
        ),
    ]


def cells(
    question: reporting.Question, found: reporting.Report
) -> Iterator[list[str]]:
    """The rows of the table."""
    for cost in found.costs:
        amounts = _amounts(cost)
        yield [
            *_bucket(question, cost).values(),
            *sheet.safe(*cost.group),
            *sheet.safe(amounts['currency']),
            amounts['cost'],
            *(
                amounts['equivalents'][provider][name]
                for provider in question.providers
                for name in _COMPARED
            ),
        ]


def _bucket(question: reporting.Question, cost: costs.Cost) -> dict[str, str]:
    if question.granularity is None:
        return {}
    return {
        'from': timestamps.isoformat(cost.period.begin),
        'to': timestamps.isoformat(cost.period.end),
    }


def _told(question: reporting.Question, cost: costs.Cost) -> dict[str, Any]:
    return dict(zip(question.shown, cost.group, strict=True)) | _amounts(cost)


def _amounts(cost: costs.Cost) -> dict[str, Any]:
    found: dict[str, Any] = {
        'currency': cost.currency,
        'cost': spelling.places(cost.cost),
    }
    if cost.comparisons:
        found['equivalents'] = {
            provider: {
                name: spelling.places(getattr(comparison, name))
                for name in _COMPARED
            }
            for provider, comparison in cost.comparisons.items()
        }
    return found


def _unpriced(each: statements.Unpriced) -> dict[str, str]:
    return {
        'resource_type': each.resource_type,
        'type': each.type,
        'state': each.state,
        'usage': canonical.amount_of_usage(each),
    }
