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
import json
from typing import Any
import unittest

from stratometrics.notifications import decoder
from stratometrics.tests.unit.notifications import base

#: JSON can spell half of a pair; UTF-8, and so a column, cannot hold it.
LONE_SURROGATE = json.loads('"caf\\ud83d"')


def changed(**keys: Any) -> dict[str, Any]:
    """A volume's message with other keys beside the payload."""
    return {**base.message('volume.update.end'), **keys}


def without(key: str) -> dict[str, Any]:
    message = changed()
    del message[key]
    return message


class RefusalTest(unittest.TestCase):
    def assert_refused(self, reason: str, message: Any) -> None:
        with self.assertRaises(decoder.NotUnderstood) as caught:
            base.shipped().decode(message)
        self.assertEqual(reason, str(caught.exception))

    def assert_payload_refused(self, reason: str, **payload: Any) -> None:
        with self.subTest(reason, **payload):
            self.assert_refused(
                reason, base.message('volume.update.end', **payload)
            )

    def test_a_message_that_is_no_object(self) -> None:
        for message in (None, [], 'volume.update.end', 7, True):
            self.assert_refused('the message is not an object', message)

    def test_the_event_type(self) -> None:
        for value, reason in (
            (None, 'missing'),
            ('', 'empty'),
            (7, 'expected text, got 7'),
            ([], 'expected text, got a list'),
            ({'a': 1}, 'expected text, got an object'),
            (True, 'expected text, got true'),
            (1.5, 'expected text, got 1.5'),
            (10**400, 'expected text, got an integer of more than 64 bits'),
            (
                'x' * 256,
                f"longer than 255 characters: '{'x' * 60}'...",
            ),
            (LONE_SURROGATE, "'caf\\ud83d' holds a lone surrogate"),
        ):
            with self.subTest(reason):
                self.assert_refused(
                    f'event_type: {reason}', changed(event_type=value)
                )
        self.assert_refused('event_type: missing', without('event_type'))

    def test_an_unknown_event_type_says_so(self) -> None:
        with self.assertRaises(decoder.UnknownEventType) as caught:
            base.shipped().decode(changed(event_type='volume.paint.end'))
        self.assertEqual(
            "event_type: no definition claims or ignores 'volume.paint.end'",
            str(caught.exception),
        )

    def test_the_message_id(self) -> None:
        self.assert_refused('message_id: missing', without('message_id'))
        for value, reason in (
            ('', 'empty'),
            (7, 'expected text, got 7'),
            ('i' * 256, f"longer than 255 characters: '{'i' * 60}'..."),
            (LONE_SURROGATE, "'caf\\ud83d' holds a lone surrogate"),
        ):
            with self.subTest(reason):
                self.assert_refused(
                    f'message_id: {reason}', changed(message_id=value)
                )

    def test_the_timestamp(self) -> None:
        self.assert_refused('timestamp: missing', without('timestamp'))
        for value, reason in (
            ('', 'missing'),
            (1795416855, 'expected a timestamp, got 1795416855'),
            (
                'yesterday',
                "not a timestamp from 1970 to 2199: 'yesterday'",
            ),
            (
                '2200-01-01 00:00:00.000000',
                'not a timestamp from 1970 to 2199: '
                "'2200-01-01 00:00:00.000000'",
            ),
        ):
            with self.subTest(reason):
                self.assert_refused(
                    f'timestamp: {reason}', changed(timestamp=value)
                )

    def test_the_payload(self) -> None:
        for payload, shown in (
            (None, 'null'),
            ('a failed upload has one like this', None),
            ([], 'a list'),
            (7, '7'),
        ):
            shown = shown or ascii(payload)
            with self.subTest(shown):
                self.assert_refused(
                    f'payload: expected an object, got {shown}',
                    changed(payload=payload),
                )

    def test_a_payload_without_the_object_that_it_wraps(self) -> None:
        message = base.message('instance.update')
        for payload in ({}, {'nova_object.data': 'gone'}):
            self.assert_refused(
                'payload: the object that instance is in is missing',
                {**message, 'payload': payload},
            )

    def test_a_payload_may_be_text_where_it_is_ignored(self) -> None:
        for name, recorded in base.recordings():
            if isinstance(recorded.message['payload'], str):
                self.assertEqual('samples', name)
                self.assertEqual((), base.shipped().decode(recorded.message))
                break
        else:
            self.fail('no payload is text')

    def test_ids(self) -> None:
        for key, fact in (
            ('volume_id', 'resource_id'),
            ('tenant_id', 'project_id'),
            ('status', 'state'),
        ):
            for value, reason in (
                (None, 'missing'),
                ('', 'empty'),
                (7, 'expected text, got 7'),
                (['a'], 'expected text, got a list'),
                ('v' * 256, f"longer than 255 characters: '{'v' * 60}'..."),
                (LONE_SURROGATE, "'caf\\ud83d' holds a lone surrogate"),
            ):
                self.assert_payload_refused(
                    f'{fact}: {reason}', **{key: value}
                )

    def test_measures(self) -> None:
        wanted = 'expected an integer from 0 to 2**63 - 1, got'
        for value, shown in (
            (-1, '-1'),
            (2**63, 'an integer of more than 64 bits'),
            (True, 'true'),
            (10.0, '10.0'),
            ('10', "'10'"),
            ([10], 'a list'),
        ):
            self.assert_payload_refused(
                f'measures.size_gib: {wanted} {shown}', size=value
            )
        self.assert_payload_refused('measures.size_gib: missing', size=None)

    def test_the_largest_measure_is_kept(self) -> None:
        message = base.message('volume.update.end', size=2**63 - 1)
        (event,) = base.shipped().decode(message)
        self.assertEqual({'size_gib': 2**63 - 1}, event.measures)

    def test_a_sum_of_measures(self) -> None:
        for root, ephemeral, shown in (
            (2**63 - 1, 1, 'an integer of more than 64 bits'),
            (True, 1, 'true'),
            (20, -1, '-1'),
        ):
            message = base.message('instance.update')
            flavor = message['payload']['nova_object.data']['flavor']
            flavor['nova_object.data'].update(
                root_gb=root, ephemeral_gb=ephemeral
            )
            self.assert_refused(
                'measures.disk_gib: expected an integer from 0 to 2**63 - 1, '
                f'got {shown}',
                message,
            )

    def test_texts(self) -> None:
        for key, fact in (
            ('display_name', 'name'),
            ('user_id', 'user_id'),
            ('volume_type', 'attributes.type'),
            ('availability_zone', 'attributes.availability_zone'),
        ):
            for value, reason in (
                (LONE_SURROGATE, "'caf\\ud83d' holds a lone surrogate"),
                ({}, 'expected text, got an object'),
                (1.5, 'expected text, got 1.5'),
                (
                    -(2**63),
                    'expected text, got an integer of more than 64 bits',
                ),
            ):
                self.assert_payload_refused(
                    f'{fact}: {reason}', **{key: value}
                )

    def test_the_time_of_creation(self) -> None:
        self.assert_payload_refused(
            "created_at: not a timestamp from 1970 to 2199: 'once'",
            created_at='once',
        )
        self.assert_payload_refused(
            'created_at: expected a timestamp, got 7', created_at=7
        )

    def test_a_reason_is_short_and_printable(self) -> None:
        with self.assertRaises(decoder.NotUnderstood) as caught:
            base.shipped().decode(
                changed(timestamp='\x00\ud83d\n' + 'x' * 10**6)
            )
        reason = str(caught.exception)
        self.assertLess(len(reason), 200)
        self.assertTrue(reason.isprintable() and reason.isascii())


