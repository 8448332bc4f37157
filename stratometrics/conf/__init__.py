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
"""Configuration options, one module for each group.

Library code is handed a ``ConfigOpts``; only the entry points make one.
"""

from stratometrics.conf import api
from stratometrics.conf import clickhouse
from stratometrics.conf import collector
from stratometrics.conf import coverage
from stratometrics.conf import definitions
from stratometrics.conf import names
from stratometrics.conf import rating
from stratometrics.conf import reconciler
from stratometrics.conf import service_credentials
from stratometrics.conf import statements

MODULES = (
    api,
    clickhouse,
    collector,
    coverage,
    definitions,
    names,
    rating,
    reconciler,
    service_credentials,
    statements,
)


def register_opts(conf):
    """Register every option of the service on ``conf``."""
    for module in MODULES:
        module.register_opts(conf)
