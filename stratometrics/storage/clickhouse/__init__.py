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
"""The storage in ClickHouse."""

import os

# While it is imported, clickhouse-driver would otherwise make tables of all
# dates of four centuries, which takes long and much memory. No column here is
# of a type that needs them: times are DateTime64. It knows no other switch,
# and spells it so; what this process starts inherits it.
os.environ.setdefault('CLICKHOUSE_DRIVER_LASY_DATE_LUT', 'yes')
