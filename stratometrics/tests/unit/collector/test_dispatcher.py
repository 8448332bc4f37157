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
import types

import fixtures
import testtools

from stratometrics.collector import dispatcher
from stratometrics.tests.unit.collector import fakes


class FakeSink:
    """A sink that answers as it is told."""

    def __init__(self, answer):
        self.answer = answer
        self.batches = []

    def store(self, batch):
        self.batches.append(batch)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class TestDispatcher(testtools.TestCase):
    def dispatch(self, answer):
        batch = [fakes.FakeIncoming({'priority': None}) for _ in range(3)]
        sink = FakeSink(answer)
        refused = dispatcher.Dispatcher(sink, ['info']).dispatch(batch)
        self.assertEqual([batch], sink.batches)
        return batch, refused

    def test_durable_is_acknowledged(self):
        _, refused = self.dispatch(True)
        self.assertEqual(set(), refused)

    def test_not_durable_is_given_back(self):
        batch, refused = self.dispatch(False)
        self.assertEqual(set(batch), refused)

    def test_unforeseen_error_is_given_back_without_haste(self):
        log = self.useFixture(fixtures.FakeLogger())
        self.useFixture(
            fixtures.MonkeyPatch(
                'stratometrics.collector.dispatcher._BREATHE', 0.01
            )
        )
        batch, refused = self.dispatch(RuntimeError('a bug'))
        self.assertEqual(set(batch), refused)
        self.assertIn('a bug', log.output)

    def test_priorities(self):
        self.assertEqual(
            ('info', 'error'),
            dispatcher.Dispatcher(
                None, ['info', 'error']
            ).supported_priorities,
        )


class Raw:
    """A message as kombu knows it."""

    def __init__(self, error=None):
        self.acks = []
        self.error = error

    def ack(self, multiple=False):
        if self.error:
            raise self.error
        self.acks.append(multiple)


class Incoming:
    """A message of the driver for RabbitMQ, or of another one."""

    def __init__(self, tasks, raw):
        self.message = types.SimpleNamespace()
        if raw:
            self.message._raw_message = raw
        self._message_operations_handler = types.SimpleNamespace(
            do=tasks.append
        )
        self.settled = []

    def acknowledge(self):
        self.settled.append('acknowledged')

    def requeue(self):
        self.settled.append('given back')


class TestAcknowledging(testtools.TestCase):
    def process(self, durable, raws):
        self.tasks = []
        batch = [Incoming(self.tasks, raw) for raw in raws]
        server = dispatcher.Server.__new__(dispatcher.Server)
        server.dispatcher = dispatcher.Dispatcher(FakeSink(durable), ['info'])
        server._process_incoming(batch)
        return [incoming.settled for incoming in batch]

    def test_a_durable_batch_is_acknowledged_with_one_word(self):
        raws = [Raw() for _ in range(3)]
        self.assertEqual([[], [], []], self.process(True, raws))
        # Not by this thread.
        self.assertEqual([[], [], []], [raw.acks for raw in raws])
        for task in self.tasks:
            task()
        self.assertEqual([[], [], [True]], [raw.acks for raw in raws])

    def test_a_batch_that_is_not_durable_is_given_back(self):
        self.assertEqual(
            [['given back']] * 2, self.process(False, [Raw(), Raw()])
        )
        self.assertEqual([], self.tasks)

    def test_another_driver_acknowledges_each_message(self):
        self.assertEqual(
            [['acknowledged']] * 2, self.process(True, [None, None])
        )

    def test_a_lost_connection_is_logged(self):
        log = self.useFixture(fixtures.FakeLogger())
        self.process(True, [Raw(ConnectionError('gone'))])
        for task in self.tasks:
            task()
        self.assertIn('cannot be acknowledged: gone', log.output)
