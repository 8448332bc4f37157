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

import testtools

from stratometrics.collector import quarantine
from stratometrics.tests.unit.collector import fakes

CONTEXT = {
    'request_id': 'req-1',
    'user_id': 'u1',
    'auth_token': 'gAAAA-secret',
    'service_catalog': [{'endpoints': 'secret'}],
    'global_request_id': None,
}


class TestReject(testtools.TestCase):
    def test_can_be_restored(self):
        message = fakes.make_message()
        rejected = quarantine.reject(message, {}, 'R', 'no')
        self.assertEqual(message, quarantine.restore(rejected.body))

    def test_names_message_and_type(self):
        rejected = quarantine.reject(
            fakes.make_message('m7'), {}, 'R', 'why not'
        )
        self.assertEqual('m7', rejected.message_id)
        self.assertEqual('good', rejected.event_type)
        self.assertEqual('why not', rejected.reason)

    def test_keeps_ids_and_no_secret_of_the_request(self):
        rejected = quarantine.reject(fakes.make_message(), CONTEXT, 'R', 'no')
        self.assertNotIn('secret', rejected.body)
        kept = json.loads(rejected.body)
        self.assertEqual('req-1', kept['_context_request_id'])
        self.assertEqual('u1', kept['_context_user_id'])
        self.assertNotIn('_context_global_request_id', kept)

    def test_same_message_has_same_id(self):
        first, again = (
            quarantine.reject(fakes.make_message(), CONTEXT, 'R', 'no')
            for _ in range(2)
        )
        self.assertEqual(first.id, again.id)

    def test_other_message_region_or_reason_has_another_id(self):
        ids = {
            quarantine.reject(fakes.make_message(name), {}, region, reason).id
            for name in ('m1', 'm2')
            for region in ('R1', 'R2')
            for reason in ('no', 'never')
        }
        self.assertEqual(8, len(ids))

    def test_lone_surrogates_survive(self):
        message = fakes.make_message(name='\ud800')
        message['event_type'] = '\udfff'
        rejected = quarantine.reject(message, {}, 'R', 'bad \ud800')
        for text in (rejected.body, rejected.event_type, rejected.reason):
            text.encode()
        self.assertEqual(message, quarantine.restore(rejected.body))

    def test_any_shape(self):
        for message in (None, 'text', [1], 7, {}, {'event_type': {'a': 1}}):
            rejected = quarantine.reject(message, {}, 'R', 'no')
            self.assertEqual(message, json.loads(rejected.body))

    def test_endless_names_are_cut(self):
        rejected = quarantine.reject(
            {'event_type': 'x' * 10**6, 'message_id': None},
            {},
            'R',
            'y' * 10**6,
        )
        self.assertEqual(255, len(rejected.event_type))
        self.assertEqual('', rejected.message_id)
        self.assertEqual(1000, len(rejected.reason))


class TestRejectBody(testtools.TestCase):
    def test_undecodable_body_is_kept_byte_by_byte(self):
        body = bytes(range(256))
        rejected = quarantine.reject_body(body, 'R', 'no')
        self.assertEqual(body, rejected.body.encode('latin-1'))
        self.assertIsNone(quarantine.restore(rejected.body))

    def test_token_in_truncated_envelope_is_not_kept(self):
        message = {**fakes.make_message(), '_context_auth_token': 'gA-secret'}
        for body in (
            json.dumps(message),
            json.dumps({'oslo.message': json.dumps(message)}),
        ):
            rejected = quarantine.reject_body(body[:-1].encode(), 'R', 'no')
            self.assertNotIn('secret', rejected.body)
            self.assertIn('compute.host1', rejected.body)

    def test_whole_envelope_becomes_a_message(self):
        message = fakes.make_message('m8')
        sent = {**message, '_context_auth_token': 'gA-secret'}
        body = json.dumps(
            {'oslo.version': '9.0', 'oslo.message': json.dumps(sent)}
        )
        rejected = quarantine.reject_body(body.encode(), 'R', 'no')
        self.assertEqual('m8', rejected.message_id)
        self.assertEqual(message, quarantine.restore(rejected.body))


class TestRestore(testtools.TestCase):
    def test_nothing_to_restore(self):
        for body in (
            '',
            '[1]',
            '{',
            '"text"',
            '{"oslo.message": 7}',
            '{"oslo.message": "{"}',
            '[' * 100_000,
        ):
            self.assertIsNone(quarantine.restore(body))


class TestParts(testtools.TestCase):
    def test_by_count_and_by_size(self):
        small = quarantine.reject({}, {}, 'R', '')
        large = quarantine.reject('x' * 10 * 1024**2, {}, 'R', '')
        messages = [small] * 1001 + [large, large, small]
        parts = list(quarantine.parts(messages))
        self.assertEqual([1000, 2, 2], [len(part) for part in parts])
        self.assertEqual(messages, [m for part in parts for m in part])

    def test_nothing(self):
        self.assertEqual([], list(quarantine.parts([])))
