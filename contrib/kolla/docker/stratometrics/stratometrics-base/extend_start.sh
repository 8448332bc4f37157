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

# Sourced by kolla_start, as the user of the image.

LOG_FOLDER=/var/log/kolla/stratometrics
if [[ ! -d $LOG_FOLDER ]]; then
    mkdir -p "$LOG_FOLDER"
fi

# What an image made of this one adds.
# shellcheck source=/dev/null
. /usr/local/bin/kolla_stratometrics_extend_start
