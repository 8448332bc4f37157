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
import textwrap
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.notifications import timestamps
from stratometrics.tests.unit.notifications import base

#: The resource types that are switched on.
SHIPPED = {
    'backup',
    'cluster',
    'database-instance',
    'floating-ip',
    'image',
    'instance',
    'ipsec-site-connection',
    'load-balancer',
    'network',
    'node',
    'object-account',
    'object-request',
    'router',
    'share',
    'share-snapshot',
    'snapshot',
    'volume',
    'vpn-service',
    'zone',
}

#: A complete definition; the tests of errors spoil one line of it.
SHELF = """\
resources:
  shelf:
    collection: shelves
    group_by: colour
    states: {terminal: [burnt], unbilled: [Planned]}
    resource_id: id
    project_id: owner
    state: state
    measures: {boards: {sum: [upper, lower]}}
    sources:
      workshop:
        exchange: workshop
        root: shelf
        attributes: {colour: paint.colour, type: kind}
        event_types:
          shelf.update:
          shelf.delete: {state: {value: burnt}}
"""

#: A resource type that no notification tells of.
CRATE = """\
resources:
  crate:
    collection: crates
    group_by: colour
    states: {terminal: [burnt], pending: [planned]}
    observed:
      attributes: [type, colour]
      measures: [weight_kg]
"""


def shelf(**keys: Any) -> dict[str, Any]:
    return {
        'message_id': 'm1',
        'event_type': 'shelf.update',
        'timestamp': '2026-11-23 06:54:15.932947',
        'payload': {
            'shelf': {
                'id': 's1',
                'owner': 'p1',
                'state': 'standing',
                'upper': 3,
                'lower': 4,
                'kind': 'oak',
                'paint': {'colour': 'green'},
            }
            | keys
        },
    }


class ShippedTest(unittest.TestCase):
    def test_the_resource_types(self) -> None:
        shipped = definitions.Definitions.load(None).resource_types
        self.assertEqual(SHIPPED, set(shipped))
        self.assertEqual(
            definitions.ResourceType(
                name='instance',
                collection='instances',
                group_by='type',
                attributes=(),
                measures=('vcpus', 'ram_mib', 'disk_gib'),
                terminal=('deleted',),
                unbilled=('soft-delete', 'soft_deleted'),
                audits=('compute.instance.exists', 'instance.exists'),
            ),
            shipped['instance'],
        )
        self.assertEqual('volumes', shipped['volume'].collection)
        self.assertEqual(('size_gib',), shipped['volume'].measures)
        self.assertEqual({'type': 'volume_type'}, shipped['volume'].names)

    def test_what_tells_of_all_that_exists_is_an_audit(self) -> None:
        found = base.every_definition()
        audits = {
            event_type
            for resource_type in found.resource_types.values()
            for event_type in resource_type.audits
        }
        told = {
            event.event_type
            for _name, recorded in base.recordings()
            for event in base.everything().decode(recorded.message)
        }
        self.assertLessEqual(audits, told)
        self.assertEqual(
            {event_type for event_type in told if 'exists' in event_type}
            | {'share.consumed.size'},
            audits,
        )

    def test_what_announces_a_creation_that_is_not_dated(self) -> None:
        announced = {
            'load-balancer': {'octavia.loadbalancer.create.end'},
            'share': {'share.create.end'},
        }
        found = base.every_definition().resource_types
        self.assertEqual(
            announced,
            {
                name: resource_type.creations
                for name, resource_type in found.items()
                if resource_type.creations
            },
        )
        for _name, recorded in base.recordings():
            for event in base.everything().decode(recorded.message):
                if event.resource_type in announced:
                    self.assertIsNone(event.created_at)

    def test_they_cannot_be_changed_by_those_who_read_them(self) -> None:
        shipped = definitions.Definitions.load(None).resource_types
        with self.assertRaises(TypeError):
            shipped['shelf'] = shipped['volume']


