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

# Sourced by kolla_start. A variable that is set, even to nothing, makes a
# container do one thing and end.

# Makes the database and its tables, or brings them up to date.
if [[ -n ${KOLLA_BOOTSTRAP+set} || -n ${KOLLA_UPGRADE+set} ]]; then
    stratometrics-manage db sync
    exit 0
fi

# The exit status is 1 for a warning and 2 for a failure.
if [[ -n ${KOLLA_UPGRADE_CHECK+set} ]]; then
    status=0
    stratometrics-status upgrade check || status=$?
    exit "$status"
fi
