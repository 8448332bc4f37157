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
"""What FOCUS 1.2 demands of a file, as data.

Taken from the columns of the specification,
https://focus.finops.org/focus-specification/v1-2/, by the ids that its
requirements have in the model of focus_validator 2.0.1 (model-1.2.json).
What concerns only columns that are left out, such as those of commitments, or
what no file shows, such as an invoice, is not here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
import csv
import decimal
import io
import json
import re

import iso4217

Row = Mapping[str, str]

_DECIMAL = re.compile(r'-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?')
_TIME = re.compile(
    r'[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9](:[0-5][0-9]){2}Z'
)
_SIZE = 'b|B|([KMGTPE]b?)|([KMGTPE]i?[bB])'
_COUNT = '[A-Za-z][A-Za-z0-9]*( [A-Za-z][A-Za-z0-9]*)*'
_SPANS = '(Years|Months|Days|Hours|Minutes|Seconds)'
_UNIT = re.compile(f'({_SIZE}|{_COUNT})(-{_SPANS})?')

STRING, DECIMAL, TIME, PAIRS = 'string', 'decimal', 'time', 'pairs'
MANDATORY, CONDITIONAL, RECOMMENDED = 'mandatory', 'conditional', 'recommended'

#: What a column holds, whether it may be null, and how it must be there. Those
#: that are conditional are so on what every OpenStack cloud has: regions,
#: accounts, resources with types, price lists, measured usage.
COLUMNS = {
    'AvailabilityZone': (STRING, True, RECOMMENDED),
    'BilledCost': (DECIMAL, False, MANDATORY),
    'BillingAccountId': (STRING, False, MANDATORY),
    'BillingAccountName': (STRING, False, MANDATORY),
    'BillingCurrency': (STRING, False, MANDATORY),
    'BillingPeriodEnd': (TIME, False, MANDATORY),
    'BillingPeriodStart': (TIME, False, MANDATORY),
    'ChargeCategory': (STRING, False, MANDATORY),
    'ChargeClass': (STRING, True, MANDATORY),
    'ChargeDescription': (STRING, False, MANDATORY),
    'ChargeFrequency': (STRING, False, RECOMMENDED),
    'ChargePeriodEnd': (TIME, False, MANDATORY),
    'ChargePeriodStart': (TIME, False, MANDATORY),
    'ConsumedQuantity': (DECIMAL, True, CONDITIONAL),
    'ConsumedUnit': (STRING, True, CONDITIONAL),
    'ContractedCost': (DECIMAL, False, MANDATORY),
    'ContractedUnitPrice': (DECIMAL, True, CONDITIONAL),
    'EffectiveCost': (DECIMAL, False, MANDATORY),
    'InvoiceId': (STRING, True, RECOMMENDED),
    'InvoiceIssuerName': (STRING, False, MANDATORY),
    'ListCost': (DECIMAL, False, MANDATORY),
    'ListUnitPrice': (DECIMAL, True, CONDITIONAL),
    'PricingCategory': (STRING, True, CONDITIONAL),
    'PricingQuantity': (DECIMAL, True, MANDATORY),
    'PricingUnit': (STRING, True, MANDATORY),
    'ProviderName': (STRING, False, MANDATORY),
    'PublisherName': (STRING, False, MANDATORY),
    'RegionId': (STRING, True, CONDITIONAL),
    'RegionName': (STRING, True, CONDITIONAL),
    'ResourceId': (STRING, True, CONDITIONAL),
    'ResourceName': (STRING, True, CONDITIONAL),
    'ResourceType': (STRING, True, CONDITIONAL),
    'ServiceCategory': (STRING, False, MANDATORY),
    'ServiceName': (STRING, False, MANDATORY),
    'ServiceSubcategory': (STRING, False, RECOMMENDED),
    'SkuId': (STRING, True, CONDITIONAL),
    'SkuMeter': (STRING, True, CONDITIONAL),
    'SkuPriceDetails': (PAIRS, True, CONDITIONAL),
    'SkuPriceId': (STRING, True, CONDITIONAL),
    'SubAccountId': (STRING, True, CONDITIONAL),
    'SubAccountName': (STRING, True, CONDITIONAL),
    'Tags': (PAIRS, True, CONDITIONAL),
}

#: What a column may say, by the id of the rule.
ALLOWED = {
    'ChargeCategory-C-003-M': (
        'ChargeCategory',
        {'Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'},
    ),
    'ChargeClass-C-005-C': ('ChargeClass', {'', 'Correction'}),
    'ChargeFrequency-C-003-M': (
        'ChargeFrequency',
        {'One-Time', 'Recurring', 'Usage-Based'},
    ),
    'PricingCategory-C-007-M': (
        'PricingCategory',
        {'', 'Standard', 'Dynamic', 'Committed', 'Other'},
    ),
}

#: The subcategories below the categories that services here are of.
SUBCATEGORIES = {
    'Compute': {
        *('Containers', 'End User Computing', 'Quantum Compute'),
        *('Serverless Compute', 'Virtual Machines', 'Other (Compute)'),
    },
    'Databases': {
        *('Caching', 'Data Warehouses', 'Ledger Databases'),
        *('NoSQL Databases', 'Relational Databases'),
        *('Time Series Databases', 'Other (Databases)'),
    },
    'Management and Governance': {
        *('Architecture', 'Compliance', 'Cost Management'),
        *('Data Governance', 'Disaster Recovery', 'Endpoint Management'),
        *('Observability', 'Support', 'Other (Management and Governance)'),
    },
    'Networking': {
        *('Application Networking', 'Content Delivery'),
        *('Network Connectivity', 'Network Infrastructure'),
        *('Network Routing', 'Network Security', 'Other (Networking)'),
    },
    'Storage': {
        *('Backup Storage', 'Block Storage', 'File Storage'),
        *('Object Storage', 'Storage Platforms', 'Other (Storage)'),
    },
    'Other': {'Other (Other)'},
}

#: Values of the first column that have one value of the second.
ONE_FOR_ONE = {
    'ServiceName-C-005-C': ('ServiceName', 'ServiceCategory'),
    'ServiceName-C-008-C': ('ServiceName', 'ServiceSubcategory'),
    'ServiceSubcategory-C-004-M': ('ServiceSubcategory', 'ServiceCategory'),
    'SkuPriceId-C-008-M': ('SkuPriceId', 'SkuId'),
}


def _number(text: str) -> decimal.Decimal:
    return decimal.Decimal(text)


def _new_usage(row: Row) -> bool:
    return row['ChargeCategory'] in ('Usage', 'Purchase') and (
        row['ChargeClass'] != 'Correction'
    )


def _needed(name: str) -> Callable[[Row], bool]:
    """It is there if something was used, and if this is no correction."""
    return lambda row: not _new_usage(row) or row[name] != ''


def _together(one: str, other: str) -> Callable[[Row], bool]:
    return lambda row: (row[one] == '') is (row[other] == '')


def _product(price: str, cost: str) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        if '' in (row[price], row['PricingQuantity']):
            return True
        with decimal.localcontext(prec=200):
            product = _number(row[price]) * _number(row['PricingQuantity'])
        return product == _number(row[cost])

    return holds


#: What must hold of each row.
ROWS: dict[str, Callable[[Row], bool]] = {
    'BilledCost-C-005-C': lambda row: (
        row['ProviderName'] == row['InvoiceIssuerName']
        or not _number(row['BilledCost'])
    ),
    'BillingCurrency-C-006-M': lambda row: (
        row['BillingCurrency'] in {each.code for each in iso4217.Currency}
    ),
    'BillingPeriodEnd-C-004-M': lambda row: (
        row['BillingPeriodStart'] < row['BillingPeriodEnd']
    ),
    'ChargePeriodEnd-C-004-M': lambda row: (
        row['ChargePeriodStart'] < row['ChargePeriodEnd']
    ),
    'ChargeFrequency-C-004-C': lambda row: (
        row['ChargeCategory'] != 'Purchase'
        or row['ChargeFrequency'] != 'Usage-Based'
    ),
    'ConsumedQuantity-C-004-C': lambda row: (
        row['ChargeCategory'] == 'Usage' or row['ConsumedQuantity'] == ''
    ),
    'ConsumedQuantity-C-006-C': _needed('ConsumedQuantity'),
    'ConsumedUnit-C-003-C': _together('ConsumedUnit', 'ConsumedQuantity'),
    'ContractedCost-C-008-C': lambda row: (
        row['ContractedUnitPrice'] != ''
        or row['ContractedCost'] == row['BilledCost']
    ),
    'ContractedUnitPrice-C-006-C': _needed('ContractedUnitPrice'),
    'ContractedUnitPrice-C-009-C': lambda row: (
        _number(row['ContractedUnitPrice'] or '0') >= 0
    ),
    'ContractedUnitPrice-C-011-C': _product(
        'ContractedUnitPrice', 'ContractedCost'
    ),
    'EffectiveCost-C-010-C': lambda row: (
        row['ChargeCategory'] in ('Usage', 'Purchase')
        or row['EffectiveCost'] == row['BilledCost']
    ),
    'ListCost-C-008-C': lambda row: (
        row['ListUnitPrice'] != '' or row['ListCost'] == row['BilledCost']
    ),
    'ListUnitPrice-C-005-C': _needed('ListUnitPrice'),
    'ListUnitPrice-C-008-M': lambda row: (
        _number(row['ListUnitPrice'] or '0') >= 0
    ),
    'ListUnitPrice-C-010-C': _product('ListUnitPrice', 'ListCost'),
    'PricingCategory-C-004-C': _needed('PricingCategory'),
    'PricingQuantity-C-005-C': _needed('PricingQuantity'),
    'PricingUnit-C-004-C': _together('PricingUnit', 'PricingQuantity'),
    'RegionName-C-003-C': _together('RegionName', 'RegionId'),
    'ResourceName-C-004-C': lambda row: (
        row['ResourceId'] != '' or row['ResourceName'] == ''
    ),
    'ResourceName-C-006-C': lambda row: (
        row['ResourceName'] == '' or row['ResourceName'] != row['ResourceId']
    ),
    'ResourceType-C-003-C': _together('ResourceType', 'ResourceId'),
    'ServiceCategory-C-003-M, ServiceSubcategory-C-003-M': lambda row: (
        row['ServiceSubcategory']
        in SUBCATEGORIES.get(row['ServiceCategory'], ())
    ),
    'SkuId-C-005-C': _needed('SkuId'),
    'SkuMeter-C-003-C': _together('SkuMeter', 'SkuId'),
    'SkuPriceDetails-C-004-C': lambda row: (
        row['SkuPriceId'] != '' or row['SkuPriceDetails'] == ''
    ),
    'SkuPriceId-C-005-C': _needed('SkuPriceId'),
    'SubAccountName-C-003-C': _together('SubAccountName', 'SubAccountId'),
    'Tags-C-012-M': lambda row: all(
        key.startswith('openstack/') for key in json.loads(row['Tags'] or '{}')
    ),
    'UnitFormat-A-000-M': lambda row: all(
        _UNIT.fullmatch(row[name])
        for name in ('ConsumedUnit', 'PricingUnit')
        if row[name]
    ),
}


def read(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file. What is null is empty."""
    return list(csv.DictReader(io.StringIO(text, newline='')))


