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
"""The schema, in numbered steps that can be taken forwards and backwards.

A step is a module ``sNNNN_what`` with two lists of statements, ``FORWARDS``
and ``BACKWARDS``. Each statement must be harmless when it is run again, so
that a step which was interrupted can simply be repeated.
"""

from stratometrics.storage.clickhouse.migrations import s0001_initial
from stratometrics.storage.clickhouse.migrations import s0002_reconciliations
from stratometrics.storage.clickhouse.migrations import s0003_arrivals
from stratometrics.storage.clickhouse.migrations import s0004_consumption
from stratometrics.storage.clickhouse.migrations import s0005_names
from stratometrics.storage.clickhouse.migrations import s0006_prices
from stratometrics.storage.clickhouse.migrations import s0007_statements
from stratometrics.storage.clickhouse.migrations import s0008_openings
from stratometrics.storage.clickhouse.migrations import s0009_closed_months
from stratometrics.storage.clickhouse.migrations import s0010_project_timelines
from stratometrics.storage.clickhouse.migrations import s0011_sizes

#: All steps; the first is number 1.
STEPS = (
    s0001_initial,
    s0002_reconciliations,
    s0003_arrivals,
    s0004_consumption,
    s0005_names,
    s0006_prices,
    s0007_statements,
    s0008_openings,
    s0009_closed_months,
    s0010_project_timelines,
    s0011_sizes,
)
