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
"""The report of coverage: what storage knows, in the light of definitions."""

from typing import Any

from stratometrics.model import coverage
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.notifications import plans
from stratometrics.storage import base


def survey(
    storage: base.Storage,
    found: definitions.Definitions,
    now: int,
    silent_after: int,
) -> coverage.Report:
    """See how well the cloud is covered.

    :param found: the resource types that the report has lines of.
    :param now: microseconds since the epoch.
    :param silent_after: microseconds without an event after which a resource
        type of which some exist is silent; 0 for never.
    :raises StorageError: storage cannot answer.
    """
    audits = {
        name: resource_type.audits
        for name, resource_type in found.resource_types.items()
    }
    observed = storage.observed(
        [event_type for names in audits.values() for event_type in names], now
    )
    healed = {
        coverage.Place(*place): findings.healed
        for place, findings in storage.last_findings().items()
    }
    reconciled = {
        coverage.Place(*place): findings.began_at
        for place, findings in storage.last_findings(complete=True).items()
    }
    rejected: dict[coverage.Place, int] = {}
    unknown = []
    for messages in observed.rejected:
        rule = found.event_types.find(messages.event_type)
        if rule is None:
            unknown.append(messages)
        elif isinstance(rule, plans.Plan):
            place = coverage.Place(rule.resource_type, messages.region)
            rejected[place] = rejected.get(place, 0) + messages.messages
    places = {*observed.arrivals, *observed.living, *rejected, *healed}
    unseen = audits.keys() - {place.resource_type for place in places}
    places |= {coverage.Place(name, '') for name in unseen}
    lines = []
    for place in sorted(
        places, key=lambda place: (place.resource_type, place.region)
    ):
        if place.resource_type not in audits:
            # It has been switched off.
            continue
        resource_type = found.resource_types[place.resource_type]
        # What is consumed is over at once: without a steady stream of it,
        # a pause means nothing.
        lives = resource_type.kind is usage.Kind.STATE
        living = observed.living.get(place, 0) if lives else None
        arrivals = observed.arrivals.get(place)
        audited = observed.audits.get(place)
        lines.append(
            coverage.Line(
                place=place,
                voice=(
                    coverage.Voice.NOT_SENT
                    if resource_type.observed
                    else coverage.voice(arrivals, living, now, silent_after)
                ),
                arrivals=arrivals,
                audits=coverage.audits(
                    audited,
                    living or 0,
                    now,
                    bool(audits[place.resource_type]),
                ),
                last_audit=audited.last_received if audited else None,
                living=living or 0,
                rejected=rejected.get(place, 0),
                healed=healed.get(place),
                last_reconciled=reconciled.get(place),
            )
        )
    listed = tuple(unknown[: coverage.MOST_UNKNOWN])
    return coverage.Report(
        now=now,
        lines=tuple(lines),
        unknown=listed,
        more_unknown=len(unknown) - len(listed),
    )


def body(report: coverage.Report) -> dict[str, Any]:
    """The report, ready for JSON: of the API and of the command."""
    return {
        'at': timestamps.isoformat(report.now),
        'coverage': [_line(line, report.now) for line in report.lines],
        'unknown_event_types': [
            {
                'event_type': rejected.event_type,
                'region': rejected.region,
                'messages': rejected.messages,
                'last_received': timestamps.isoformat(rejected.last_received),
            }
            for rejected in report.unknown
        ],
        'more_unknown_event_types': report.more_unknown,
    }


def _line(line: coverage.Line, now: int) -> dict[str, Any]:
    arrivals, lag = line.arrivals, line.lag(now)
    return {
        'resource_type': line.place.resource_type,
        'region': line.place.region,
        'status': line.voice.value,
        'last_event': arrivals and timestamps.isoformat(arrivals.last_event),
        'last_received': (
            arrivals and timestamps.isoformat(arrivals.last_received)
        ),
        'lag': None if lag is None else timestamps.decimal_seconds(lag),
        'events_last_day': arrivals.last_day if arrivals else 0,
        'living': line.living,
        'audits': line.audits.value,
        'last_audit': (
            line.last_audit and timestamps.isoformat(line.last_audit)
        ),
        'rejected': line.rejected,
        'healed': line.healed,
        'last_reconciled': (
            line.last_reconciled and timestamps.isoformat(line.last_reconciled)
        ),
    }
