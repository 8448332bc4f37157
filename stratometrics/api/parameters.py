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
"""The query string of a question, checked to the last letter.

Nothing is guessed: what is unknown, doubled, empty or out of range is an
error that says what was expected, because a bill that silently answers
another question is worse than none.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import itertools
from typing import Protocol
from urllib import parse
import zoneinfo

from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import paging
from stratometrics.api import schemas
from stratometrics.model import calendars
from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.model import usage

#: The longest value, in characters.
MAX_VALUE_LENGTH = 255
#: The same of one that an answer gave.
MAX_MARKER_LENGTH = 6000
#: The most values of one parameter.
MAX_VALUES = 100

_EARLIEST = instants.parse('1970-01-01T00:00:00Z')
_LATEST = instants.parse('2200-01-01T00:00:00Z')
_DAY = 86_400 * timestamps.MICROSECONDS

_BOOLEANS = {'true': True, 'false': False}

#: Parameters of more than one question.
PERIOD = ('from', 'to', 'as_of')
GROUP_BY = 'group_by'
PROJECT_ID = 'project_id'
ALL_PROJECTS = 'all_projects'
RESOURCE_TYPE = 'resource_type'
GRANULARITY = 'granularity'
#: Behind a key: none of the values, as in ``state!=shelved``.
NOT = '!'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What the operator decided about questions.

    :param zone: whose calendar says when a month begins.
    :param max_period_days: the longest period that may be asked about.
    :param max_buckets: the most buckets that it may be divided into.
    :param max_results: the most results of an answer that is kept in memory.
    :param max_charges: the most charges that are kept in memory.
    :param max_page_lines: the most lines of a statement for people.
    :param settling_time: microseconds after which everything that was
        received can be seen.
    """

    zone: zoneinfo.ZoneInfo
    max_period_days: int
    max_buckets: int
    max_results: int
    max_charges: int
    max_page_lines: int
    settling_time: int


class _Timed(Protocol):
    """A question about a period."""

    @property
    def period(self) -> usage.Period: ...


def none_expected(query: str) -> None:
    """See that a query string is empty.

    :raises UnknownParameter: it is not.
    """
    given = _pairs(query)
    if given:
        raise _unknown(given, ())


def following(question: _Timed, query: str, marker: str) -> str:
    """The query string of the same question from a marker on.

    Its period is spelled out: by default it is another one next month.
    """
    given = _pairs(query) | {
        'from': [timestamps.isoformat(question.period.begin)],
        'to': [timestamps.isoformat(question.period.end)],
        paging.MARKER: [marker],
    }
    return parse.urlencode(given, doseq=True)


def pairs(query: str, valid: Sequence[str]) -> dict[str, list[str]]:
    """The values of each parameter of a query string.

    :param query: as it came, percent-encoded.
    :param valid: the names that there are.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = _pairs(query)
    if not given.keys() <= set(valid):
        raise _unknown(given, valid)
    for name, values in given.items():
        _check_values(name, values)
    return given


def scope(given: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], bool]:
    """The projects that are named, and whether all are asked for.

    :raises InvalidParameter: both.
    """
    project_ids = several(given, PROJECT_ID)
    all_projects = boolean(given, ALL_PROJECTS)
    if all_projects and project_ids:
        raise errors.InvalidParameter(
            'project_id and all_projects exclude each other'
        )
    return project_ids, all_projects


def whole_number(
    given: Mapping[str, Sequence[str]], name: str, default: int, maximum: int
) -> int:
    """A number from 1 to a maximum."""
    text = single(given, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or not (
        len(text) < 20 and 1 <= int(text) <= maximum
    ):
        raise errors.InvalidParameter(
            f'{name} must be a whole number from 1 to {maximum}'
        )
    return int(text)


def _pairs(query: str) -> dict[str, list[str]]:
    # WSGI hands bytes over as Latin-1. That they are UTF-8, however encoded,
    # has been seen to before a controller is asked.
    text = query.encode('latin-1').decode()
    given: dict[str, list[str]] = {}
    for name, value in parse.parse_qsl(
        text, keep_blank_values=True, errors='strict'
    ):
        given.setdefault(name, []).append(value)
    return given


def _unknown(
    given: Iterable[str], valid: Sequence[str]
) -> errors.UnknownParameter:
    unknown = sorted(set(given) - set(valid))
    shown = ', '.join(
        repr(name[: paging.MAX_NAME_SHOWN]) for name in unknown[:MAX_VALUES]
    )
    # A key is named once, not with its negation again.
    names = ', '.join(name for name in valid if not name.endswith(NOT))
    hint = f'valid are {names}' if names else 'none is valid here'
    return errors.UnknownParameter(f'unknown: {shown}; {hint}')


def _check_values(name: str, values: Sequence[str]) -> None:
    if len(values) > MAX_VALUES:
        raise errors.InvalidParameter(
            f'{name} has more than {MAX_VALUES} values'
        )
    if not all(values):
        raise errors.InvalidParameter(f'{name} has an empty value')
    longest = MAX_VALUE_LENGTH
    if name == paging.MARKER:
        longest = MAX_MARKER_LENGTH
    if max(map(len, values)) > longest:
        raise errors.InvalidParameter(
            f'{name} has a value of more than {longest} characters'
        )


def single(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The value of a parameter that may be given once."""
    values = given.get(name, ())
    if len(values) > 1:
        raise errors.InvalidParameter(f'{name} may be given once')
    return values[0] if values else None


