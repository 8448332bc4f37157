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
"""What :mod:`stratometrics.coverage` reports, as callers of the API get it."""

from stratometrics.api import schemas
from stratometrics.model import coverage

_INSTANT_OR_NEVER = schemas.or_null(schemas.INSTANT)

#: The schema of :func:`stratometrics.coverage.body`.
COVERAGE = schemas.record(
    {
        'at': schemas.INSTANT,
        'coverage': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('resource_type', 'region')),
                    'status': schemas.one_of(coverage.Voice),
                    'last_event': _INSTANT_OR_NEVER,
                    'last_received': _INSTANT_OR_NEVER,
                    'lag': schemas.or_null(schemas.SECONDS),
                    'events_last_day': schemas.COUNT,
                    'living': schemas.COUNT,
                    'audits': schemas.one_of(coverage.Audits),
                    'last_audit': _INSTANT_OR_NEVER,
                    'rejected': schemas.COUNT,
                    'healed': schemas.COUNT,
                    'last_reconciled': _INSTANT_OR_NEVER,
                }
            )
        ),
        'unknown_event_types': schemas.several(
            schemas.record(
                {
                    **schemas.texts(('event_type', 'region')),
                    'messages': schemas.COUNT,
                    'last_received': schemas.INSTANT,
                }
            )
        ),
        'more_unknown_event_types': schemas.COUNT,
    }
)
