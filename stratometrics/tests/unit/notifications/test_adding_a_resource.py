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
import pathlib
import textwrap

from stratometrics.model import event as event_model
from stratometrics.notifications import timestamps
from stratometrics.tests.unit.notifications import base

SUBNET = """\
resources:
  subnet:
    collection: subnets
    states: {terminal: [deleted]}
    resource_id: id
    project_id: project_id
    created_at: created_at
    state: {value: active}
    sources:
      neutron:
        exchange: neutron
        root: subnet
        event_types:
          subnet.*.end:
          subnet.delete.end: {state: {value: deleted}}
"""


class FifteenLinesTest(base.FolderTestCase):
    """A billed resource is added without code."""

    def test_a_subnet(self) -> None:
        self.assertLessEqual(len(SUBNET.splitlines()), 15)
        self.write('subnet.yaml', SUBNET)
        found = self.load()
        self.assertEqual('subnets', found.resource_types['subnet'].collection)
        self.assertIn('neutron', found.exchanges)
        message = base.message('subnet.create.end')
        one = message['payload']['subnet']
        (event,) = self.decoder().decode(message)
        self.assertEqual(
            event_model.Event(
                resource_type='subnet',
                resource_id=one['id'],
                event_time=timestamps.parse(message['timestamp']),
                message_id=message['message_id'],
                rank=event_model.RANK_EVENT,
                phase=event_model.Phase.BILLED,
                state='active',
                project_id=one['tenant_id'],
                event_type='subnet.create.end',
                region=base.REGION,
                created_at=timestamps.parse(one['created_at']),
            ),
            event,
        )

    def test_it_is_the_one_that_the_contributor_guide_shows(self) -> None:
        root = pathlib.Path(__file__).parents[4]
        page = root / 'doc' / 'source' / 'contributor' / 'definitions.rst'
        if not page.exists():
            self.skipTest('the documentation is not installed')
        self.assertIn(
            textwrap.indent(SUBNET, '    '),
            page.read_text(encoding='utf-8'),
        )

    def test_its_end(self) -> None:
        self.write('subnet.yaml', SUBNET)
        (event,) = self.decoder().decode(base.message('subnet.delete.end'))
        self.assertIs(event_model.Phase.ENDED, event.phase)

    def test_what_it_does_not_claim_stays_ignored(self) -> None:
        self.write('subnet.yaml', SUBNET)
        decode = self.decoder().decode
        for event_type in ('subnet.create.start', 'port.create.end'):
            self.assertEqual((), decode(base.message(event_type)))
