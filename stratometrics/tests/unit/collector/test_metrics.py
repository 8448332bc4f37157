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
import urllib.request

import fixtures
import testtools

from stratometrics.collector import metrics


class TestServe(testtools.TestCase):
    def test_serves(self):
        told = metrics.Metrics()
        told.received.inc(3)
        endpoint = told.serve('127.0.0.1', 0)
        self.addCleanup(endpoint.close)
        with urllib.request.urlopen(
            f'http://127.0.0.1:{endpoint.port}/metrics'
        ) as answer:
            text = answer.read().decode()
        self.assertIn(
            'stratometrics_collector_messages_received_total 3.0', text
        )
        self.assertIn('process_resident_memory_bytes', text)

    def test_workers_do_not_share(self):
        metrics.Metrics().received.inc()
        self.assertEqual(
            0,
            metrics.Metrics().registry.get_sample_value(
                'stratometrics_collector_messages_received_total'
            ),
        )

    def test_port_is_free_again(self):
        endpoint = metrics.Metrics().serve('127.0.0.1', 0)
        endpoint.close()
        again = metrics.Metrics().serve('127.0.0.1', endpoint.port)
        self.addCleanup(again.close)
        self.assertEqual(endpoint.port, again.port)

    def test_taken_port_is_logged(self):
        log = self.useFixture(fixtures.FakeLogger())
        first = metrics.Metrics().serve('127.0.0.1', 0)
        self.addCleanup(first.close)
        self.assertIsNone(metrics.Metrics().serve('127.0.0.1', first.port))
        self.assertIn(str(first.port), log.output)
        self.assertIn('[collector]/metrics_port', log.output)