class FolderTest(base.FolderTestCase):
    def test_a_folder_need_not_exist(self) -> None:
        found = definitions.Definitions.load(str(self.folder / 'none'))
        self.assertEqual(SHIPPED, set(found.resource_types))

    def test_a_folder_that_is_a_file(self) -> None:
        file = self.write('shelf.yaml', SHELF)
        with self.assertRaises(definitions.DefinitionError) as caught:
            definitions.Definitions.load(file)
        self.assertEqual(f'{file}: Not a directory', str(caught.exception))

    def test_only_yaml_files_are_read(self) -> None:
        self.write('README', 'not: [yaml')
        self.write('shelf.yaml.bak', 'not: [yaml')
        self.write('empty.yaml', '')
        self.write('comment.yaml', '# nothing\n')
        self.assertEqual(SHIPPED, set(self.load().resource_types))

    def test_a_file_adds_a_resource_type(self) -> None:
        self.write('shelf.yaml', SHELF)
        found = self.load()
        shipped = definitions.Definitions.load(None)
        self.assertEqual(
            [*shipped.resource_types, 'shelf'], list(found.resource_types)
        )
        added = found.resource_types['shelf']
        self.assertEqual(('colour',), added.attributes)
        self.assertEqual('colour', added.group_by)
        self.assertEqual(('burnt',), added.terminal)
        self.assertEqual(('planned',), added.unbilled)
        self.assertEqual(shipped.exchanges | {'workshop'}, found.exchanges)
        (event,) = self.decoder().decode(shelf())
        self.assertEqual(
            event_model.Event(
                resource_type='shelf',
                resource_id='s1',
                event_time=timestamps.parse('2026-11-23 06:54:15.932947'),
                message_id='m1',
                rank=event_model.RANK_EVENT,
                phase=event_model.Phase.BILLED,
                state='standing',
                project_id='p1',
                event_type='shelf.update',
                region=base.REGION,
                type='oak',
                attributes={'colour': 'green'},
                measures={'boards': 7},
            ),
            event,
        )

    def test_a_resource_type_that_no_notification_tells_of(self) -> None:
        self.write('crate.yaml', CRATE)
        found = self.load()
        self.assertEqual(
            definitions.ResourceType(
                name='crate',
                collection='crates',
                group_by='colour',
                attributes=('colour',),
                measures=('weight_kg',),
                terminal=('burnt',),
                unbilled=(),
                pending=('planned',),
                observed=True,
            ),
            found.resource_types['crate'],
        )
        shipped = definitions.Definitions.load(None)
        self.assertEqual(shipped.exchanges, found.exchanges)

    def test_states_are_compared_without_case_and_kept_as_they_are(
        self,
    ) -> None:
        self.write('shelf.yaml', SHELF)
        for state, phase in (
            ('BURNT', event_model.Phase.ENDED),
            ('planned', event_model.Phase.UNBILLED),
            ('PLANNED', event_model.Phase.UNBILLED),
            ('unplanned', event_model.Phase.BILLED),
        ):
            (event,) = self.decoder().decode(shelf(state=state))
            self.assertEqual(state, event.state)
            self.assertIs(phase, event.phase)

    def test_a_number_or_a_truth_value_may_be_an_attribute(self) -> None:
        self.write('shelf.yaml', SHELF)
        for colour, text in ((7, '7'), (True, 'true'), (False, 'false')):
            (event,) = self.decoder().decode(shelf(paint={'colour': colour}))
            self.assertEqual({'colour': text}, event.attributes)

    def test_an_attribute_that_is_not_there_is_empty(self) -> None:
        self.write('shelf.yaml', SHELF)
        for paint in (None, {}, 'none', [1]):
            (event,) = self.decoder().decode(shelf(paint=paint))
            self.assertEqual({'colour': ''}, event.attributes)

    def test_a_unit_that_is_begun_counts(self) -> None:
        for way, amount in (
            ('{path: upper, per: 1}', 3),
            ('{path: upper, per: 2}', 2),
            ('{path: upper, per: 3}', 1),
            ('{sum: [upper, lower], per: 4}', 2),
            ('{first: [none, {value: 0}], per: 4}', 0),
            ('{value: 5, per: 4}', 2),
        ):
            with self.subTest(way):
                self.write(
                    'x.yaml', SHELF.replace('{sum: [upper, lower]}', way)
                )
                (event,) = self.decoder().decode(shelf())
                self.assertEqual({'boards': amount}, event.measures)

    def test_later_files_have_the_last_word(self) -> None:
        self.write('10.yaml', SHELF)
        self.write(
            '20.yaml',
            """\
            resources:
              shelf:
                states: {unbilled: [standing]}
                measures: {boards: upper, weight_g: {value: 5}}
                sources:
                  workshop:
                    event_types:
                      shelf.update: {state: {path: mood}}
                      shelf.delete: {state: {path: fate}}
                      shelf.exists:
            """,
        )
        found = self.load().resource_types['shelf']
        self.assertEqual(('burnt',), found.terminal)
        self.assertEqual(('standing',), found.unbilled)
        self.assertEqual(('boards', 'weight_g'), found.measures)
        (event,) = self.decoder().decode(shelf(mood='happy'))
        self.assertEqual('happy', event.state)
        self.assertEqual({'boards': 3, 'weight_g': 5}, event.measures)
        message = shelf(fate='burnt') | {'event_type': 'shelf.delete'}
        (event,) = self.decoder().decode(message)
        self.assertEqual('burnt', event.state)
        message = shelf() | {'event_type': 'shelf.exists'}
        (event,) = self.decoder().decode(message)
        self.assertEqual('standing', event.state)
        self.assertIs(event_model.Phase.UNBILLED, event.phase)

    def test_a_shipped_definition_is_overridden_key_by_key(self) -> None:
        self.write(
            'local.yaml',
            """\
            resources:
              instance:
                states: {unbilled: [stopped]}
                sources:
                  legacy: {attributes: {os: os_type}}
                  versioned: {attributes: {os: os_type}}
            """,
        )
        found = self.load().resource_types['instance']
        self.assertEqual(('stopped',), found.unbilled)
        self.assertEqual(('os',), found.attributes)
        self.assertEqual('type', found.group_by)
        message = base.message(
            'compute.instance.update', os_type='beos', state='stopped'
        )
        (event,) = self.decoder().decode(message)
        self.assertEqual({'os': 'beos'}, event.attributes)
        self.assertEqual('m1.small', event.type)
        self.assertIs(event_model.Phase.UNBILLED, event.phase)

    def test_a_way_to_a_fact_is_replaced_whole(self) -> None:
        self.write(
            'local.yaml',
            """\
            resources:
              instance:
                sources:
                  legacy: {attributes: {image: {value: any}}}
            """,
        )
        (event,) = self.decoder().decode(
            base.message('compute.instance.update')
        )
        self.assertEqual('any', event.image)

    def test_a_resource_type_is_switched_off(self) -> None:
        self.write(
            'local.yaml',
            """\
            resources:
              load-balancer: {enabled: false}
              volume: {enabled: false}
            """,
        )
        found = self.load()
        self.assertEqual(
            SHIPPED - {'load-balancer', 'volume'}, set(found.resource_types)
        )
        self.assertNotIn('octavia', found.exchanges)
        self.assertIn('openstack', found.exchanges)
        for event_type, count in (
            ('octavia.loadbalancer.create.end', 0),
            ('volume.update.end', 0),
            ('snapshot.update.end', 1),
        ):
            self.assertEqual(
                count, len(self.decoder().decode(base.message(event_type)))
            )

    def test_another_takes_the_place_of_one_switched_off(self) -> None:
        self.write('10.yaml', 'resources: {volume: {enabled: false}}')
        self.write(
            '20.yaml',
            SHELF.replace('shelf.update', 'volume.update.end').replace(
                'shelves', 'volumes'
            ),
        )
        message = shelf() | {'event_type': 'volume.update.end'}
        (event,) = self.decoder().decode(message)
        self.assertEqual('shelf', event.resource_type)

    def test_an_event_type_is_switched_off(self) -> None:
        self.write('10.yaml', SHELF)
        self.write(
            '20.yaml',
            """\
            resources:
              shelf:
                sources:
                  workshop: {event_types: {shelf.update: {enabled: false}}}
            """,
        )
        self.assertEqual((), self.decoder().decode(shelf()))
        message = shelf() | {'event_type': 'shelf.delete'}
        self.assertEqual(1, len(self.decoder().decode(message)))

    def test_an_audit_that_is_switched_off_is_none(self) -> None:
        self.write(
            'off.yaml',
            """
            resources:
              instance:
                sources:
                  legacy:
                    event_types: {compute.instance.exists: {enabled: false}}
            """,
        )
        instance = self.load().resource_types['instance']
        self.assertEqual(('instance.exists',), instance.audits)

    def test_a_creation_that_is_switched_off_was_one(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'shelf.update:',
                'shelf.update: {creation: true, enabled: false}',
            ),
        )
        added = self.load().resource_types['shelf']
        self.assertEqual({'shelf.update'}, added.creations)

    def test_a_file_adds_to_what_is_ignored(self) -> None:
        message = shelf()
        with self.assertRaises(decoder.UnknownEventType):
            self.decoder().decode(message)
        self.write(
            'local.yaml',
            """\
            ignored:
              - exchange: workshop
                because: Shelves are free.
                event_types: [shelf.*]
            """,
        )
        self.assertEqual((), self.decoder().decode(message))
        self.assertEqual(
            (),
            self.decoder().decode(base.message('compute.exception')),
        )

    def test_what_is_billed_wins_over_what_is_ignored(self) -> None:
        self.write('shelf.yaml', SHELF)
        self.write(
            'local.yaml',
            """\
            ignored:
              - exchange: workshop
                because: Shelves are free.
                event_types: [shelf.update, shelf.*]
            """,
        )
        self.assertEqual(1, len(self.decoder().decode(shelf())))

    def test_the_exact_name_and_then_the_longest_glob_decide(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF
            + textwrap.indent(
                textwrap.dedent("""\
                    'shelf.*': {state: {value: any}}
                    'shelf.re*': {state: {value: re}}
                    'shelf.*.end': {state: {value: end}}
                    'shelf.repaint.*': {state: {value: repaint}}
                """),
                ' ' * 10,
            )
            + textwrap.dedent("""\
                ignored:
                  - exchange: workshop
                    because: It has no end.
                    event_types: [shelf.repaint.start, shelf.repair*]
            """),
        )
        decode = self.decoder().decode
        for event_type, state in (
            ('shelf.update', 'standing'),
            ('shelf.move', 'any'),
            ('shelf.rename', 're'),
            ('shelf.move.end', 'end'),
            ('shelf.move.ended', 'any'),
            ('shelf.repaint.end', 'repaint'),
            ('shelf.repaint.start', None),
            ('shelf.repair', None),
        ):
            with self.subTest(event_type):
                states = [
                    event.state
                    for event in decode(shelf() | {'event_type': event_type})
                ]
                self.assertEqual([state] if state else [], states)
        for event_type in ('shelf', 'shelfXmove', 'a.shelf.move'):
            with self.assertRaises(decoder.UnknownEventType):
                decode(shelf() | {'event_type': event_type})

    def test_unless_a_payload_says_otherwise(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'shelf.update:',
                'shelf.update: {unless: {mood: [sad, bad], owner: nobody}}',
            ),
        )
        decode = self.decoder().decode
        for keys, count in (
            ({}, 1),
            ({'mood': 'sad'}, 0),
            ({'mood': 'bad'}, 0),
            ({'mood': 'sadder'}, 1),
            ({'mood': ['sad']}, 1),
            ({'owner': 'nobody'}, 0),
        ):
            self.assertEqual(count, len(decode(shelf(**keys))), keys)

    def test_every_way_to_a_fact(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'colour: paint.colour',
                textwrap.dedent("""\
                    colour: {
                      first: [a, {path: b, match: '^<(.*)>$'}, {value: none}],
                      replace: {rouge: red}}""").replace('\n', ' '),
            ),
        )
        decode = self.decoder().decode
        for keys, colour in (
            ({'a': 'blue', 'b': '<rouge>'}, 'blue'),
            ({'a': None, 'b': '<rouge>'}, 'red'),
            ({'a': '', 'b': '<green>'}, 'green'),
            ({'b': 'green'}, 'none'),
            ({'b': 7}, '7'),
            ({}, 'none'),
        ):
            with self.subTest(keys):
                (event,) = decode(shelf(**keys))
                self.assertEqual({'colour': colour}, event.attributes)

    def test_the_time_of_an_event(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'shelf.update:',
                'shelf.update: '
                '{event_time: {first: [moved_at, {envelope: timestamp}]}}',
            ),
        )
        decode = self.decoder().decode
        (event,) = decode(shelf(moved_at='2026-01-01T00:00:00Z'))
        self.assertEqual(
            timestamps.parse('2026-01-01 00:00:00'), event.event_time
        )
        (event,) = decode(shelf(moved_at=None))
        self.assertEqual(
            timestamps.parse('2026-11-23 06:54:15.932947'), event.event_time
        )
        with self.assertRaises(decoder.NotUnderstood) as caught:
            decode(shelf(moved_at='once'))
        self.assertEqual(
            "event_time: not a timestamp from 1970 to 2199: 'once'",
            str(caught.exception),
        )

    def test_the_part_of_a_text_that_is_a_time(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                '    state: state\n',
                '    state: state\n'
                "    created_at: {path: made, match: '^on ([^.]*)'}\n",
            ),
        )
        decode = self.decoder().decode
        for made, text in (
            ('on 2026-01-01 00:00:01.999', '2026-01-01 00:00:01'),
            ('2026-01-01 00:00:01', None),
            (None, None),
        ):
            (event,) = decode(shelf(made=made))
            self.assertEqual(text and timestamps.parse(text), event.created_at)
        with self.assertRaises(decoder.NotUnderstood) as caught:
            decode(shelf(made='on a day'))
        self.assertEqual(
            "created_at: not a timestamp from 1970 to 2199: 'a day'",
            str(caught.exception),
        )

    def test_a_root_inside_wrapped_objects(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'root: shelf', 'root: a.shelf\n        wrapper: w.d'
            ),
        )
        message = shelf()
        body = message['payload']['shelf'] | {'paint': {'w.d': {'colour': 1}}}
        message['payload'] = {'w.d': {'a': {'w.d': {'shelf': {'w.d': body}}}}}
        (event,) = self.decoder().decode(message)
        self.assertEqual({'colour': '1'}, event.attributes)
        self.assertEqual({'boards': 7}, event.measures)

    def test_a_path_through_lists(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace('root: shelf', 'root: rooms.1.shelves.0').replace(
                'paint.colour', 'paint.0'
            ),
        )
        message = shelf()
        body = message['payload']['shelf'] | {'paint': ['red', 'green']}
        for paint, colour in (
            (['red', 'green'], 'red'),
            ([], ''),
            ({'0': 'blue'}, 'blue'),
            ('red', ''),
        ):
            message['payload'] = {
                'rooms': [None, {'shelves': [body | {'paint': paint}]}]
            }
            (event,) = self.decoder().decode(message)
            self.assertEqual({'colour': colour}, event.attributes)
        for payload in (
            {'rooms': []},
            {'rooms': [None, None]},
            {'rooms': {'shelves': [body]}},
        ):
            with self.assertRaises(decoder.NotUnderstood) as caught:
                self.decoder().decode(message | {'payload': payload})
            self.assertEqual(
                'payload: the object that shelf is in is missing',
                str(caught.exception),
            )

    def test_an_object_of_a_list_that_is_found_by_what_it_says(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'colour: paint.colour',
                'colour: {find: {in: coats, where: {a.b: top, c: d}, '
                "path: colour.name}, match: '^(.)'}",
            ),
        )
        found = {'a': {'b': 'top'}, 'c': 'd', 'colour': {'name': 'green'}}
        for coats, colour in (
            ([found], 'g'),
            ([7, None, {}, {'a': 'top'}, {**found, 'c': 'e'}, found], 'g'),
            ([found, {**found, 'colour': {'name': 'red'}}], 'g'),
            ([{**found, 'colour': None}, found], ''),
            ([{**found, 'a': {'b': 'base'}}], ''),
            ([], ''),
            ({'0': found}, ''),
            ('green', ''),
            (None, ''),
        ):
            with self.subTest(coats):
                (event,) = self.decoder().decode(shelf(coats=coats))
                self.assertEqual({'colour': colour}, event.attributes)

    def test_a_consumption(self) -> None:
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'states: {terminal: [burnt], unbilled: [Planned]}',
                'kind: consumption',
            )
            .replace('    state: state\n', '')
            .replace('shelf.delete: {state: {value: burnt}}', ''),
        )
        found = self.load().resource_types['shelf']
        self.assertIs(usage.Kind.CONSUMPTION, found.kind)
        self.assertEqual((), found.terminal)
        (event,) = self.decoder().decode(shelf(created_at='2026-01-01'))
        self.assertIs(event_model.Phase.CONSUMED, event.phase)
        self.assertEqual(event_model.RANK_EVENT, event.rank)
        self.assertEqual('', event.state)
        self.assertEqual({'boards': 7}, event.measures)
        self.assertIsNone(event.birth())


