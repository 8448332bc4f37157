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
"""Tells of usage that no price is for."""

from collections.abc import Container, Iterable
import decimal

from stratometrics.client import answers
from stratometrics.osc import wording
from stratometrics.osc.tables import columns

#: How many are told, before the others are counted.
_MOST = 10


def told(
    found: Iterable[answers.Unpriced], consumed: Container[str] = ()
) -> str:
    """What is not charged; '' if everything is.

    :param found: usage without a price.
    :param consumed: the resource types whose usage is a count.
    """
    sums: dict[tuple[str, str, str], decimal.Decimal] = {}
    for each in found:
        key = each.resource_type, each.type, each.state
        with decimal.localcontext(prec=wording.PRECISION):
            sums[key] = sums.get(key, decimal.Decimal()) + each.usage
    if not sums:
        return ''
    lines = [
        f'  {_what(key)}: {_amount(usage, key[0] in consumed)}'
        for key, usage in sorted(sums.items())
    ]
    if len(lines) > _MOST:
        lines[_MOST:] = [f'  and {len(lines) - _MOST} others']
    return '\n'.join(
        ['No price is for some of the usage, which costs nothing:', *lines]
    )


def of_statement(found: Iterable[answers.UnpricedLine]) -> str:
    """The same of what a statement leaves uncharged."""
    lines = list(found)
    return told(
        lines, {each.resource_type for each in lines if each.is_consumed}
    )


def _what(key: Iterable[str]) -> str:
    return wording.printable(' '.join(filter(None, key)))


def _amount(usage: decimal.Decimal, counted: bool) -> str:
    if counted:
        return columns.Decimal(usage).human_readable()
    return wording.duration(usage)
