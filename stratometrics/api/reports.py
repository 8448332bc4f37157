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
"""The schemas of bodies that are not made by the API alone."""

from collections.abc import Iterable

from stratometrics.api import operations
from stratometrics.api import schemas
from stratometrics.api import types
from stratometrics.model import coverage
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating.rendering import canonical

_INSTANT_OR_NEVER = schemas.or_null(schemas.INSTANT)

#: The schema of :func:`stratometrics.coverage.body`.
COVERAGE = schemas.record(
    {
        'at': schemas.INSTANT,
        'coverage': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('resource_type', 'region')),
                    'status': schemas.one_of(coverage.Voice),
                    'last_event': _INSTANT_OR_NEVER,
                    'last_received': _INSTANT_OR_NEVER,
                    'lag': schemas.or_null(schemas.SECONDS),
                    'events_last_day': schemas.COUNT,
                    'living': schemas.COUNT,
                    'audits': schemas.one_of(coverage.Audits),
                    'last_audit': _INSTANT_OR_NEVER,
                    'rejected': schemas.COUNT,
                    'healed': schemas.or_null(schemas.COUNT),
                    'last_reconciled': _INSTANT_OR_NEVER,
                }
            )
        ),
        'unknown_event_types': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('event_type', 'region')),
                    'messages': schemas.COUNT,
                    'last_received': schemas.INSTANT,
                }
            )
        ),
        'more_unknown_event_types': schemas.COUNT,
    }
)

_USED = {'anyOf': [schemas.SECONDS, schemas.AMOUNT]}
_MONEY = {'currency': schemas.CURRENCY, 'cost': schemas.DECIMAL}
_COMPARED = {
    'equivalents': schemas.mapping(
        schemas.record(
            dict.fromkeys(
                ('cost', 'equivalent', 'saving', 'without_equivalent'),
                schemas.DECIMAL,
            )
        )
    )
}


def costs(keys: Iterable[str]) -> operations.Schema:
    """The schema of :func:`stratometrics.rating.rendering.comparison.body`.

    :param keys: all that costs can be grouped by.
    """
    bucket = {'from': schemas.INSTANT, 'to': schemas.INSTANT}
    group = schemas.texts(usage.with_names(keys))
    return schemas.record(
        {
            'period': types.Period,
            'as_of': schemas.INSTANT,
            'results': schemas.several(
                schemas.record(_MONEY, {**bucket, **group, **_COMPARED})
            ),
            'totals': schemas.several(schemas.record(_MONEY, _COMPARED)),
            'unpriced': schemas.several(
                schemas.record(
                    {
                        **schemas.texts(('resource_type', 'type', 'state')),
                        'usage': _USED,
                    }
                )
            ),
        }
    )


def _twice(name: str) -> operations.Schema:
    return {name: schemas.DECIMAL, f'{name}_exact': schemas.FRACTION}


_LINE = operations.Named(
    'Line',
    schemas.record(
        {
            **schemas.texts(
                (
                    'resource_type',
                    'type',
                    'state',
                    'resource_id',
                    'name',
                    'price_id',
                    'description',
                    'measure',
                )
            ),
            'period': types.Period,
            'kind': schemas.one_of(statements.Charge),
            'facts': schemas.mapping(schemas.TEXT),
            'per': schemas.one_of(prices.Per),
            'unit_price': schemas.DECIMAL,
            'currency': schemas.CURRENCY,
            **_twice('quantity'),
            **_twice('amount'),
        }
    ),
)

_STATEMENT = schemas.record(
    {
        **schemas.texts(
            (
                'project_id',
                'project_name',
                'domain_id',
                'domain_name',
                'region',
                'timezone',
            )
        ),
        'version': {'const': canonical.VERSION},
        'period': types.Period,
        'as_of': schemas.INSTANT,
        'lines': schemas.several(_LINE),
        'adjustments': schemas.several(_LINE),
        'unpriced': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('resource_type', 'type', 'state')),
                    'period': types.Period,
                    'billed_by': schemas.one_of(usage.Kind),
                    'usage': _USED,
                }
            )
        ),
        'daily': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('resource_type', 'type')),
                    'day': schemas.DATE,
                    'currency': schemas.CURRENCY,
                    **_twice('amount'),
                }
            )
        ),
        'totals': schemas.several(
            schemas.record(
                {
                    'currency': schemas.CURRENCY,
                    'amount': schemas.DECIMAL,
                    **_twice('unrounded'),
                }
            )
        ),
    }
)

#: The schema of :func:`stratometrics.rating.rendering.document.json`.
STATEMENT = operations.Named(
    'Statement',
    schemas.record(
        {
            'status': schemas.one_of(('issued', 'preview')),
            'issued': schemas.or_null(
                schemas.record(
                    {
                        **schemas.texts(('number', 'issued_by', 'sha256')),
                        'issued_at': schemas.INSTANT,
                    }
                )
            ),
            'statement': _STATEMENT,
        }
    ),
)
