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
"""What needs no token: which versions there are, and whether all is well."""

from typing import Any

import wsme.rest.json

from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import health
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import types
from stratometrics.api.controllers import base
from stratometrics.api.controllers import v1


class VersionsController(base.Controller):
    """GET /"""

    described = {
        'GET': operations.Operation(
            summary='The versions of the API.',
            answers={formats.JSON_TYPE: types.Versions},
        )
    }

    def read(self, request: base.Request) -> dict[str, Any]:
        parameters.none_expected(request.query_string)
        versions = types.Versions(
            versions=[
                types.Version(
                    id='v1.0',
                    status='CURRENT',
                    links=[
                        types.Link(
                            rel='self', href=f'{request.application_url}/v1/'
                        )
                    ],
                )
            ]
        )
        return wsme.rest.json.tojson(types.Versions, versions)


class HealthController(base.Controller):
    """GET /healthcheck"""

    described = {
        'GET': operations.Operation(
            summary='Whether the service can answer.',
            answers={formats.JSON_TYPE: types.Health},
        )
    }

    def __init__(self, checks: health.Health) -> None:
        self._checks = checks

    def read(self, request: base.Request) -> dict[str, Any]:
        if self._checks.disabled():
            raise errors.Unavailable(
                'The operator has taken this server out of service.',
                retry_after=1,
            )
        failed = self._checks.failed()
        if failed:
            raise errors.Unavailable(
                f'These checks failed: {", ".join(failed)}.', retry_after=1
            )
        healthy = types.Health(status='ok', checks=[self._checks.STORAGE])
        return wsme.rest.json.tojson(types.Health, healthy)


class RootController(VersionsController):
    """Everything below /."""

    def __init__(
        self, checks: health.Health, version: v1.V1Controller
    ) -> None:
        self.below = {
            'healthcheck': HealthController(checks),
            'v1': version,
        }
        version.describe(self)