def several(given: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    """The distinct values of a parameter, in their order."""
    return tuple(dict.fromkeys(given.get(name, ())))


def boolean(given: Mapping[str, Sequence[str]], name: str) -> bool:
    """Whether a parameter is true; by default it is not."""
    text = single(given, name)
    if text is None:
        return False
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise errors.InvalidParameter(
            f'{name} must be "true" or "false"'
        ) from None


def instant(given: Mapping[str, Sequence[str]], name: str) -> int | None:
    """A time, in microseconds since the epoch (R3)."""
    text = single(given, name)
    if text is None:
        return None
    try:
        return instants.parse(text)
    except instants.InvalidInstant as error:
        raise errors.InvalidParameter(f'{name} {error}') from None


def period(
    given: Mapping[str, Sequence[str]], rules: Rules, now: int
) -> usage.Period:
    """The period that is asked about; by default the current month."""
    begin, end = instant(given, 'from'), instant(given, 'to')
    for bound in (begin, end):
        if bound is not None:
            _check_range(bound)
    if begin is None:
        # A month that ends at its last instant is still that month.
        begin, following = instants.month(
            now if end is None else end - 1, rules.zone
        )
        end = following if end is None else end
    elif end is None:
        end = now
        if begin >= end:
            raise errors.InvalidPeriod(
                'from is not in the past, so the period needs a "to"'
            )
    if begin >= end:
        raise errors.InvalidPeriod('from must be earlier than to')
    return checked(begin, end, rules)


def checked(begin: int, end: int, rules: Rules) -> usage.Period:
    """A period that may be asked about.

    :param begin: its first instant, microseconds since the epoch.
    :param end: the first instant behind it.
    :raises InvalidPeriod: it is too long, or too far away.
    """
    _check_range(begin)
    _check_range(end)
    if end - begin > rules.max_period_days * _DAY:
        raise errors.InvalidPeriod(
            f'the period is longer than {rules.max_period_days} days'
        )
    return usage.Period(begin, end)


def _check_range(instant: int) -> None:
    if not _EARLIEST <= instant <= _LATEST:
        raise errors.InvalidPeriod(
            'a period lies between 1970-01-01T00:00:00Z and '
            '2200-01-01T00:00:00Z'
        )


def bucket_length(
    given: Mapping[str, Sequence[str]],
) -> calendars.Granularity | None:
    """How long buckets are; by default there are none."""
    text = single(given, GRANULARITY)
    if text is None:
        return None
    try:
        return calendars.GRANULARITIES[text]
    except KeyError:
        raise errors.InvalidParameter(
            f'{GRANULARITY} {text[: paging.MAX_NAME_SHOWN]!r} is none of '
            f'{", ".join(calendars.GRANULARITIES)}'
        ) from None


def boundaries(
    granularity: calendars.Granularity | None,
    rules: Rules,
    whole: usage.Period,
) -> tuple[int, ...]:
    """Where the buckets of a period begin and end; () if there are none.

    :raises InvalidParameter: there are too many.
    """
    if granularity is None:
        return ()
    found = tuple(
        itertools.islice(
            calendars.boundaries(whole, granularity, rules.zone),
            rules.max_buckets + 2,
        )
    )
    if len(found) > rules.max_buckets + 1:
        raise errors.InvalidParameter(
            f'{GRANULARITY} {granularity} divides the period into more than '
            f'{rules.max_buckets} buckets: ask for longer ones, or about a '
            f'shorter period'
        )
    return found


def as_of(
    given: Mapping[str, Sequence[str]], rules: Rules, now: int
) -> int | None:
    """The time as of which is asked (R15), in microseconds."""
    at = instant(given, 'as_of')
    if at is None:
        return None
    _check_range(at)
    if at > now - rules.settling_time:
        # The answer could still change, and then nothing reproduces it (R15).
        seconds = rules.settling_time // timestamps.MICROSECONDS
        raise errors.InvalidParameter(
            f'as_of must lie {seconds} seconds or more in the past'
        )
    return at


def keys_of_groups(
    given: Mapping[str, Sequence[str]],
    keys: Sequence[str],
    default: tuple[str, ...],
) -> tuple[str, ...]:
    """What is asked to be told apart.

    :param keys: all that can be.
    :param default: what is unless something else is asked for.
    """
    if GROUP_BY not in given:
        return default
    names = [name for value in given[GROUP_BY] for name in value.split(',')]
    for name in names:
        if name not in keys:
            raise errors.InvalidParameter(
                f'group_by {name[: paging.MAX_NAME_SHOWN]!r} is none of '
                f'{", ".join(keys)}'
            )
    if len(set(names)) < len(names):
        raise errors.InvalidParameter('group_by names a key twice')
    return tuple(names)


def resource_types(
    given: Mapping[str, Sequence[str]], asked: collection.Collection
) -> tuple[str, ...]:
    """The resource types in question; by default all of a collection."""
    names = several(given, RESOURCE_TYPE) or tuple(asked.resource_types)
    excluded = several(given, f'{RESOURCE_TYPE}{NOT}')
    for name in (*names, *excluded):
        if name in asked.elsewhere:
            raise errors.InvalidParameter(
                f'resource_type {name!r} is not billed by time: ask '
                f'/v1/{asked.elsewhere[name]} about it'
            )
        if name not in asked.resource_types:
            raise errors.InvalidParameter(
                f'resource_type {name[: paging.MAX_NAME_SHOWN]!r} is none of '
                f'{", ".join(asked.resource_types)}'
            )
    names = tuple(name for name in names if name not in excluded)
    if not names:
        raise errors.InvalidParameter(
            f'{RESOURCE_TYPE}{NOT} leaves no resource type'
        )
    return names


#: What may be wrong with a period, and with whose data is asked for.
ERRORS = (
    errors.InvalidParameter,
    errors.InvalidPeriod,
    errors.NoProject,
    errors.TooExpensive,
    errors.Purged,
)

#: The schema of a value of which only the length is checked.
VALUE = schemas.text(MAX_VALUE_LENGTH)

AS_OF = operations.Parameter(
    name='as_of',
    schema=schemas.INSTANT,
    description='Answer as if only what was received up to then existed.',
)
SCOPE = (
    operations.Parameter(
        name=PROJECT_ID,
        schema=schemas.several(VALUE, maxItems=MAX_VALUES),
        description='Projects; by default that of the token.',
    ),
    operations.Parameter(
        name=ALL_PROJECTS,
        schema=schemas.BOOLEAN,
        description=f'All projects; excludes {PROJECT_ID}.',
    ),
)


def described_period(rules: Rules) -> tuple[operations.Parameter, ...]:
    """The parameters of :func:`period` and :func:`as_of`."""
    return (
        operations.Parameter(
            name='from',
            schema=schemas.INSTANT,
            description=(
                f'The first instant of the period. By default that of the '
                f'calendar month, in {rules.zone.key}, that holds the end of '
                f'the period, or else the present.'
            ),
        ),
        operations.Parameter(
            name='to',
            schema=schemas.INSTANT,
            description=(
                f'The period goes up to, but does not include, this instant; '
                f'it has at most {rules.max_period_days} days. By default '
                f'the present, or the end of the calendar month if there is '
                f'no "from" either.'
            ),
        ),
        AS_OF,
    )


def described_types(asked: collection.Collection) -> operations.Parameter:
    """The parameter of :func:`resource_types`."""
    return operations.Parameter(
        name=RESOURCE_TYPE,
        schema=schemas.several(
            schemas.one_of(asked.resource_types), maxItems=MAX_VALUES
        ),
        description='Resource types; by default all that there are.',
    )


def described_format(offered: Iterable[str]) -> operations.Parameter:
    """The parameter of :func:`stratometrics.api.formats.choose`.

    :param offered: its values.
    """
    return operations.Parameter(
        name=formats.FORMAT,
        schema=schemas.one_of(offered),
        description='The form of the answer; counts before Accept.',
    )