class EachTest(base.FolderTestCase):
    """A message that tells of several resources."""

    def setUp(self) -> None:
        super().setUp()
        self.write(
            'shelf.yaml',
            SHELF.replace(
                'root: shelf', 'root: shelf\n        each: shelves'
            ).replace('shelf.update:', 'shelf.update: {unless: {mood: bad}}'),
        )

    def bulk(self, *shelves: Any) -> dict[str, Any]:
        return shelf() | {'payload': {'shelves': list(shelves)}}

    def one(self, **keys: Any) -> dict[str, Any]:
        return shelf(**keys)['payload']['shelf']

    def test_each_becomes_an_event(self) -> None:
        events = self.decoder().decode(
            self.bulk(self.one(), self.one(id='s2', upper=5))
        )
        self.assertEqual(
            [('s1', 7, 'm1'), ('s2', 9, 'm1')],
            [
                (event.resource_id, event.measures['boards'], event.message_id)
                for event in events
            ],
        )

    def test_a_message_without_the_list_tells_of_one(self) -> None:
        for shelves in (None, 'none', {}):
            message = shelf()
            message['payload']['shelves'] = shelves
            (event,) = self.decoder().decode(message)
            self.assertEqual('s1', event.resource_id)

    def test_an_empty_list_tells_of_none(self) -> None:
        self.assertEqual((), self.decoder().decode(self.bulk()))

    def test_unless_is_asked_of_each(self) -> None:
        (event,) = self.decoder().decode(
            self.bulk(self.one(mood='bad'), self.one(id='s2'))
        )
        self.assertEqual('s2', event.resource_id)

    def test_a_message_is_refused_whole(self) -> None:
        for wrong, reason in (
            ('s2', 'payload: the object that shelf is in is missing'),
            (self.one(id=''), 'resource_id: empty'),
            (self.one(upper=4), 'payload: it tells of one resource twice'),
        ):
            with self.assertRaises(decoder.NotUnderstood) as caught:
                self.decoder().decode(self.bulk(self.one(), wrong))
            self.assertEqual(reason, str(caught.exception))


