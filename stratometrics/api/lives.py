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
"""Questions about resources and their timelines, and the answers."""

from collections.abc import Iterator, Mapping, Sequence
import dataclasses
from typing import Any

from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.api import types
from stratometrics.model import event as event_model
from stratometrics.model import timeline
from stratometrics.model import timestamps
from stratometrics.model import usage

#: How many resources or intervals one answer has, and can have.
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

NAME = 'name'
_LIMIT = 'limit'
_MARKER = 'marker'
_SCOPE = (parameters.PROJECT_ID, parameters.ALL_PROJECTS)
_VALID = (
    *parameters.PERIOD,
    *_SCOPE,
    parameters.RESOURCE_TYPE,
    _LIMIT,
    _MARKER,
)

#: What is shown of an event that counts, beside its attributes and measures.
_FACTS = (
    'region',
    'project_id',
    'user_id',
    'name',
    'state',
    'type',
    'type_id',
    'image',
    'availability_zone',
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, before anyone decided whether the caller may know.

    :param limit: how much to give at most.
    :param marker: where the last page ended; '' for the first one.
    :param names: only what was last called so; empty for all.
    """

    period: usage.Period
    resource_types: tuple[str, ...]
    project_ids: tuple[str, ...]
    all_projects: bool
    as_of: int | None
    limit: int
    marker: str
    names: tuple[str, ...] = ()


def question(
    query: str,
    asked: collection.Collection,
    rules: parameters.Rules,
    now: int,
    more: Sequence[str] = (),
) -> Question:
    """Read a query string.

    :param query: as it came, percent-encoded.
    :param asked: the resource types that there are.
    :param now: the time of asking, microseconds since the epoch.
    :param more: further parameters that may be given: :data:`NAME`.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = parameters.pairs(query, (*_VALID, *more))
    project_ids, all_projects = parameters.scope(given)
    return Question(
        period=parameters.period(given, rules, now),
        resource_types=parameters.resource_types(given, asked),
        project_ids=project_ids,
        all_projects=all_projects,
        as_of=parameters.as_of(given, rules, now),
        limit=parameters.whole_number(given, _LIMIT, DEFAULT_LIMIT, MAX_LIMIT),
        marker=parameters.single(given, _MARKER) or '',
        names=parameters.several(given, NAME),
    )


def after(asked: Question) -> tuple[str, str] | None:
    """The type and id of the resource that the last page ended with.

    :raises InvalidParameter: the marker is none of /v1/resources.
    """
    if not asked.marker:
        return None
    resource_type, slash, resource_id = asked.marker.partition('/')
    if not slash:
        raise errors.InvalidParameter(
            f'{_MARKER} must be that of the last page'
        )
    return resource_type, resource_id


def resources(
    asked: Question, found: Sequence[timeline.Life], address: str, query: str
) -> dict[str, Any]:
    """The body of an answer about resources, ready for JSON.

    :param found: one more than asked for, if there is a next page.
    :param address: of the path, without its query string.
    :param query: the query string of the question.
    """
    shown = found[: asked.limit]
    body: dict[str, Any] = _envelope(asked)
    body['resources'] = [_life(each) for each in shown]
    if len(found) > len(shown):
        last = shown[-1]
        marker = f'{last.resource_type}/{last.resource_id}'
        body['links'] = [_next(asked, address, query, marker)]
    return body


def timelines(
    asked: Question,
    owners: Sequence[str] | None,
    found: Sequence[tuple[str, timeline.Timeline]],
    end: int,
    address: str,
    query: str,
) -> dict[str, Any]:
    """The body of an answer about one resource, ready for JSON.

    :param owners: whose intervals may be shown; None for all.
    :param found: by resource type: an id can be that of several.
    :param end: where the answer ends; microseconds since the epoch.
    """
    first = _position(asked.marker)
    intervals = [
        (name, interval, amount)
        for name, each in found
        for interval, amount in _shown(asked, each, owners, end)
    ]
    page = intervals[first : first + asked.limit]
    body = _envelope(asked)
    body['intervals'] = [
        _interval(name, interval, asked.period, end, amount)
        for name, interval, amount in page
    ]
    body['void'] = [
        {'resource_type': name} | _event(recorded)
        for name, each in found
        for recorded in each.void
        if owners is None or recorded.event.project_id in owners
    ]
    following = first + len(page)
    if following < len(intervals):
        body['links'] = [_next(asked, address, query, str(following))]
    return body


def _shown(
    asked: Question,
    found: timeline.Timeline,
    owners: Sequence[str] | None,
    end: int,
) -> Iterator[tuple[timeline.Interval, str]]:
    """The intervals of a period that may be seen, and what was used then."""
    begin = asked.period.begin
    for interval in found.intervals:
        if owners is not None and interval.facts.project_id not in owners:
            continue
        if interval.facts.phase is event_model.Phase.CONSUMED:
            if begin <= interval.begin < end:
                yield interval, '1'
            continue
        length = min(interval.end, end) - max(interval.begin, begin)
        if length > 0:
            used = length if interval.billed else 0
            yield interval, timestamps.decimal_seconds(used)


def _envelope(asked: Question) -> dict[str, Any]:
    body: dict[str, Any] = {
        'period': {
            'from': timestamps.isoformat(asked.period.begin),
            'to': timestamps.isoformat(asked.period.end),
        }
    }
    if asked.as_of is not None:
        body['as_of'] = timestamps.isoformat(asked.as_of)
    return body


def _life(found: timeline.Life) -> dict[str, Any]:
    shown = dataclasses.asdict(found)
    begin, end = shown.pop('begin'), shown.pop('end')
    return shown | {
        'from': timestamps.isoformat(begin),
        'to': timestamps.isoformat(end),
        'usage': timestamps.decimal_seconds(found.usage),
    }


def _interval(
    resource_type: str,
    interval: timeline.Interval,
    period: usage.Period,
    end: int,
    amount: str,
) -> dict[str, Any]:
    facts = interval.facts
    return {
        'resource_type': resource_type,
        'from': timestamps.isoformat(max(interval.begin, period.begin)),
        'to': timestamps.isoformat(min(interval.end, end)),
        'billed': interval.billed,
        'usage': amount,
        **{name: getattr(facts, name) for name in _FACTS},
        'attributes': dict(facts.attributes),
        'measures': {
            name: str(number) for name, number in facts.measures.items()
        },
        'events': [_event(each) for each in interval.events],
    }


def _event(recorded: timeline.Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        'message_id': event.message_id,
        'event_type': event.event_type,
        'source': event.source,
        'birth': event.rank < 0,
        'event_time': timestamps.isoformat(event.event_time),
        'received_at': timestamps.isoformat(recorded.received_at),
        'state': event.state,
    }


def _position(marker: str) -> int:
    if not marker:
        return 0
    if not (marker.isascii() and marker.isdecimal() and len(marker) < 10):
        raise errors.InvalidParameter(
            f'{_MARKER} must be that of the last page'
        )
    return int(marker)


def _next(
    asked: Question, address: str, query: str, marker: str
) -> dict[str, str]:
    text = parameters.following(asked, query, marker)
    return {'rel': 'next', 'href': f'{address}?{text}'}


def described(
    asked: collection.Collection, rules: parameters.Rules
) -> tuple[operations.Parameter, ...]:
    """The parameters of :func:`question`."""
    return (
        *parameters.described_period(rules),
        *parameters.SCOPE,
        parameters.described_types(asked),
        operations.Parameter(
            name=_LIMIT,
            schema={
                **schemas.whole_number(1, MAX_LIMIT),
                'default': DEFAULT_LIMIT,
            },
            description='How much a page has.',
        ),
        operations.Parameter(
            name=_MARKER,
            schema=parameters.VALUE,
            description='Where the last page ended, as its link tells.',
        ),
    )


#: The parameter by which resources are found that users have given a name.
CALLED = operations.Parameter(
    name=NAME,
    schema=schemas.several(parameters.VALUE, maxItems=parameters.MAX_VALUES),
    description=(
        'Only resources whose last name in the period is one of these.'
    ),
)


def _page(members: Mapping[str, operations.Schema]) -> operations.Schema:
    return schemas.record(
        {'period': types.Period, **members},
        {'as_of': schemas.INSTANT, 'links': schemas.several(types.Link)},
    )


_LIFE = {
    **schemas.texts(
        (
            'resource_type',
            'resource_id',
            'region',
            'project_id',
            'user_id',
            'name',
            'state',
            'type',
        )
    ),
    'from': schemas.INSTANT,
    'to': schemas.INSTANT,
    'usage': schemas.SECONDS,
}

#: The schema of :func:`resources`.
RESOURCES = _page({'resources': schemas.several(schemas.record(_LIFE))})

_EVENT = {
    **schemas.texts(('message_id', 'event_type', 'source', 'state')),
    'birth': schemas.BOOLEAN,
    'event_time': schemas.INSTANT,
    'received_at': schemas.INSTANT,
}

_INTERVAL = {
    **schemas.texts(('resource_type', *_FACTS)),
    'from': schemas.INSTANT,
    'to': schemas.INSTANT,
    'billed': schemas.BOOLEAN,
    'usage': {'anyOf': [schemas.SECONDS, schemas.AMOUNT]},
    'attributes': schemas.mapping(schemas.TEXT),
    'measures': schemas.mapping(schemas.AMOUNT),
    'events': schemas.several(schemas.record(_EVENT)),
}

#: The schema of :func:`timelines`.
TIMELINE = _page(
    {
        'intervals': schemas.several(schemas.record(_INTERVAL)),
        'void': schemas.several(
            schemas.record({'resource_type': schemas.TEXT, **_EVENT})
        ),
    }
)
