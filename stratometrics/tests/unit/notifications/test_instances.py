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
import copy
import datetime
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.notifications import decoder
from stratometrics.tests.unit.notifications import base

WEB1 = '3496b580-1d33-482c-9497-3d3683e6c2bb'
RESIZED = 'b3239824-b4a9-4f1f-8568-915e71832a46'
REVERTED = '007628e1-995f-411c-815a-55c817d98ef6'
REBUILT = '3b0aba5f-48ab-4b1d-bccd-cd0933b2b440'
SOFT_DELETED = 'cc6f2523-03dc-49de-a7d4-ca72090a2010'
DELETED = '6de8a33e-4f8e-46d7-b459-c558bf97f720'
NEVER_PLACED = '7f457c83-8d81-4b01-aa45-82e64d52da45'
HASTY = 'e0aa4456-6164-4304-9b54-9c387f113206'

#: Names that differ by more than their prefix.
RENAMED = {
    'instance.live_migration_post_dest.end': (
        'compute.instance.live_migration.post.dest.end'
    ),
    'instance.resize_confirm.end': 'compute.instance.resize.confirm.end',
    'instance.resize_finish.end': 'compute.instance.finish_resize.end',
    'instance.resize_revert.end': 'compute.instance.resize.revert.end',
}


def micros(text: str) -> int:
    """Microseconds of a time of the day of the recording."""
    return timestamps.from_datetime(
        datetime.datetime.fromisoformat(f'2026-11-23T{text}+00:00')
    )


