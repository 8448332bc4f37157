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

FLOATING_IP = """\
resources:
  floating-ip:
    collection: floating-ips
    states: {terminal: [deleted]}
    resource_id: id
    project_id: project_id
    created_at: created_at
    state: status
    sources:
      neutron:
        exchange: neutron
        root: floatingip
        event_types:
          floatingip.*.end:
          floatingip.delete.end: {state: {value: deleted}}
"""


class FifteenLinesTest(base.FolderTestCase):
    """A billed resource is added without code."""

    def test_a_floating_ip(self) -> None:
        self.assertLessEqual(len(FLOATING_IP.splitlines()), 15)
        self.write('floating-ip.yaml', FLOATING_IP)
        found = self.load()
        self.assertEqual(
            'floating-ips', found.resource_types['floating-ip'].collection
        )
        self.assertIn('neutron', found.exchanges)
        message = base.message('floatingip.create.end')
        address = message['payload']['floatingip']
        (event,) = self.decoder().decode(message)
        self.assertEqual(
            event_model.Event(
                resource_type='floating-ip',
                resource_id=address['id'],
                event_time=timestamps.parse(message['timestamp']),
                message_id=message['message_id'],
                rank=event_model.RANK_EVENT,
                phase=event_model.Phase.BILLED,
                state='DOWN',
                project_id=address['tenant_id'],
                event_type='floatingip.create.end',
                region=base.REGION,
                created_at=timestamps.parse(address['created_at']),
            ),
            event,
        )

    def test_it_is_the_one_that_the_contributor_guide_shows(self) -> None:
        root = pathlib.Path(__file__).parents[4]
        page = root / 'doc' / 'source' / 'contributor' / 'definitions.rst'
        if not page.exists():
            self.skipTest('the documentation is not installed')
        self.assertIn(
            textwrap.indent(FLOATING_IP, '    '),
            page.read_text(encoding='utf-8'),
        )

    def test_its_end(self) -> None:
        self.write('floating-ip.yaml', FLOATING_IP)
        (event,) = self.decoder().decode(base.message('floatingip.delete.end'))
        self.assertIs(event_model.Phase.ENDED, event.phase)

    def test_what_it_does_not_claim_stays_ignored(self) -> None:
        self.write('floating-ip.yaml', FLOATING_IP)
        decode = self.decoder().decode
        for event_type in ('floatingip.create.start', 'port.create.end'):
            self.assertEqual((), decode(base.message(event_type)))
