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
"""What a bill that was sent would be today, and what it lacks."""

from collections import defaultdict
from collections.abc import Iterable
import dataclasses
import fractions

from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import charges


def difference(
    now: Iterable[statements.Line], then: Iterable[statements.Line]
) -> tuple[statements.Line, ...]:
    """What is to be charged beyond what was charged.

    Lines of the same usage at the same price are compared, whatever it is
    called by now. Only what differs is returned: more of something is
    positive, less of it negative. Each line keeps its own period.

    :param now: the lines of a month as of today.
    :param then: those of the same month as of an earlier time, and what has
        been adjusted since.
    :returns: lines in a fixed order. Added to those of ``then``, they amount
        to those of ``now``.
    """
    lines: dict[tuple, statements.Line] = {}
    sums: dict[tuple, tuple[fractions.Fraction, fractions.Fraction]] = {}
    for sign, some in ((-1, then), (1, now)):
        for line in some:
            key = _key(line)
            lines[key] = line
            quantity, amount = sums.get(key, (0, 0))
            sums[key] = (
                quantity + sign * line.quantity,
                amount + sign * line.amount,
            )
    return tuple(
        dataclasses.replace(
            lines[key],
            quantity=fractions.Fraction(quantity),
            amount=fractions.Fraction(amount),
        )
        for key, (quantity, amount) in sorted(
            sums.items(), key=lambda each: each[0]
        )
        if quantity or amount
    )


def unpriced(
    month: usage.Period,
    now: Iterable[statements.Unpriced],
    then: Iterable[statements.Unpriced],
) -> tuple[statements.Unpriced, ...]:
    """Usage of a month that no price is for, beyond what was reported.

    :param now: what there is as of today.
    :param then: what there was as of an earlier time.
    :returns: in a fixed order; each is of the whole month.
    """
    sums: dict[tuple, int] = defaultdict(int)
    for sign, some in ((-1, then), (1, now)):
        for each in some:
            sums[
                each.resource_type, each.type, each.state, each.billed_by
            ] += sign * each.usage
    return tuple(
        statements.Unpriced(
            period=month,
            resource_type=resource_type,
            type=type_,
            state=state,
            billed_by=billed_by,
            usage=amount,
        )
        for (resource_type, type_, state, billed_by), amount in sorted(
            sums.items()
        )
        if amount > 0
    )


def _key(line: statements.Line) -> tuple:
    """All that tells a line from others, in the order of a bill."""
    return (
        *charges.place(line),
        line.kind,
        line.unit_price,
        line.per,
        line.currency,
    )