class InstanceTest(unittest.TestCase):
    def test_the_legacy_format(self) -> None:
        event = base.life(WEB1)[0]
        self.assertEqual(
            event_model.Event(
                resource_type='instance',
                resource_id=WEB1,
                event_time=micros('06:54:15.932947'),
                message_id='ef646d4a-6c38-4889-963d-7a95ab7e7a24',
                rank=event_model.RANK_EVENT,
                phase=event_model.Phase.BILLED,
                state='building',
                project_id='4ada08c586564ca883b7b49d042f9e30',
                event_type='compute.instance.update',
                region=base.REGION,
                user_id='1fae40d53a70469997d021384c78080a',
                name='web1',
                created_at=micros('06:54:15'),
                type='m1.small',
                type_id='72f1253d-cde5-4794-92bf-da6a8fd9c6d1',
                image='273cd261-4358-462e-8c83-d09374f7588a',
                availability_zone='nova',
                measures={'vcpus': 1, 'ram_mib': 2048, 'disk_gib': 20},
            ),
            event,
        )

    def test_disk_is_root_and_ephemeral_in_both_formats(self) -> None:
        for event_type in (
            'compute.instance.create.end',
            'instance.create.end',
        ):
            sizes = {
                event.type: event.measures['disk_gib']
                for _name, recorded in base.recordings()
                if recorded.message['event_type'] == event_type
                for event in base.shipped().decode(recorded.message)
            }
            self.assertEqual(50, sizes['m1.eph'], event_type)

    def test_a_server_from_a_volume_has_no_image_in_either_format(
        self,
    ) -> None:
        """None was recorded: this is how Nova spells it."""
        legacy = base.message(
            'compute.instance.update',
            image_ref_url='http://127.0.0.1:19292/images/',
        )
        versioned = base.message('instance.update')
        versioned['payload']['nova_object.data']['image_uuid'] = None
        for message in (legacy, versioned):
            (event,) = base.shipped().decode(message)
            self.assertEqual('', event.image)

    def test_an_offloaded_server_is_in_no_zone(self) -> None:
        zones = base.changes(base.life(WEB1), 'state', 'availability_zone')
        self.assertIn(('shelved_offloaded', ''), zones)

    def test_a_resize_counts_from_the_update_on(self) -> None:
        life = base.life(RESIZED)
        self.assertEqual(
            [('m1.medium', 2), ('c1.large', 8)],
            [
                (kind, measures['vcpus'])
                for kind, measures in base.changes(life, 'type', 'measures')
            ],
        )
        first = next(event for event in life if event.type == 'c1.large')
        self.assertEqual('compute.instance.update', first.event_type)
        self.assertEqual(micros('07:00:01.150925'), first.event_time)

    def test_a_revert_counts_from_the_update_on(self) -> None:
        life = base.life(REVERTED)
        self.assertEqual(
            [('m1.nano',), ('m1.small',), ('m1.nano',)],
            base.changes(life, 'type'),
        )
        reverted = [
            event
            for event in life
            if event.type == 'm1.nano'
            and event.event_time > micros('07:00:10.2')
        ]
        self.assertEqual(micros('07:00:16.208612'), reverted[0].event_time)

    def test_a_failed_resize_ends_with_the_old_flavor(self) -> None:
        """Built from a resize: none that fails is recorded whole.

        Nova shows the new flavor in an update and in finish_resize.start,
        and after the failure only in an update the old one again.
        """
        messages = [
            recorded.message
            for _name, recorded in base.recordings()
            if recorded.message['payload'].__class__ is dict
            and recorded.message['payload'].get('instance_id') == RESIZED
        ]
        upto = next(
            place
            for place, message in enumerate(messages)
            if message['event_type'] == 'compute.instance.finish_resize.start'
        )
        failure = copy.deepcopy(
            next(
                message
                for message in messages
                if message['event_type'] == 'compute.instance.update'
                and message['payload']['state_description'] == 'resize_prep'
            )
        )
        failure['payload'].update(state='error', state_description='')
        failure['timestamp'] = '2026-11-23 07:00:01.500000'
        events = [
            event
            for message in (*messages[: upto + 1], failure)
            for event in base.shipped().decode(message)
        ]
        self.assertEqual(
            [
                ('active', 'm1.medium'),
                ('active', 'c1.large'),
                ('error', 'm1.medium'),
            ],
            base.changes(events, 'state', 'type')[1:],
        )
        self.assertEqual(1, sum(event.type == 'c1.large' for event in events))

    def test_a_soft_deleted_server_is_not_billed_until_restored(self) -> None:
        for prefix in ('compute.instance', 'instance'):
            life = [
                event
                for event in base.life(SOFT_DELETED)
                if event.event_type.startswith(f'{prefix}.')
            ]
            self.assertEqual(
                [
                    ('soft-delete', event_model.Phase.UNBILLED),
                    ('active', event_model.Phase.BILLED),
                ],
                base.changes(life, 'state', 'phase'),
            )

    def test_updates_and_audits_follow_a_deletion(self) -> None:
        life = base.life(DELETED)
        ended = [
            event for event in life if event.phase is event_model.Phase.ENDED
        ]
        self.assertEqual(micros('06:59:57.805949'), ended[0].event_time)
        self.assertEqual(life[-len(ended) :], ended)
        self.assertEqual(
            {
                'compute.instance.update',
                'compute.instance.delete.end',
                'compute.instance.exists',
            },
            {
                event.event_type
                for event in ended
                if event.event_type.startswith('compute.')
            },
        )
        for event in ended:
            self.assertEqual(event_model.RANK_DELETION, event.rank)

    def test_a_deletion_that_failed_does_not_end_a_timeline(self) -> None:
        """Nova sends delete.end for it, too, with the state as it was.

        Only successful ones were recorded; this is one of them, changed.
        """
        message = base.message(
            'compute.instance.delete.end', state='building', deleted_at=''
        )
        (event,) = base.shipped().decode(message)
        self.assertIs(event_model.Phase.BILLED, event.phase)
        self.assertEqual(event_model.RANK_EVENT, event.rank)

    def test_a_server_deleted_before_it_has_a_host_is_gone(self) -> None:
        """Nova then leaves the state as it was, and fills deleted_at.

        Only deletions of placed servers were recorded; these are two of
        them, changed.
        """
        legacy = base.message('compute.instance.delete.end', state='building')
        versioned = copy.deepcopy(base.message('instance.delete.end'))
        versioned['payload']['nova_object.data']['state'] = 'building'
        for message in (legacy, versioned):
            (event,) = base.shipped().decode(message)
            self.assertEqual('deleted', event.state)
            self.assertIs(event_model.Phase.ENDED, event.phase)
            self.assertEqual(event_model.RANK_DELETION, event.rank)

    def test_an_audit_tells_when_a_server_was_deleted(self) -> None:
        """R3: not when the audit ran; it may be the first to tell."""
        found = [
            event
            for event in base.life(DELETED)
            if event.event_type.endswith('instance.exists')
            and event.phase is event_model.Phase.ENDED
        ]
        self.assertEqual(2, len(found))
        for event in found:
            self.assertEqual(micros('06:59:57.999999'), event.event_time)

    def test_a_server_that_found_no_host_has_error_and_an_end(self) -> None:
        self.assertEqual(
            [('error', 'x1.huge'), ('deleted', 'x1.huge')],
            base.changes(base.life(NEVER_PLACED), 'state', 'type'),
        )

    def test_a_server_deleted_while_it_was_built(self) -> None:
        self.assertEqual(
            [('building',), ('active',), ('deleted',)],
            base.changes(base.life(HASTY), 'state'),
        )

    def test_a_rebuild_changes_the_image_once(self) -> None:
        self.assertEqual(
            [
                ('273cd261-4358-462e-8c83-d09374f7588a',),
                ('7ce6ffe7-916b-487b-b44c-19d0ca66e385',),
            ],
            base.changes(base.life(REBUILT), 'image'),
        )

    def test_failures_of_functions_are_ignored_and_nothing_else(self) -> None:
        failure = base.message('reboot_instance')
        self.assertEqual((), base.shipped().decode(failure))
        for changes in (
            {'priority': 'INFO'},
            {'publisher_id': 'network.compute1'},
            {'publisher_id': None},
            {'priority': ['ERROR']},
        ):
            with (
                self.subTest(changes),
                self.assertRaises(decoder.UnknownEventType),
            ):
                base.shipped().decode({**failure, **changes})

    def test_a_billed_event_type_counts_at_every_priority(self) -> None:
        message = base.message('compute.instance.update')
        expected = base.shipped().decode(message)
        message['priority'] = 'ERROR'
        self.assertEqual(expected, base.shipped().decode(message))


