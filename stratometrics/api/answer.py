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

from collections.abc import Callable, Sequence
from typing import Any

import wsme.rest.json

from stratometrics.api import collection
from stratometrics.api import parameters
from stratometrics.api import types
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
    question: parameters.Question,
    asked: collection.Collection,
    rows: Sequence[usage.UsageRow],
) -> dict[str, Any]:
    """The body of the answer, ready for JSON.

    Amounts are decimal strings (R4). Each result has all measures that its
    resource type declares, or, where types are summed, all that any of them
    does.
    """
    envelope = types.Usage(
        period=types.Period(
            begin=timestamps.isoformat(question.period.begin),
            end=timestamps.isoformat(question.period.end),
        ),
        units=UNITS[asked.kind],
    )
    if question.as_of is not None:
        envelope.as_of = timestamps.isoformat(question.as_of)
    declared = _declared_measures(question, asked)
    return wsme.rest.json.tojson(types.Usage, envelope) | {
        'results': [
            _result(question, declared, row, _SPELLED[asked.kind])
            for row in rows
        ]
    }


def _declared_measures(
    question: parameters.Question, asked: collection.Collection
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


def _result(
    question: parameters.Question,
    declared: dict[str | None, dict[str, int]],
    row: usage.UsageRow,
    spelled: Callable[[int], str],
) -> dict[str, Any]:
    result: dict[str, Any] = dict(
        zip(usage.with_names(question.group_by), row.group, strict=True)
    )
    zeros = declared[result.get(parameters.RESOURCE_TYPE)]
    result['usage'] = spelled(row.usage)
    result['measures'] = {
        name: spelled(amount)
        for name, amount in sorted({**zeros, **row.measures}.items())
    }
    return result
