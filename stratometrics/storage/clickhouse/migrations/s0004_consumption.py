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
"""A phase for events whose amounts count once."""

_PHASES = "'billed' = 0, 'unbilled' = 1, 'ended' = 2, 'pending' = 3"

#: A new word of an enumeration changes no data.
FORWARDS = [
    'ALTER TABLE $database.events MODIFY COLUMN '
    f"phase Enum8({_PHASES}, 'consumed' = 4)",
]

# The schema before has no place for consumptions: they are lost. By number,
# for the word is unknown if this is repeated.
BACKWARDS = [
    'ALTER TABLE $database.events DELETE WHERE CAST(phase AS Int8) = 4 '
    'SETTINGS mutations_sync = 2',
    f'ALTER TABLE $database.events MODIFY COLUMN phase Enum8({_PHASES})',
]
