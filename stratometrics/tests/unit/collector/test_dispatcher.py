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
