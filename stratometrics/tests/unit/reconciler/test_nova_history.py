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
from collections.abc import Mapping
from typing import Any
import unittest

from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import nova_history
from stratometrics.tests.unit.reconciler import fakes

SERVER = '3496b580-1d33-482c-9497-3d3683e6c2bb'
PATH = f'/servers/{SERVER}/os-instance-actions'
ACTION = {'action': 'stop', 'request_id': 'r', 'start_time': 't'}
LARGE = {'vcpus': 8, 'ram_mib': 16384, 'disk_gib': 160}


def at(time: str) -> int:
    """Microseconds of a time of the day."""
    return timestamps.parse(f'2026-11-23T{time}Z')


def present(state: str, changed_at: str, **facts: Any) -> Any:
    """What was listed of the server."""
    return observation.Observation(
        **{
            'resource_type': 'instance',
            'resource_id': SERVER,
            'project_id': 'p',
            'state': state,
            'user_id': 'u',
            'name': 'web1',
            'created_at': at('07:00:00'),
            'changed_at': at(changed_at),
            'type': 'c1.large',
            'type_id': 'large',
            'image': 'i',
            'availability_zone': 'nova',
            'measures': LARGE,
        }
        | facts
    )


class Life:
    """The actions on a server, as Nova 2.69 tells them."""

    def __init__(self) -> None:
        self.actions: list[dict[str, Any]] = []
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.service = fakes.Service(self._answer, ((2, 1), (2, 103)))

    def act(
        self,
        action: str,
        begin: str,
        end: str | None = None,
        *steps: tuple[str, str | None],
        message: str | None = None,
    ) -> 'Life':
        """Add an action.

        :param end: when its last step that ended did, if one did.
        :param steps: what is only told of one action alone: the name, and
            when it ended.
        """
        request = f'req-{len(self.actions)}'
        self.actions.insert(
            0,
            {
                'action': action,
                'instance_uuid': SERVER,
                'request_id': request,
                'user_id': 'u',
                'project_id': 'p',
                'start_time': f'2026-11-23T{begin}',
                'message': message,
                'updated_at': f'2026-11-23T{end or begin}',
            },
        )
        self.events[request] = [
            {
                'event': event,
                'start_time': f'2026-11-23T{begin}',
                'finish_time': finish and f'2026-11-23T{finish}',
                'result': 'Success' if finish else None,
                'traceback': None,
            }
            for event, finish in steps
        ]
        return self

    def _answer(self, path: str, _query: Mapping[str, Any]) -> Any:
        if path == PATH:
            return {'instanceActions': self.actions}
        request = path.removeprefix(f'{PATH}/')
        return {
            'instanceAction': {
                'request_id': request,
                'events': self.events[request],
            }
        }

    def told(
        self, now: observation.Observation
    ) -> list[observation.Observation]:
        inquiry = fakes.inquiry(compute=self.service)
        return nova_history.history(inquiry, now)

    @property
    def shown(self) -> int:
        """Of how many actions the steps were asked for."""
        return len(self.service.asked) - 1


class HistoryTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.life = Life().act('create', '06:59:59.900000', '07:00:04.100000')

    def assert_states(
        self, now: observation.Observation, *expected: tuple[str, str]
    ) -> list[observation.Observation]:
        """The states after the creation, and when each began."""
        told = self.life.told(now)
        self.assertEqual(
            [
                (at('07:00:00'), 'building'),
                (at('07:00:04.100000'), 'active'),
                *((at(time), state) for time, state in expected),
            ],
            [(one.changed_at, one.state) for one in told],
        )
        return told

    def test_each_action_leads_to_its_state(self) -> None:
        for action, state in (
            ('stop', 'stopped'),
            ('pause', 'paused'),
            ('suspend', 'suspended'),
            ('rescue', 'rescued'),
            ('migrate', 'resized'),
            ('resize', 'resized'),
            ('shelveOffload', 'shelved_offloaded'),
            ('start', 'active'),
            ('unpause', 'active'),
            ('resume', 'active'),
            ('unrescue', 'active'),
            ('unshelve', 'active'),
            ('restore', 'active'),
            ('reboot', 'active'),
            ('rebuild', 'active'),
            ('evacuate', 'active'),
        ):
            life = Life().act(action, '08:00:00.5', '08:00:03.25')
            told = life.told(present(state, '08:00:03.999999'))
            self.assertEqual(
                [(at('08:00:03.25'), state)],
                [(one.changed_at, one.state) for one in told],
                action,
            )
            # Whether the latest one is over, its steps would tell.
            self.assertEqual(1, life.shown, action)

    def test_other_actions_change_nothing(self) -> None:
        for action in ('live-migration', 'lock', 'attach_volume', 'new'):
            self.life.act(action, '08:00:00', '08:00:03')
        told = self.assert_states(present('active', '08:00:03.999999'))
        self.assertEqual({'c1.large'}, {one.type for one in told})

    def test_facts_that_do_not_change_are_those_of_the_present(self) -> None:
        now = present('stopped', '08:00:03.999999')
        self.life.act('stop', '08:00:00', '08:00:03')
        *_earlier, last = self.assert_states(
            now, ('08:00:03.999999', 'stopped')
        )
        self.assertEqual(now, last)
        self.assertEqual({LARGE['vcpus']}, {last.measures['vcpus']})

    def test_what_failed_changed_nothing(self) -> None:
        self.life.act('stop', '08:00:00', '08:00:03', message='Error')
        self.assert_states(present('active', '08:00:03.999999'))

    def test_a_flavor_before_a_resize_is_not_known(self) -> None:
        self.life.act('resize', '08:00:00', '08:00:05')
        self.life.act('confirmResize', '08:10:00', '08:10:02')
        told = self.assert_states(
            present('active', '08:10:02.999999'),
            ('08:00:05.999999', 'resized'),
            ('08:10:02.999999', 'active'),
        )
        self.assertEqual(
            [
                (None, None, {}),
                (None, None, {}),
                ('c1.large', 'large', LARGE),
                ('c1.large', 'large', LARGE),
            ],
            [(one.type, one.type_id, one.measures) for one in told],
        )

    def test_a_revert_brings_the_flavor_back(self) -> None:
        self.life.act('stop', '07:50:00', '07:50:01')
        self.life.act('resize', '08:00:00', '08:00:05')
        self.life.act('revertResize', '08:10:00', '08:10:02')
        told = self.assert_states(
            present('stopped', '08:10:02.999999'),
            ('07:50:01.999999', 'stopped'),
            ('08:00:05.999999', 'resized'),
            ('08:10:02.999999', 'stopped'),
        )
        self.assertEqual(
            ['c1.large', 'c1.large', 'c1.large', None, 'c1.large'],
            [one.type for one in told],
        )

    def test_a_migration_keeps_the_flavor(self) -> None:
        self.life.act('migrate', '08:00:00', '08:00:05')
        self.life.act('confirmResize', '08:10:00', '08:10:02')
        told = self.life.told(present('active', '08:10:02.999999'))
        self.assertEqual({'c1.large'}, {one.type for one in told})

    def test_an_image_before_a_rebuild_is_not_known(self) -> None:
        self.life.act('stop', '07:50:00', '07:50:01')
        self.life.act('rebuild', '08:00:00', '08:00:05')
        told = self.assert_states(
            present('stopped', '08:00:05.999999'),
            ('07:50:01.999999', 'stopped'),
            ('08:00:05.999999', 'stopped'),
        )
        self.assertEqual([None, None, None, 'i'], [one.image for one in told])

    def test_the_steps_tell_when_a_server_was_offloaded(self) -> None:
        self.life.act(
            'shelve',
            '08:00:00',
            '08:00:05',
            ('api_shelve_instance', '08:00:01'),
            ('compute_shelve_offload_instance', '08:30:00.25'),
            ('compute_shelve_instance', '08:00:05'),
        )
        self.life.act('unshelve', '09:00:00', '09:00:07')
        told = self.assert_states(
            present('active', '09:00:07.999999'),
            ('08:00:05.999999', 'shelved'),
            ('08:30:00.25', 'shelved_offloaded'),
            ('09:00:07.999999', 'active'),
        )
        self.assertEqual(
            ['nova', 'nova', 'nova', '', 'nova'],
            [one.availability_zone for one in told],
        )
        # Of the shelving, and of the latest action.
        self.assertEqual(2, self.life.shown)

    def test_a_server_may_be_offloaded_while_it_is_shelved(self) -> None:
        """So it is by default, and no step tells it."""
        for step, state in (
            ('compute_unshelve_instance', 'shelved_offloaded'),
            ('compute_start_instance', 'shelved'),
        ):
            self.setUp()
            self.life.act(
                'shelve',
                '08:00:00',
                '08:00:05',
                ('compute_shelve_instance', '08:00:05'),
            )
            self.life.act(
                'unshelve', '09:00:00', '09:00:07', (step, '09:00:07')
            )
            self.life.act('lock', '09:30:00')
            self.assert_states(
                present('active', '09:30:00.999999'),
                ('08:00:05.999999', state),
                ('09:00:07.999999', 'active'),
            )

    def test_the_zone_before_an_offload_is_not_known(self) -> None:
        self.life.act('shelveOffload', '08:00:00', '08:00:05')
        told = self.life.told(
            present(
                'shelved_offloaded', '08:00:05.999999', availability_zone=''
            )
        )
        self.assertEqual(
            [None, None, ''], [one.availability_zone for one in told]
        )

    def test_a_deletion_may_be_soft(self) -> None:
        self.life.act(
            'delete',
            '08:00:00',
            '08:00:02',
            ('compute_soft_delete_instance', '08:00:02'),
        )
        self.life.act('restore', '08:10:00', '08:10:01')
        self.assert_states(
            present('active', '08:10:01.999999'),
            ('08:00:02.999999', 'soft-delete'),
            ('08:10:01.999999', 'active'),
        )

    def test_the_life_of_a_deleted_server_ends_with_its_deletion(
        self,
    ) -> None:
        self.life.act('stop', '07:50:00', '07:50:01')
        self.life.act(
            'delete',
            '08:00:00',
            '08:00:02',
            ('compute_terminate_instance', '08:00:02'),
        )
        end = at('08:00:01.5')
        told = self.assert_states(
            present('deleted', '08:00:01.5', ended_at=end),
            ('07:50:01.999999', 'stopped'),
            ('08:00:01.5', 'deleted'),
        )
        self.assertEqual(
            [None, None, None, end], [one.ended_at for one in told]
        )

    def test_what_is_under_way_has_changed_nothing(self) -> None:
        for steps in ((), (('compute_stop_instance', None),)):
            self.setUp()
            self.life.act('stop', '08:00:00', None, *steps)
            self.assert_states(present('active', '07:00:04.999999'))
            self.assertEqual(1, self.life.shown)

    def test_what_nova_tells_no_end_of_has_changed_nothing(self) -> None:
        self.life.act('stop', '08:00:00')
        self.life.actions[0]['updated_at'] = None
        self.assert_states(present('active', '07:00:04.999999'))

    def test_a_resize_under_way_keeps_the_flavor(self) -> None:
        self.life.act(
            'resize',
            '08:00:00',
            '08:00:02',
            ('compute_prep_resize', '08:00:02'),
            ('compute_resize_instance', None),
        )
        told = self.assert_states(present('active', '08:00:02.999999'))
        self.assertEqual({'c1.large'}, {one.type for one in told})

    def test_a_quick_action_before_another_has_happened(self) -> None:
        self.life.act(
            'stop', '08:00:00', None, ('compute_stop_instance', '08:00:00')
        )
        self.life.act('start', '08:10:00', '08:10:01')
        self.assert_states(
            present('active', '08:10:01.999999'),
            ('08:00:00.999999', 'stopped'),
            ('08:10:01.999999', 'active'),
        )

    def test_what_began_and_ended_in_one_second_has_happened(self) -> None:
        self.life.act(
            'stop', '08:00:00', None, ('compute_stop_instance', '08:00:00')
        )
        self.assert_states(
            present('stopped', '08:00:00.999999'),
            ('08:00:00.999999', 'stopped'),
        )

    def test_a_nova_that_does_not_tell_when_actions_ended(self) -> None:
        self.life.act(
            'stop', '08:00:00', None, ('compute_stop_instance', '08:00:03')
        )
        for action in self.life.actions:
            del action['updated_at']
        self.life.events['req-0'] = [
            {
                'event': 'compute__do_build_and_run_instance',
                'finish_time': '2026-11-23T07:00:04.100000',
            }
        ]
        self.assert_states(
            present('stopped', '08:00:03.999999'),
            ('08:00:03.999999', 'stopped'),
        )

    def test_a_state_without_an_action_holds_from_the_last_change(
        self,
    ) -> None:
        self.assert_states(
            present('error', '08:00:00.999999'), ('08:00:00.999999', 'error')
        )

    def test_a_server_that_failed_to_be_built_was_never_active(self) -> None:
        told = self.life.told(present('error', '07:00:04.999999'))
        self.assertEqual(
            [
                (at('07:00:00'), 'building'),
                (at('07:00:04.999999'), 'error'),
            ],
            [(one.changed_at, one.state) for one in told],
        )

    def test_nothing_is_told_where_nothing_is_kept(self) -> None:
        now = present('active', '07:00:04.999999')
        self.assertEqual([], Life().told(now))
        gone = fakes.Service(lambda *_asked: 404)
        self.assertEqual(
            [], nova_history.history(fakes.inquiry(compute=gone), now)
        )

    def test_an_answer_of_another_shape_is_a_failure(self) -> None:
        now = present('active', '07:00:04.999999')
        for answer, text in (
            (503, '503'),
            ({}, 'not understood'),
            ({'instanceActions': [{}]}, 'not understood'),
            ({'instanceActions': [ACTION], 'instanceAction': []}, 'server'),
            ({'instanceActions': [{**ACTION, 'request_id': '..'}]}, 'path'),
        ):
            service = fakes.Service(lambda *_asked, answer=answer: answer)
            with self.assertRaisesRegex(listing.Unavailable, text):
                nova_history.history(fakes.inquiry(compute=service), now)
