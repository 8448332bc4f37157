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
"""What a page says in words: all of it, so that it can be translated."""

from stratometrics.model import prices

PREVIEW = 'PREVIEW'
PREVIEW_NOTICE = (
    'This is a preview and not a statement: it was not issued, and its '
    'figures can still change.'
)
STATEMENT = 'Statement'
NUMBER = 'Number'
PROJECT = 'Project'
DOMAIN = 'Domain'
REGION = 'Region'
PERIOD = 'Period'
TIMEZONE = 'Time zone'
ISSUED_AT = 'Issued'
AS_OF = 'As of'
TOTAL = 'Total'
NOTHING = 'Nothing was charged.'

CHART = 'Cost by day and type'
CHART_SUMMARY = (
    'A bar for each day, stacked by type. Together {total}; the most on '
    '{day}: {most}.'
)
OTHER = 'other'

ITEM = 'Item'
QUANTITY = 'Quantity'
UNIT_PRICE = 'Unit price'
AMOUNT = 'Amount'
SUBTOTAL = 'Subtotal'
USAGE = 'Usage'
ADJUSTMENTS = 'Adjustments of earlier months'
UNROUNDED = 'Before rounding'

UNPRICED = 'Usage without a price'
UNPRICED_NOTICE = (
    'No price is known for this usage. It is not part of the total.'
)

ROUNDING = (
    'Quantities and amounts are exact and shown with fewer digits; only a '
    'total is rounded, once.'
)
DIGEST = 'SHA-256'

#: Why something is charged, or not, that is not just usage.
CHARGES = {
    'included': 'included in the price',
    'minimum': 'up to the minimum charge',
}

#: What one unit of a quantity is of a resource as such.
UNITS = {
    prices.Per.HOUR: 'h',
    prices.Per.MONTH: 'months',
    prices.Per.UNIT: '',
}
#: The same behind a price.
PER = {
    prices.Per.HOUR: 'h',
    prices.Per.MONTH: 'month',
    prices.Per.UNIT: '',
}
