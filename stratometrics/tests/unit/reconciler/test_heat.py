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
from typing import Any

from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import heat
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

STACK = {
    'id': 'be478cc3-5701-4849-9ab1-300e0d2b5c32',
    'stack_name': 'st1',
    'description': 'No description',
    'stack_status': 'UPDATE_COMPLETE',
    'stack_status_reason': 'Stack UPDATE completed successfully',
    'creation_time': '2026-11-23T07:23:36Z',
    'updated_time': '2026-11-23T07:23:45Z',
    'deletion_time': None,
    'stack_owner': 'alice',
    'parent': None,
    'stack_user_project_id': 'd01246bc5792417d91838ec7a8aaeb8f',
    'tags': [],
    'links': [],
    'project': '4ada08c586564ca883b7b49d042f9e30',
}


class HeatTest(agreement.ListingCase):
    listings = heat.LISTINGS

    def heat(self, **keys: Any) -> fakes.Service:
        return agreement.service(
            {'/stacks stacks': [agreement.changed(STACK, **keys)]}
        )

    def ended(
        self, service: fakes.Service, since: str
    ) -> list[observation.Observation]:
        pages = self.one('stack').ended(
            fakes.inquiry(orchestration=service), timestamps.parse(since)
        )
        return [seen for page in pages for seen in page.observations]

    def test_a_stack(self) -> None:
        (seen,) = self.living('stack', orchestration=self.heat())
        known = agreement.event(STACK['id'], 'orchestration.stack.update.end')
        self.assert_agrees(known, seen, {'user_id'})
        self.assertIsNone(seen.changed_at)

    def test_all_stacks_are_asked_for(self) -> None:
        service = self.heat()
        self.living('stack', orchestration=service)
        _path, query, _microversion = service.asked[0]
        self.assertEqual('true', query['global_tenant'])
        self.assertEqual('true', query['show_nested'])
        self.assertEqual('true', query['show_hidden'])

    def test_a_deleted_stack(self) -> None:
        keys = {
            'stack_status': 'DELETE_COMPLETE',
            'deletion_time': '2026-11-23T07:23:51Z',
        }
        service = self.heat(**keys)
        self.assertEqual([], self.living('stack', orchestration=service))
        (seen,) = self.ended(service, '2026-11-23T07:00:00')
        known = agreement.event(STACK['id'], 'orchestration.stack.delete.end')
        self.assert_agrees(known, seen, {'user_id'})
        # Not before the message that tells of it.
        self.assertEqual(
            timestamps.parse('2026-11-23T07:23:51.999999'), seen.ended_at
        )
        self.assertGreaterEqual(seen.ended_at, known.event_time)
        self.assertEqual('true', service.asked[-2][1]['show_deleted'])
        self.assertEqual([], self.ended(service, '2026-11-23T07:23:52'))

    def test_a_stack_that_is_not_deleted_yet(self) -> None:
        service = self.heat(stack_status='DELETE_FAILED')
        self.assertEqual([], self.ended(service, '2026-11-23T07:00:00'))
        (seen,) = self.living('stack', orchestration=service)
        self.assertEqual('DELETE_FAILED', seen.state)

    def test_what_is_malformed(self) -> None:
        self.assert_malformed(
            'stack',
            "stack 'be478cc3.*': project: missing",
            orchestration=self.heat(project=...),
        )
