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
"""What browsers of allowed origins may send and see."""

from oslo_middleware import cors

ALLOW_METHODS = ['GET', 'HEAD', 'OPTIONS']
ALLOW_HEADERS = [
    'X-Auth-Token',
    'X-OpenStack-Request-ID',
    'X-Project-Id',
    'X-Roles',
    'X-Service-Token',
    'X-User-Id',
]
EXPOSE_HEADERS = ['X-OpenStack-Request-ID', 'Retry-After']


def set_defaults() -> None:
    """Make them the defaults of the [cors] options.

    oslo.config's sample generator calls this as well.
    """
    cors.set_defaults(
        allow_methods=ALLOW_METHODS,
        allow_headers=ALLOW_HEADERS,
        expose_headers=EXPOSE_HEADERS,
    )
