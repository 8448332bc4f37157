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
"""The answer to a usage question."""

from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

import wsme.rest.json

from stratometrics.api import collection
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.api import types
from stratometrics.api import usages
from stratometrics.model import timestamps
from stratometrics.model import usage

#: The unit of usage. Measures are in units of the measure times seconds; of a
#: consumption, in units of the measure.
UNITS = {
    usage.Kind.STATE: 'seconds',
    usage.Kind.CONSUMPTION: 'count',
}

#: How an amount of the store is spelled (R4).
_SPELLED = {
    usage.Kind.STATE: timestamps.decimal_seconds,
    usage.Kind.CONSUMPTION: str,
}


def body(
    question: usages.Question,
    asked: collection.Collection,
    results: Sequence[Mapping[str, Any]],
    following: str | None,
) -> dict[str, Any]:
    """The body of the answer, ready for JSON.

    :param results: see :func:`results`.
    :param following: the address of the next page, if there is one.
    """
    envelope = types.Usage(
        period=_period(question.period), units=UNITS[asked.kind]
    )
    if question.as_of is not None:
        envelope.as_of = timestamps.isoformat(question.as_of)
    if question.previous:
        envelope.previous = _period(question.previous)
    if question.granularity:
        envelope.granularity = str(question.granularity)
        envelope.timezone = question.zone.key
    if following:
        envelope.links = [types.Link(rel='next', href=following)]
    return wsme.rest.json.tojson(types.Usage, envelope) | {
        'results': list(results)
    }


def _period(period: usage.Period) -> types.Period:
    return types.Period(
        begin=timestamps.isoformat(period.begin),
        end=timestamps.isoformat(period.end),
    )


def results(
    question: usages.Question,
    asked: collection.Collection,
    rows: Iterable[usage.UsageRow],
) -> Iterator[dict[str, Any]]:
    """One result for each group, or for each bucket of each group.

    Amounts are decimal strings (R4). Each result has all measures that its
    resource type declares, or, where types are summed, all that any of them
    does.
    """
    declared = declared_measures(question, asked)
    spelled = _SPELLED[asked.kind]
    for row in rows:
        group = dict(
            zip(usage.with_names(question.group_by), row.group, strict=True)
        )
        zeros = declared[group.get(parameters.RESOURCE_TYPE)]
        if question.granularity:
            for bucket, amounts in row.buckets.items():
                yield {
                    'begin': timestamps.isoformat(bucket.begin),
                    'end': timestamps.isoformat(bucket.end),
                    **group,
                    **_amounts(amounts, zeros, spelled),
                }
            continue
        result = group | _amounts(row, zeros, spelled)
        if row.previous:
            result['previous'] = _amounts(row.previous, zeros, spelled)
            result['change'] = _amounts(_change(row), zeros, spelled)
        yield result


def _change(row: usage.UsageRow) -> usage.Amounts:
    before = row.previous
    return usage.Amounts(
        row.usage - before.usage,
        {
            name: row.measures.get(name, 0) - before.measures.get(name, 0)
            for name in {**row.measures, **before.measures}
        },
    )


def _amounts(
    amounts: usage.Amounts | usage.UsageRow,
    zeros: Mapping[str, int],
    spelled: Callable[[int], str],
) -> dict[str, Any]:
    return {
        'usage': spelled(amounts.usage),
        'measures': {
            name: spelled(amount)
            for name, amount in sorted({**zeros, **amounts.measures}.items())
        },
    }


def declared_measures(
    question: usages.Question, asked: collection.Collection
) -> dict[str | None, dict[str, int]]:
    """Zero of each measure, by resource type; None is all types."""
    zeros = {
        name: dict.fromkeys(asked.resource_types[name].measures, 0)
        for name in question.resource_types
    }
    every = {}
    for measures in zeros.values():
        every |= measures
    return {**zeros, None: every}


#: The schemas of :data:`_SPELLED`.
_SCHEMAS = {
    usage.Kind.STATE: schemas.SECONDS,
    usage.Kind.CONSUMPTION: schemas.AMOUNT,
}


def described(asked: collection.Collection) -> operations.Schema:
    """The schema of :func:`body`."""
    spelled = _SCHEMAS[asked.kind]
    amounts = {'usage': spelled, 'measures': schemas.mapping(spelled)}
    group = schemas.texts(usage.with_names(asked.keys))
    bucket = {'begin': schemas.INSTANT, 'end': schemas.INSTANT}
    compared = dict.fromkeys(('previous', 'change'), schemas.record(amounts))
    envelope = schemas.of(types.Usage)
    return {
        **envelope,
        'properties': {
            **envelope['properties'],
            'results': schemas.several(
                schemas.record(amounts, {**group, **bucket, **compared})
            ),
        },
        'required': [*envelope['required'], 'results'],
    }