class ErrorTest(base.FolderTestCase):
    def assert_error(self, text: str, error: str) -> None:
        file = self.write('x.yaml', text)
        with (
            self.subTest(error),
            self.assertRaises(definitions.DefinitionError) as caught,
        ):
            self.load()
        self.assertEqual(f'{file}: {error}', str(caught.exception))

    def assert_spoilt(self, old: str, new: str, error: str) -> None:
        self.assertIn(old, SHELF)
        self.assert_error(SHELF.replace(old, new), error)

    def test_the_definition_that_is_spoilt_is_in_order(self) -> None:
        self.write('x.yaml', SHELF)
        self.assertIn('shelf', self.load().resource_types)

    def test_what_is_not_yaml(self) -> None:
        self.assert_error(
            'resources: [',
            "line 1: expected the node content, but found '<stream end>'",
        )
        self.assert_error(
            'resources:\n  a: !!python/object:os.system {}\n',
            'line 2: could not determine a constructor for the tag '
            "'tag:yaml.org,2002:python/object:os.system'",
        )
        self.assert_error(
            SHELF + 'resources: {}\n',
            "line 18: the key 'resources' comes twice",
        )
        self.assert_error(
            SHELF.replace('state: state', 'state: a\n    state: b'),
            "line 9: the key 'state' comes twice",
        )
        self.assert_error('resources: &a\n  shelf: *a\n', 'nested too deeply')
        for tag, text in (
            ('int', '""'),
            ('float', '""'),
            ('bool', 'perhaps'),
            ('timestamp', 'once'),
            ('timestamp', '2001-99-99'),
        ):
            self.assert_error(
                f'resources:\n  shelf: !!{tag} {text}\n',
                f'line 2: not what tag:yaml.org,2002:{tag} means',
            )
        for code in ('00110000', 'FFFFFFFF'):
            self.assert_error(
                f'resources:\n  "\\U{code}": a', 'line 2: not YAML'
            )
        for text in (r'{"\ud800": 1}', r'{shelf: "\ud800"}'):
            self.assert_error(
                f'resources:\n  {text}\n',
                "line 2: '\\ud800' holds a lone surrogate",
            )

    def test_keys_that_are_no_text(self) -> None:
        big = f'0x{"f" * 5000}'
        spelled = '[an integer of more than 64 bits]'
        self.assert_error(
            f'? {big}\n: 1',
            f'{spelled}: unknown key; expected resources, ignored',
        )
        self.assert_error(
            f'resources:\n  ? {big}\n  : 1',
            f'{spelled}: a resource is named in lower case, with dashes',
        )
        for key, spelled in (
            ('7', '7'),
            ('null', 'null'),
            ('1.5', '1.5'),
            ('true', 'true'),
            ('!!timestamp 2026-11-23', 'a date'),
            ('""', "''"),
            (r'"a\nb"', r"'a\nb'"),
        ):
            self.assert_error(
                f'resources: {{shelf: {{sources: {{w: {{? {key} : 1}}}}}}}}',
                f'shelf: sources.w[{spelled}]: unknown key; expected one of '
                'attributes, created_at, each, event_time, event_types, '
                'exchange, measures, name, project_id, resource_id, root, '
                'state, user_id, wrapper',
            )

    def test_what_is_not_text(self) -> None:
        (self.folder / 'x.yaml').write_bytes(b'resources: \xff')
        with self.assertRaises(definitions.DefinitionError) as caught:
            self.load()
        self.assertIn('x.yaml: ', str(caught.exception))
        self.assert_error(
            'resources:\n  \x07',
            "line 2: '\\x07' is a character that YAML does not have",
        )

    def test_the_outline(self) -> None:
        self.assert_error('[]', 'expected a mapping')
        self.assert_error('resources: []', 'resources: expected a mapping')
        self.assert_error('ignored: {}', 'ignored: expected a list')
        self.assert_error(
            'resource: {}',
            'resource: unknown key; expected resources, ignored',
        )
        self.assert_error('resources: {shelf: 7}', 'shelf: expected a mapping')
        self.assert_error(
            'resources: {Shelf_1: {}}',
            'Shelf_1: a resource is named in lower case, with dashes',
        )

    def test_a_resource(self) -> None:
        for old, new, error in (
            (
                'group_by: colour',
                'group_bye: colour',
                'group_bye: unknown key; expected one of attributes, '
                'collection, created_at, enabled, event_time, group_by, '
                'kind, measures, name, names, project_id, resource_id, '
                'sources, state, states, user_id',
            ),
            (
                'group_by: colour',
                'group_by: size',
                'group_by: neither a common key nor an attribute',
            ),
            ('collection: shelves', '', 'collection: expected text'),
            (
                'shelves',
                'Shelves/1',
                'collection: expected lower case, with dashes',
            ),
            (
                'shelves',
                'usage',
                'collection: usage has a meaning of its own',
            ),
            (
                'shelves',
                'coverage',
                'collection: coverage has a meaning of its own',
            ),
            (
                'shelves',
                'costs',
                'collection: costs has a meaning of its own',
            ),
            (
                'shelves',
                'volumes',
                'collection: volumes is the collection of volume',
            ),
            (
                'group_by: colour',
                'enabled: 7',
                'enabled: expected true or false',
            ),
            (
                '    resource_id: id\n',
                '',
                'resource_id: missing for '
                'sources.workshop.event_types.shelf.update',
            ),
            (
                '    project_id: owner\n',
                '',
                'project_id: missing for '
                'sources.workshop.event_types.shelf.update',
            ),
            (
                '    state: state\n',
                '',
                'state: missing for sources.workshop.event_types.shelf.update',
            ),
        ):
            if 'enabled' in new:
                new = 'group_by: type\n    enabled: 7'
            self.assert_spoilt(old, new, f'shelf: {error}')

    def test_states(self) -> None:
        line = 'states: {terminal: [burnt], unbilled: [Planned]}'
        for states, error in (
            ('', 'states: expected a mapping'),
            ('states: [burnt]', 'states: expected a mapping'),
            (
                'states: {}',
                'states.terminal: without one a timeline has no end',
            ),
            (
                'states: {terminal: burnt}',
                'states.terminal: expected a list of states',
            ),
            (
                'states: {terminal: [7]}',
                'states.terminal: expected a list of states',
            ),
            (
                'states: {terminal: [burnt], unbilled: [BURNT]}',
                'states.unbilled: BURNT is terminal too',
            ),
            (
                'states: {final: [burnt]}',
                'states.final: unknown key; expected one of pending, '
                'terminal, unbilled',
            ),
            (
                'states: {terminal: [burnt], unbilled: [a], pending: [A]}',
                'states.pending: A is unbilled too',
            ),
            (
                'states: {terminal: [burnt], unbilled: [a, b, A]}',
                "states.unbilled[2]: 'a' comes twice",
            ),
        ):
            self.assert_spoilt(line, states, f'shelf: {error}')

    def test_kinds(self) -> None:
        line = 'states: {terminal: [burnt], unbilled: [Planned]}'
        kind = 'kind: consumption'
        for new, error in (
            (
                f'{line}\n    kind: 7',
                'kind: expected one of state, consumption',
            ),
            (
                f'{line}\n    kind: State',
                'kind: expected one of state, consumption',
            ),
            (f'{line}\n    {kind}', 'states: a consumption has no states'),
            (
                kind,
                'state: a consumption has none; said for '
                'sources.workshop.event_types.shelf.update',
            ),
        ):
            self.assert_spoilt(line, new, f'shelf: {error}')
        stateless = SHELF.replace(line, kind).replace('    state: state\n', '')
        self.assert_error(
            stateless,
            'shelf: state: a consumption has none; said for '
            'sources.workshop.event_types.shelf.delete',
        )
        self.assert_error(
            stateless.replace('{state: {value: burnt}}', '{created_at: c}'),
            'shelf: created_at: a consumption has none; said for '
            'sources.workshop.event_types.shelf.delete',
        )
        self.assert_error(
            stateless.replace('{state: {value: burnt}}', '{creation: true}'),
            'shelf: sources.workshop.event_types.shelf.delete.creation: a '
            'consumption is not created',
        )

    def test_sources(self) -> None:
        cut = SHELF[SHELF.index('    sources:') :]
        for sources, error in (
            ('', 'sources: expected a mapping of sources'),
            ('    sources: []', 'sources: expected a mapping of sources'),
            (
                '    sources: {workshop: 7}',
                'sources.workshop: expected a mapping',
            ),
            (
                '    sources: {workshop: {}}',
                'sources.workshop.exchange: expected text',
            ),
            (
                '    sources: {workshop: {exchange: w}}',
                'sources.workshop.event_types: expected a mapping of event '
                'types',
            ),
            (
                '    sources: {workshop: {exchange: w, wrapper: 7}}',
                'sources.workshop.wrapper: expected text',
            ),
            (
                '    sources: {workshop: {exchange: w, root: a..b}}',
                'sources.workshop.root: expected a path',
            ),
            (
                '    sources: {workshop: {exchange: w, each: a..b}}',
                'sources.workshop.each: expected a path',
            ),
            (
                '    sources: {workshop: {exchange: w, each: a, wrapper: b}}',
                'sources.workshop.each: not together with a wrapper',
            ),
            (
                '    sources: {workshop: {exchange: w, queue: w}}',
                'sources.workshop.queue: unknown key; expected one of '
                'attributes, created_at, each, event_time, event_types, '
                'exchange, measures, name, project_id, resource_id, root, '
                'state, user_id, wrapper',
            ),
        ):
            self.assert_error(SHELF.replace(cut, sources), f'shelf: {error}')

    def test_what_is_observed(self) -> None:
        for old, new, error in (
            (
                '    observed:',
                '    sources: {}\n    observed:',
                'sources: unknown key; expected one of collection, enabled, '
                'group_by, names, observed, states',
            ),
            (
                'attributes: [type, colour]',
                'facts: [type, colour]',
                'observed.facts: unknown key; expected one of attributes, '
                'measures',
            ),
            (
                'measures: [weight_kg]',
                'measures: {weight_kg: weight}',
                'observed.measures: expected a list of names',
            ),
            (
                'weight_kg',
                'Weight',
                'observed.measures[0]: expected a name in lower case, with '
                'underscores',
            ),
            (
                '[weight_kg]',
                '[weight_kg, weight_kg]',
                "observed.measures[1]: 'weight_kg' comes twice",
            ),
            (
                'type, colour',
                'type, colour, type',
                "observed.attributes[2]: 'type' comes twice",
            ),
            (
                'type, colour',
                'type, state',
                'observed.attributes[1]: state has a meaning of its own',
            ),
            (
                '[type, colour]',
                '[type]',
                'group_by: neither a common key nor an attribute',
            ),
        ):
            self.assertIn(old, CRATE)
            self.assert_error(CRATE.replace(old, new), f'crate: {error}')

    def test_event_types(self) -> None:
        where = 'shelf: sources.workshop.event_types'
        for line, error in (
            (
                '"a shelf":',
                f'{where}.a shelf: expected an event type, or a glob of one '
                'with *',
            ),
            (
                '7:',
                f'{where}[7]: expected an event type, or a glob of one with *',
            ),
            ('shelf.update: 7', f'{where}.shelf.update: expected a mapping'),
            (
                'shelf.update: {status: a}',
                f'{where}.shelf.update.status: unknown key; expected one of '
                'attributes, audit, created_at, creation, enabled, '
                'event_time, measures, name, project_id, resource_id, state, '
                'unless, user_id',
            ),
            (
                'shelf.update: {audit: 7}',
                f'{where}.shelf.update.audit: expected true or false',
            ),
            (
                'shelf.*: {audit: true}',
                f'{where}.shelf.*.audit: a glob cannot be one: name the '
                'event type',
            ),
            (
                'shelf.update: {creation: 7}',
                f'{where}.shelf.update.creation: expected true or false',
            ),
            (
                'shelf.*: {creation: true}',
                f'{where}.shelf.*.creation: a glob cannot be one: name the '
                'event type',
            ),
            (
                'shelf.update: {unless: [a]}',
                f'{where}.shelf.update.unless: expected a mapping of paths '
                'to texts',
            ),
            (
                'shelf.update: {unless: {a: [7]}}',
                f'{where}.shelf.update.unless.a: expected text or a list of '
                'texts',
            ),
            (
                'shelf.update: {unless: {a: [b, b]}}',
                f"{where}.shelf.update.unless.a[1]: 'b' comes twice",
            ),
            (
                'shelf.update: {unless: {a.: b}}',
                f'{where}.shelf.update.unless.a.: expected a path',
            ),
            (
                'volume.update.end:',
                f'{where}.volume.update.end: claimed by volume too, at '
                'sources.cinder.event_types.volume.update.end',
            ),
        ):
            self.assert_spoilt('shelf.update:', line, error)

    def test_a_second_source_that_claims_the_same(self) -> None:
        copied = SHELF[SHELF.index('      workshop:') :].replace(
            'workshop:', 'other:', 1
        )
        self.assert_error(
            SHELF + copied,
            'shelf: sources.other.event_types.shelf.update: claimed by shelf '
            'too, at sources.workshop.event_types.shelf.update',
        )

    def test_ways_to_a_fact(self) -> None:
        for raw, error in (
            ('7', ': expected a path'),
            ('', ': expected a path'),
            ('.a', ': expected a path'),
            ('a..b', ': expected a path'),
            ('[a]', ': expected a path'),
            ('{}', ': expected a path or one of find, first, path, value'),
            (
                '{path: a, value: b}',
                ': expected a path or one of find, first, path, value',
            ),
            (
                '{match: (a)}',
                ': expected a path or one of find, first, path, value',
            ),
            (
                '{find: a}',
                '.find: expected a mapping of in, path, where',
            ),
            (
                '{find: {in: a, path: b}}',
                '.find: expected a mapping of in, path, where',
            ),
            (
                '{find: {in: 7, where: {a: b}, path: c}}',
                '.find.in: expected a path',
            ),
            (
                '{find: {in: a, where: {}, path: c}}',
                '.find.where: expected a mapping of text to text',
            ),
            (
                '{find: {in: a, where: {b: 7}, path: c}}',
                '.find.where: expected a mapping of text to text',
            ),
            (
                '{find: {in: a, where: {b..c: d}, path: c}}',
                '.find.where.b..c: expected a path',
            ),
            (
                '{find: {in: a, where: {b: c}, path: [d]}}',
                '.find.path: expected a path',
            ),
            ('{path: 7}', '.path: expected a path'),
            ('{pfad: a}', '.pfad: unknown key'),
            ('{sum: [a]}', '.sum: unknown key'),
            ('{envelope: timestamp}', '.envelope: unknown key'),
            ('{first: a}', '.first: expected a list of paths'),
            ('{first: []}', '.first: expected a list of paths'),
            ('{first: [a, 7]}', '.first[1]: expected a path'),
            ('{first: [{first: [a]}]}', '.first[0]: a list inside a list'),
            (
                '{path: a, match: a}',
                '.match: expected a regular expression with one group',
            ),
            (
                '{path: a, match: (a)(b)}',
                '.match: expected a regular expression with one group',
            ),
            (
                '{path: a, match: (a}',
                '.match: not a regular expression: missing ), unterminated '
                'subpattern at position 0',
            ),
            ('{path: a, match: 7}', '.match: expected text'),
            ('{path: a, match: !!binary KGEp}', '.match: expected text'),
            (
                f'{{path: a, match: "(a){{{"9" * 20}}}"}}',
                '.match: not a regular expression: the repetition number is '
                'too large',
            ),
            (
                f'{{path: a, match: "{"(" * 5000}a{")" * 5000}"}}',
                '.match: nested too deeply',
            ),
            (
                f'{{path: a, match: "(a){{{"9" * 5000}}}"}}',
                '.match: not a regular expression: Exceeds the limit (4300 '
                'digits) for integer string conversion: value has 5000 '
                'digits; use sys.set_int_max_str_digits() to increase the '
                'limit',
            ),
            (
                '{path: a, replace: a}',
                '.replace: expected a mapping of text to text',
            ),
            (
                '{path: a, replace: {a: 7}}',
                '.replace: expected a mapping of text to text',
            ),
            (
                '{value: ""}',
                '.value: state: empty',
            ),
            ('{value: 7}', '.value: state: expected text, got 7'),
            (
                '{first: [a, {value: 7}]}',
                '.first[1].value: state: expected text, got 7',
            ),
            (
                '{value: a, match: (a)}',
                '.match: not together with value',
            ),
            (
                '{value: a, replace: {a: b}}',
                '.replace: not together with value',
            ),
            (
                '{first: [a, {value: b, replace: {b: c}}]}',
                '.first[1].replace: not together with value',
            ),
            (
                f'a.{"7" * 5000}',
                ': a number in a path has at most 255 digits',
            ),
        ):
            self.assert_spoilt(
                '    state: state\n',
                f'    state: {raw}\n',
                f'shelf: state{error}',
            )

    def test_ways_to_a_measure(self) -> None:
        for raw, error in (
            ('', ': expected a path'),
            ('{sum: a}', '.sum: expected a list of paths'),
            ('{sum: [{sum: [a]}]}', '.sum[0]: a list inside a list'),
            ('{path: a, match: (a)}', '.match: unknown key'),
            *(
                (
                    f'{{path: a, per: {wrong}}}',
                    '.per: expected a whole number of 1 or more',
                )
                for wrong in ('0', '-1', '1.5', 'GiB', 'true')
            ),
            (
                '{value: -1}',
                '.value: measures.boards: expected an integer from 0 to '
                '2**63 - 1, got -1',
            ),
            (
                '{value: "7"}',
                '.value: measures.boards: expected an integer from 0 to '
                "2**63 - 1, got '7'",
            ),
            *(
                (
                    f'{{{way}: [lower, {{value: -1}}]}}',
                    f'.{way}[1].value: measures.boards: expected an integer '
                    'from 0 to 2**63 - 1, got -1',
                )
                for way in ('first', 'sum')
            ),
            (
                '{value: -1, per: 4}',
                '.value: measures.boards: expected an integer from 0 to '
                '2**63 - 1, got -1',
            ),
        ):
            self.assert_spoilt(
                'boards: {sum: [upper, lower]}',
                f'boards: {raw}',
                f'shelf: measures.boards{error}',
            )
        self.assert_spoilt(
            'measures: {boards: {sum: [upper, lower]}}',
            'measures: [boards]',
            'shelf: measures: expected a mapping',
        )
        self.assert_spoilt(
            'boards: {sum',
            'Boards: {sum',
            'shelf: measures.Boards: expected a name in lower case, with '
            'underscores',
        )
        self.assert_spoilt(
            'shelf.delete: {state: {value: burnt}}',
            'shelf.delete: {measures: {nails: nails}}',
            'shelf: measures.nails: missing for '
            'sources.workshop.event_types.shelf.update',
        )

    def test_ways_to_a_time(self) -> None:
        for key, raw, error in (
            ('created_at', '{value: "1970-01-01"}', '.value: unknown key'),
            ('created_at', '{envelope: timestamp}', '.envelope: unknown key'),
            (
                'event_time',
                '{envelope: payload}',
                '.envelope: expected one of event_type, publisher_id, '
                'timestamp',
            ),
            ('event_time', '{value: now}', '.value: unknown key'),
            (
                'event_time',
                '{end_of_second: a, match: (.*)}',
                '.match: not together with end_of_second',
            ),
            (
                'created_at',
                '{path: a, replace: {a: b}}',
                '.replace: unknown key',
            ),
            (
                'created_at',
                '{path: a, match: a}',
                '.match: expected a regular expression with one group',
            ),
        ):
            self.assert_spoilt(
                '    state: state\n',
                f'    state: state\n    {key}: {raw}\n',
                f'shelf: {key}{error}',
            )

    def test_attributes(self) -> None:
        where = 'shelf: sources.workshop.attributes'
        for name in (
            'project_id',
            'domain_id',
            'state',
            'limit',
            'from',
            'usage',
            'project_name',
        ):
            self.assert_spoilt(
                '{colour: paint.colour,',
                f'{{colour: paint.colour, {name}: a,',
                f'{where}.{name}: {name} has a meaning of its own',
            )
        for name in ('Colour-2', '7'):
            spelled = f'.{name}' if name != '7' else '[7]'
            self.assert_spoilt(
                '{colour: paint.colour,',
                f'{{colour: paint.colour, {name}: a,',
                f'{where}{spelled}: expected a name in lower case, with '
                'underscores',
            )

    def test_names(self) -> None:
        for raw, error in (
            ('7', ': expected a mapping'),
            (
                '{size: volume_type}',
                '.size: unknown key; expected one of colour, type',
            ),
            (
                '{type_id: volume_type}',
                '.type_id: unknown key; expected one of colour, type',
            ),
            (
                '{type: shelf}',
                '.type: expected one of cluster_template, flavor, '
                'network_flavor, share_type, volume_type',
            ),
            (
                '{type: [flavor]}',
                '.type: expected one of cluster_template, flavor, '
                'network_flavor, share_type, volume_type',
            ),
        ):
            self.assert_spoilt(
                '    state: state\n',
                f'    state: state\n    names: {raw}\n',
                f'shelf: names{error}',
            )

    def test_what_is_ignored(self) -> None:
        entry = {
            'exchange': 'w',
            'because': 'It is free.',
            'event_types': '[a.b]',
        }
        for keys, error in (
            ({'exchange': ''}, '.exchange: expected text'),
            ({'because': '7'}, '.because: expected text'),
            (
                {'event_types': '[]'},
                '.event_types: expected a list of event types',
            ),
            (
                {'event_types': 'a.b'},
                '.event_types: expected a list of event types',
            ),
            (
                {'event_types': '[a.b, "a b"]'},
                '.event_types[1]: expected an '
                'event type, or a glob of one with *',
            ),
            (
                {'event_types': '[a.b, c, a.b]'},
                ".event_types[2]: 'a.b' comes twice",
            ),
            ({'priority': '7'}, '.priority: expected text'),
            ({'publisher': '7'}, '.publisher: expected text'),
            (
                {'topic': 'a'},
                '.topic: unknown key; expected one of because, '
                'event_types, exchange, names, priority, publisher',
            ),
            (
                {'names': '{shelf: id}'},
                '.names.shelf: unknown key; expected one of '
                'cluster_template, domain, flavor, network_flavor, project, '
                'share_type, user, volume_type',
            ),
            (
                {'names': '{project: 7}'},
                '.names.project: expected a path',
            ),
            *(
                (
                    {'names': '{project: id}', key: 'error'},
                    '.names: not together with a priority or a publisher',
                )
                for key in ('priority', 'publisher')
            ),
        ):
            lines = [
                f'    {key}: {raw}' for key, raw in (entry | keys).items()
            ]
            self.assert_error(
                '\n'.join(['ignored:', '  -', *lines]), f'ignored[0]{error}'
            )
        self.assert_error('ignored: [7]', 'ignored[0]: expected a mapping')

    def test_the_file_that_is_to_blame_is_named(self) -> None:
        """Each key is blamed on the file that has the last word on it."""
        first = self.write('10.yaml', SHELF)
        second = self.write(
            '20.yaml', 'resources: {shelf: {states: {terminal: 7}}}'
        )
        with self.assertRaises(definitions.DefinitionError) as caught:
            self.load()
        self.assertEqual(
            f'{second}: shelf: states.terminal: expected a list of states',
            str(caught.exception),
        )
        self.write('20.yaml', 'resources: {shelf: {group_by: colour}}')
        self.write('10.yaml', SHELF.replace('owner', 'ow..ner'))
        with self.assertRaises(definitions.DefinitionError) as caught:
            self.load()
        self.assertEqual(
            f'{first}: shelf: project_id: expected a path',
            str(caught.exception),
        )

    def test_an_override_of_a_shipped_resource_is_blamed(self) -> None:
        self.assert_error(
            'resources: {instance: {sources: {legacy: {measures: '
            '{vcpus: 7}}}}}',
            'instance: sources.legacy.measures.vcpus: expected a path',
        )