class BothFormatsTest(unittest.TestCase):
    """R11: the same fact seen twice in two shapes counts once."""

    def test_both_shapes_of_a_change_hold_equal_facts(self) -> None:
        waiting: dict[tuple[str, str], list[Any]] = {}
        pairs = 0
        messages = sorted(
            (
                recorded.message
                for _name, recorded in base.recordings()
                if recorded.exchange == 'nova'
            ),
            key=lambda message: message['timestamp'],
        )
        for message in messages:
            events = base.shipped().decode(message)
            event_type = message['event_type']
            if event_type.startswith('instance.') and events:
                legacy = RENAMED.get(event_type, f'compute.{event_type}')
                key = (events[0].resource_id, legacy)
                other = waiting[key].pop(0)
                if other is None:
                    continue
                self.assertEqual(base.facts(other), base.facts(events[0]))
                pairs += 1
            elif event_type.startswith('compute.instance.'):
                resource_id = message['payload']['instance_id']
                key = (resource_id, event_type)
                event = events[0] if events else None
                waiting.setdefault(key, []).append(event)
        self.assertEqual(221, pairs)
        self.assertEqual(
            [],
            [
                event
                for events in waiting.values()
                for event in events
                if event is not None
            ],
        )

    def test_both_together_tell_the_story_that_one_tells(self) -> None:
        servers = {
            event.resource_id
            for _name, recorded in base.recordings()
            for event in base.shipped().decode(recorded.message)
            if event.resource_type == 'instance'
        }
        self.assertEqual(12, len(servers))
        names = (
            *('state', 'phase', 'project_id', 'user_id', 'name', 'type'),
            *('type_id', 'image', 'availability_zone', 'measures'),
        )
        for server in servers:
            life = base.life(server)
            legacy = [
                event
                for event in life
                if event.event_type.startswith('compute.')
            ]
            with self.subTest(server):
                self.assertEqual(
                    base.changes(legacy, *names), base.changes(life, *names)
                )
