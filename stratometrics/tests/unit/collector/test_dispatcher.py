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
from unittest import mock

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
        self.delivery_tag = None

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


class Message(dict):
    """A message as the driver knows it."""

    def __init__(self, raw):
        super().__init__(_unique_id='u1')
        self._raw_message = raw


class TestAcknowledging(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.tasks = []
        self.server = dispatcher.Server.__new__(dispatcher.Server)
        self.server._deliveries = dispatcher._Deliveries()

    def deliver(self, raw, tag):
        """Have it arrive as a certain one of its channel."""
        raw.delivery_tag = tag
        self.assertEqual(
            'u1',
            self.server._deliveries.check_duplicate_message(Message(raw)),
        )

    def process(self, durable, raws):
        for number, raw in enumerate(raws, 1):
            if raw and raw.delivery_tag is None:
                self.deliver(raw, number)
        batch = [Incoming(self.tasks, raw) for raw in raws]
        self.server.dispatcher = dispatcher.Dispatcher(
            FakeSink(durable), ['info']
        )
        try:
            self.server._process_incoming(batch)
        finally:
            self.settled = [incoming.settled for incoming in batch]
        return self.settled

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

    def test_after_one_was_given_back_each_gets_its_own_word(self):
        """The last word of what was given back may be sent after it."""
        self.process(False, [Raw()])
        self.assertEqual(
            [['acknowledged']] * 2, self.process(True, [Raw(), Raw()])
        )
        self.assertEqual([], self.tasks)

    def test_what_was_cut_off_is_given_back(self):
        class CutOff(BaseException):
            """None that an endpoint sees to."""

        with mock.patch.object(FakeSink, 'store', side_effect=CutOff):
            self.assertRaises(CutOff, self.process, True, [Raw()])
        self.assertEqual([['given back']], self.settled)
        self.assertEqual([['acknowledged']], self.process(True, [Raw()]))

    def test_a_channel_that_was_opened_again_gets_no_old_word(self):
        log = self.useFixture(fixtures.FakeLogger())
        old, new = Raw(), Raw()
        self.deliver(old, 1)
        self.process(True, [old])
        self.deliver(new, 1)
        self.process(True, [new])
        for task in self.tasks:
            task()
        self.assertEqual(([], [True]), (old.acks, new.acks))
        self.assertIn('sends it again', log.output)

    def test_a_lost_connection_is_logged(self):
        log = self.useFixture(fixtures.FakeLogger())
        self.process(True, [Raw(ConnectionError('gone'))])
        for task in self.tasks:
            task()
        self.assertIn('cannot be acknowledged: gone', log.output)
