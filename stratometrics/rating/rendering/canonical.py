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
"""A statement as its canonical JSON text, and back.

The text is a pure function of the statement: keys are sorted, there are no
spaces, and nothing but what JSON demands is escaped. Its UTF-8 bytes are what
the digest of an issued statement is of, and the text is what is kept of it.

A fraction is written twice: as a decimal of twelve places, and exactly.
"""

from collections.abc import Mapping
import datetime
import decimal
import fractions
import hashlib
import json
from typing import Any

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import spelling

#: Of the text. One that was issued can be read for ever.
VERSION = 1

_EXACT = '_exact'


class UnknownText(ValueError):
    """The text is not that of a statement; str() says why."""


def text(statement: statements.Statement) -> str:
    """The canonical text of a statement."""
    return spelled(
        {
            'version': VERSION,
            'project_id': statement.project_id,
            'project_name': statement.project_name,
            'domain_id': statement.domain_id,
            'domain_name': statement.domain_name,
            'region': statement.region,
            'period': _period(statement.period),
            'timezone': statement.timezone,
            'as_of': timestamps.isoformat(statement.as_of),
            'lines': [_line(line) for line in statement.lines],
            'adjustments': [_line(line) for line in statement.adjustments],
            'unpriced': [
                {
                    'period': _period(each.period),
                    'resource_type': each.resource_type,
                    'type': each.type,
                    'state': each.state,
                    'billed_by': each.billed_by,
                    'usage': amount_of_usage(each),
                }
                for each in statement.unpriced
            ],
            'daily': [
                {
                    'day': cost.day.isoformat(),
                    'resource_type': cost.resource_type,
                    'type': cost.type,
                    'currency': cost.currency,
                }
                | _twice('amount', cost.amount)
                for cost in statement.daily
            ],
            'totals': [
                {
                    'currency': total.currency,
                    'amount': spelling.unchanged(total.amount),
                }
                | _twice('unrounded', total.exact)
                for total in statement.totals
            ],
        }
    )


def digest(content: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def spelled(value: Any) -> str:
    """The canonical JSON text of anything without a float."""
    return json.dumps(
        value, ensure_ascii=False, separators=(',', ':'), sort_keys=True
    )


def amount_of_usage(each: statements.Unpriced) -> str:
    """Resource-seconds with six places (R4); of a consumption, a count."""
    if each.billed_by is usage.Kind.CONSUMPTION:
        return str(each.usage)
    return timestamps.decimal_seconds(each.usage)


def read(content: str) -> statements.Statement:
    """The statement whose canonical text this is.

    :raises UnknownText: it is not one.
    """
    try:
        data = json.loads(content)
        version = data['version']
    except (ValueError, TypeError, KeyError) as e:
        raise UnknownText(f'is not the text of a statement: {e!r}') from e
    if version != VERSION:
        raise UnknownText(
            f'has the version {version!r}; this release reads {VERSION}'
        )
    try:
        return _statement(data)
    except (ValueError, TypeError, KeyError, ArithmeticError) as e:
        raise UnknownText(f'is not the text of a statement: {e!r}') from e


def _statement(data: Mapping[str, Any]) -> statements.Statement:
    return statements.Statement(
        project_id=data['project_id'],
        project_name=data['project_name'],
        domain_id=data['domain_id'],
        domain_name=data['domain_name'],
        region=data['region'],
        period=_read_period(data['period']),
        timezone=data['timezone'],
        as_of=_instant(data['as_of']),
        lines=tuple(_read_line(line) for line in data['lines']),
        adjustments=tuple(_read_line(line) for line in data['adjustments']),
        unpriced=tuple(_read_unpriced(each) for each in data['unpriced']),
        totals=tuple(
            statements.Total(
                currency=total['currency'],
                exact=_exactly('unrounded', total),
                amount=decimal.Decimal(total['amount']),
            )
            for total in data['totals']
        ),
        daily=tuple(
            statements.DailyCost(
                day=datetime.date.fromisoformat(cost['day']),
                resource_type=cost['resource_type'],
                type=cost['type'],
                amount=_exactly('amount', cost),
                currency=cost['currency'],
            )
            for cost in data['daily']
        ),
    )


def _line(line: statements.Line) -> dict[str, Any]:
    return {
        'period': _period(line.period),
        'kind': line.kind,
        'resource_type': line.resource_type,
        'type': line.type,
        'state': line.state,
        'resource_id': line.resource_id,
        'name': line.name,
        'facts': dict(line.facts),
        'price_id': line.price_id,
        'description': line.description,
        'measure': line.measure,
        'per': line.per,
        'unit_price': spelling.plain(line.unit_price),
        'currency': line.currency,
        **_twice('quantity', line.quantity),
        **_twice('amount', line.amount),
    }


def _read_line(data: Mapping[str, Any]) -> statements.Line:
    return statements.Line(
        period=_read_period(data['period']),
        kind=statements.Charge(data['kind']),
        resource_type=data['resource_type'],
        type=data['type'],
        state=data['state'],
        resource_id=data['resource_id'],
        name=data['name'],
        facts=data['facts'],
        price_id=data['price_id'],
        description=data['description'],
        measure=data['measure'],
        per=prices.Per(data['per']),
        quantity=_exactly('quantity', data),
        unit_price=decimal.Decimal(data['unit_price']),
        amount=_exactly('amount', data),
        currency=data['currency'],
    )


def _read_unpriced(data: Mapping[str, Any]) -> statements.Unpriced:
    billed_by = usage.Kind(data['billed_by'])
    amount = fractions.Fraction(data['usage'])
    if billed_by is usage.Kind.STATE:
        amount *= timestamps.MICROSECONDS
    return statements.Unpriced(
        period=_read_period(data['period']),
        resource_type=data['resource_type'],
        type=data['type'],
        state=data['state'],
        usage=int(amount),
        billed_by=billed_by,
    )


def _twice(name: str, value: fractions.Fraction) -> dict[str, str]:
    return {name: spelling.places(value), name + _EXACT: str(value)}


def _exactly(name: str, data: Mapping[str, Any]) -> fractions.Fraction:
    return fractions.Fraction(data[name + _EXACT])


def _period(period: usage.Period) -> dict[str, str]:
    return {
        'from': timestamps.isoformat(period.begin),
        'to': timestamps.isoformat(period.end),
    }


def _read_period(data: Mapping[str, str]) -> usage.Period:
    return usage.Period(_instant(data['from']), _instant(data['to']))


def _instant(written: str) -> int:
    return timestamps.from_datetime(datetime.datetime.fromisoformat(written))