class AcceptanceTest(unittest.TestCase):
    def test_what_may_be_absent_is_empty(self) -> None:
        message = base.message(
            'volume.update.end',
            display_name=None,
            availability_zone=None,
            created_at=None,
        )
        del message['payload']['user_id']
        (event,) = base.shipped().decode(message)
        self.assertEqual('', event.name)
        self.assertEqual('', event.availability_zone)
        self.assertEqual('', event.user_id)
        self.assertIsNone(event.created_at)
        message['payload']['created_at'] = ''
        (event,) = base.shipped().decode(message)
        self.assertIsNone(event.created_at)

    def test_a_name_is_kept_as_it_is(self) -> None:
        for name in (
            'x' * 100_000,
            'd\xe9j\xe0 vu \U0001f4be',
            'a\x00b',
            ' \'";--\n',
        ):
            message = base.message('volume.update.end', display_name=name)
            (event,) = base.shipped().decode(message)
            self.assertEqual(name, event.name)

    def test_the_context_does_not_matter(self) -> None:
        message = base.message('volume.update.end')
        expected = base.shipped().decode(message)
        bare = {
            key: value
            for key, value in message.items()
            if not key.startswith('_')
        }
        self.assertLess(len(bare), len(message))
        self.assertEqual(expected, base.shipped().decode(bare))

    def test_an_ignored_message_is_not_looked_into(self) -> None:
        self.assertEqual(
            (),
            base.shipped().decode({'event_type': 'compute.exception'}),
        )

    def test_decoding_does_not_change_the_message(self) -> None:
        for event_type in ('compute.instance.update', 'instance.update'):
            message = base.message(event_type)
            before = json.dumps(message)
            base.shipped().decode(message)
            self.assertEqual(before, json.dumps(message))
