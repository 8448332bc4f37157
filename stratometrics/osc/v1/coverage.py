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
"""openstack billing coverage: whether what is billed is all that there is."""

import argparse
from collections.abc import Iterable

from stratometrics.osc import columns
from stratometrics.osc import commands

_HEADS = (
    'Resource Type',
    'Region',
    'Status',
    'Last Event',
    'Lag',
    'Events Last Day',
    'Living',
    'Audits',
    'Rejected',
    'Healed',
    'Last Reconciled',
)


class ShowCoverage(commands.Lister):
    """Show which services are still heard of"""

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        found = self.client.coverage()
        return _HEADS, [
            (
                each.resource_type,
                columns.Text(each.region),
                each.status,
                columns.Instant(each.last_event),
                columns.Duration(each.lag),
                columns.Number(each.events_last_day),
                columns.Number(each.living),
                each.audits,
                columns.Number(each.rejected),
                columns.Number(each.healed),
                columns.Instant(each.last_reconciled),
            )
            for each in found.coverage
        ]