def violations(rows: Iterable[Row]) -> list[str]:
    """What is wrong with a file; nothing, one hopes."""
    found: set[str] = set()
    others: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        for name, (kind, nullable, _) in COLUMNS.items():
            if name not in row:
                found.add(f'{name}: there is no such column')
            elif row[name] == '':
                if not nullable:
                    found.add(f'{name} is null')
            elif not _SHAPES[kind](row[name]):
                found.add(f'{name} is no {kind}: {row[name]!r}')
        found |= {
            f'{name}: a column of our own begins with x_'
            for name in row
            if name not in COLUMNS and not name.startswith('x_')
        }
        if found:
            continue
        for rule, (name, allowed) in ALLOWED.items():
            if row[name] not in allowed:
                found.add(f'{rule}: {row[name]!r}')
        for rule, holds in ROWS.items():
            if not holds(row):
                found.add(f'{rule}: {row}')
        for rule, (one, other) in ONE_FOR_ONE.items():
            if row[one]:
                others[rule, row[one]].add(row[other])
    found |= {
        f'{rule}: {value!r} has {sorted(several)}'
        for (rule, value), several in others.items()
        if len(several) > 1
    }
    return sorted(found)


def _pairs(text: str) -> bool:
    value = json.loads(text)
    return isinstance(value, dict) and not any(
        isinstance(each, (dict, list)) for each in value.values()
    )


_SHAPES: dict[str, Callable[[str], object]] = {
    # Such as one of spaces alone, which looks like none.
    STRING: lambda text: text.strip(),
    DECIMAL: _DECIMAL.fullmatch,
    TIME: _TIME.fullmatch,
    PAIRS: _pairs,
}
