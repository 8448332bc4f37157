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
"""In what order groups come, and page by page.

A page ends at a position in the order and not after a number of groups, so
that none is left out or comes twice when usage grows in the meantime; a
question ``as_of`` a time gives the pages of one answer.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
import json

from stratometrics.api import errors
from stratometrics.api import operations
from stratometrics.api import schemas
from stratometrics.model import usage

SORT = 'sort'
LIMIT = 'limit'
MARKER = 'marker'
PARAMETERS = (SORT, LIMIT, MARKER)

#: The longest name that an error message repeats.
MAX_NAME_SHOWN = 64
#: What fits a number that the database compares with.
_MAX_AMOUNT = 2**255


def order(
    text: str | None, group_by: Sequence[str], measures: Iterable[str]
) -> tuple[usage.Order, ...]:
    """What groups are to be ordered by.

    :param text: names with commas between them, each with a minus if what is
        greatest comes first.
    :param group_by: the keys of groups.
    :param measures: the measures of the resource types in question.
    :raises InvalidParameter: one of the names is not to be had.
    """
    if text is None:
        return ()
    valid = _names(group_by, measures)
    found = tuple(
        usage.Order(name.removeprefix('-'), name.startswith('-'))
        for name in text.split(',')
    )
    for each in found:
        if each.by not in valid:
            raise errors.InvalidParameter(
                f'{SORT} {each.by[:MAX_NAME_SHOWN]!r} is none of '
                f'{", ".join(valid)}'
            )
    if len({each.by for each in found}) < len(found):
        raise errors.InvalidParameter(f'{SORT} names a key twice')
    return found


def _names(
    group_by: Iterable[str], measures: Iterable[str]
) -> tuple[str, ...]:
    """What groups can be ordered by."""
    return tuple(
        dict.fromkeys(
            (
                usage.USAGE,
                *(f'{usage.MEASURES}{name}' for name in measures),
                *group_by,
            )
        )
    )


def described(
    keys: Iterable[str], measures: Iterable[str], maximum: int
) -> tuple[operations.Parameter, ...]:
    """The parameters of an order, and of how much of it is wanted.

    :param keys: all that usage can be grouped by.
    :param maximum: the most results.
    """
    names = _names(keys, measures)
    return (
        operations.Parameter(
            name=SORT,
            schema=schemas.several(
                schemas.one_of([*names, *(f'-{name}' for name in names)]),
                minItems=1,
                uniqueItems=True,
            ),
            description=(
                'What groups are ordered by: usage, measures, and what they '
                'are grouped by; with a minus, the greatest comes first.'
            ),
            commas=True,
        ),
        operations.Parameter(
            name=LIMIT,
            schema=schemas.whole_number(1, maximum),
            description='How many groups a page has; by default all.',
        ),
    )


class Page:
    """Some groups of an answer, of which one more was asked for.

    :param limit: how many there may be; None for all.
    :ivar last: the last group, if others follow.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.last: usage.UsageRow | None = None

    def take(self, rows: Iterable[usage.UsageRow]) -> Iterator[usage.UsageRow]:
        """The groups of the page."""
        taken = None
        for number, row in enumerate(rows):
            if number == self._limit:
                self.last = taken
                return
            taken = row
            yield row


def marker(query: usage.UsageQuery, row: usage.UsageRow) -> str:
    """The position of a group, for a question that goes on behind it."""
    position = [
        [str(each), value]
        for each, value in zip(query.ranking, query.position(row), strict=True)
    ]
    text = json.dumps(position, ensure_ascii=False, separators=(',', ':'))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


def position(
    text: str | None, ranking: Sequence[usage.Order]
) -> tuple[int | str, ...]:
    """The position that a marker stands for.

    :param ranking: all that groups are ordered by.
    :raises InvalidParameter: no answer to such a question gave this marker.
    """
    if text is None:
        return ()
    try:
        padded = text + '=' * (-len(text) % 4)
        # A broken surrogate is a text of JSON, but not one of the database.
        found = json.loads(base64.b64decode(padded, b'-_', validate=True))
        json.dumps(found, ensure_ascii=False).encode()
        values = tuple(
            _value(each, *pair)
            for each, pair in zip(ranking, found, strict=True)
        )
    except (ValueError, TypeError, RecursionError):
        raise errors.InvalidParameter(
            f'{MARKER} is none that an answer to this question gave'
        ) from None
    return values


def _value(each: usage.Order, by: str, value: int | str) -> int | str:
    amount = each.by == usage.USAGE or each.by.startswith(usage.MEASURES)
    if by != str(each) or type(value) is not (int if amount else str):
        raise ValueError(by)
    if amount and abs(value) >= _MAX_AMOUNT:
        raise ValueError(value)
    return value
