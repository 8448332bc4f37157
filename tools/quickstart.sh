#!/usr/bin/env bash
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

# Starts all of Stratometrics on this machine, feeds it what real OpenStack
# services said, and asks it for the usage. Called with --help, it tells more.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/prepare.sh
source tools/prepare.sh

started_in=$OLDPWD
require_tools
prepare_environment quickstart \
    'requirements.txt setup.cfg pyproject.toml' --editable '.[cli]'
cd -- "$started_in"
exec "$environment/bin/python" -m stratometrics.tests.quickstart "$@"
