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

from stratometrics.collector import quarantine
from stratometrics.tests.functional.collector import bed

#: Bodies that the messaging driver rejects before the collector sees them.
ODD = {
    'truncated envelope': b'{"oslo.version": "2.0", "oslo.mess',
    'not UTF-8': b'\xff\xfe\x00\x80',
    'a list': b'[1]',
    'a text': b'"text"',
    'null': b'null',
    'a number': b'7',
    'a list in an envelope': bed.envelope([1, 2]),
    'null in an envelope': bed.envelope(None),
    'truncated message': json.dumps(
        {'oslo.version': '2.0', 'oslo.message': '{"message_id": "x", '}
    ).encode(),
    'nested without end': b'[' * 100_000,
    'gigantic': b'{"x": "' + b'x' * 20 * 1024**2,
    'version of the future': json.dumps(
        {'oslo.version': '9.0', 'oslo.message': '{"message_id": "future"}'}
    ).encode(),
}


class TestDeadLetters(bed.OwnServersTestCase):
    def setUp(self):
        super().setUp()
        self.dead = f'dead-{self.topic}'
        self.configure('collector', dead_letter_queue=self.dead)
        bed.own_rabbitmq().rabbitmqctl(
            'set_policy',
            '--apply-to',
            'queues',
            self.topic,
            f'^{self.topic}',
            json.dumps({'dead-letter-exchange': self.dead}),
        )

    def wait_rejected(self, count):
        self.wait_until(
            lambda: len(list(self.storage.rejected())) >= count,
            f'{count} messages are kept',
        )
        return list(self.storage.rejected())

    def test_each_is_kept_and_neighbours_are_stored(self):
        self.start_and_wait()
        messages = bed.notifications(2 * len(ODD))
        bodies = []
        for message, odd in zip(messages, ODD.values(), strict=False):
            bodies += [bed.envelope(message), odd]
        bodies += [bed.envelope(m) for m in messages[len(ODD) :]]
        self.publish(bodies)
        self.wait_stored(bed.billed(messages))
        kept = self.wait_rejected(len(ODD))
        future = [m for m in kept if m.message_id == 'future']
        self.assertEqual(1, len(future))
        self.assertEqual(
            {'message_id': 'future'}, quarantine.restore(future[0].body)
        )
        self.assertEqual(
            set(ODD.values()) - {ODD['version of the future']},
            {
                m.body.encode('latin-1')
                for m in kept
                if m.message_id != 'future'
            },
        )
        for message in kept:
            self.assertEqual(
                'dead letter: rejected from queue '
                f'{self.queue.name} of exchange {self.exchange.name}',
                message.reason,
            )
        self.assertEqual(1, self.log().count('kind (dead_letter)'))

    def test_outages(self):
        self.start_and_wait()
        bed.own_clickhouse().stop()
        self.addCleanup(
            lambda: bed.own_clickhouse().pid or bed.own_clickhouse().start()
        )
        self.publish(str(n).encode() for n in range(50))
        self.wait_until(
            lambda: 'Storage is unavailable' in self.log(), 'it notices'
        )
        bed.own_rabbitmq().restart()
        bed.own_clickhouse().start()
        self.publish(str(n).encode() for n in range(50, 60))
        kept = self.wait_rejected(60)
        self.assertEqual(
            {str(n) for n in range(60)}, {message.body for message in kept}
        )
