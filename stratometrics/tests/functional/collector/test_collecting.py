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
import functools
import json
import signal
import subprocess
import sys
import threading

import kombu
from oslo_config import cfg
import oslo_messaging

from stratometrics.collector import replay
from stratometrics.model import usage
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.tests import fixtures as recordings
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import ports


class TestCollecting(bed.CollectorTestCase):
    def test_every_recorded_message_is_accounted_for(self):
        messages = bed.notifications(800)
        self.start()
        self.publish(bed.envelope(m) for m in messages)
        self.wait_stored(bed.billed(messages))
        self.assertEqual([], list(self.storage.rejected()))
        [(rows, keys)] = self.select(
            'SELECT count(), uniqExact(resource_id, event_time, rank, '
            'message_id) FROM $database.events'
        )
        self.assertEqual(keys, rows)

    def test_what_a_notifier_sends(self):
        self.configure('DEFAULT', control_exchange=self.exchange.name)
        self.start_and_wait()
        conf = cfg.ConfigOpts()
        conf(['--config-file', str(self.config_file)])
        transport = oslo_messaging.get_notification_transport(conf)
        self.addCleanup(transport.cleanup)
        notifier = oslo_messaging.Notifier(
            transport,
            publisher_id='compute.host1',
            driver='messagingv2',
            topics=[self.topic],
        )
        [create] = [
            m
            for m in bed.notifications(400)
            if m['event_type'] == 'compute.instance.create.end'
        ][:1]
        notifier.info({}, create['event_type'], create['payload'])
        self.wait_until(lambda: self.stored(), 'it is stored')
        [(server,)] = self.select(
            'SELECT DISTINCT resource_id FROM $database.events'
        )
        self.assertEqual(create['payload']['instance_id'], server)

    def test_a_message_that_comes_again_and_again_blocks_nothing(self):
        """The broker sends 300 messages ahead of their acknowledgement."""
        port = bed.free_ports(1)
        self.configure('collector', metrics_port=port)
        self.start_and_wait()
        [message] = bed.notifications(1)
        copies = 400
        self.publish([bed.envelope(message)] * copies)
        self.wait_until(
            lambda: self.metric(port, 'messages_received_total') >= copies,
            'all copies are taken',
        )

    def test_two_workers_share_the_work(self):
        port = bed.free_ports(2)
        self.configure('collector', workers=2, metrics_port=port)
        messages = bed.notifications(3000)
        self.publish(bed.envelope(m) for m in messages)
        self.start()
        self.wait_stored(bed.billed(messages))
        taken = [
            self.metric(port + worker, 'messages_received_total')
            for worker in range(2)
        ]
        self.assertEqual(len(messages), sum(taken))
        self.assertGreater(min(taken), 0)

    def test_taken_metrics_port_does_not_stop_it(self):
        port = ports.free_port()
        self.configure('collector', metrics_port=port)
        first = self.start_and_wait()
        messages = bed.notifications(50)
        self.start_and_wait()
        self.assertIn(f'cannot listen on 127.0.0.1 port {port}', self.log())
        first.terminate()
        first.wait(30)
        self.publish(bed.envelope(m) for m in messages)
        self.wait_stored(bed.billed(messages))

    def test_a_consumption_that_comes_again_counts_once(self):
        messages = [
            recorded.message
            for recorded in recordings.load(recordings.BUILT)
            if recorded.exchange == 'swift'
        ]
        self.start_and_wait()
        self.publish(bed.envelope(m) for m in messages * 2)
        self.wait_stored(bed.billed(messages))
        # Again, in batches of their own, with a message after all of them.
        last = {**messages[-1], 'message_id': 'last'}
        for again in [*reversed(messages), last]:
            self.publish([bed.envelope(again)])
        self.wait_stored(bed.billed([*messages, last]))
        [row] = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(0, 2**52),
                now=2**52,
                resource_types=('object-request',),
                group_by=(),
                kind=usage.Kind.CONSUMPTION,
            )
        )
        self.assertEqual(
            (
                len(messages) + 1,
                {
                    'requests': len(messages) + 1,
                    'bytes_received': 1_500_310,
                    'bytes_sent': 1_503_118,
                },
            ),
            (row.usage, row.measures),
        )


class TestStopping(bed.CollectorTestCase):
    def test_nothing_is_lost_or_doubled_under_load(self):
        messages = bed.notifications(6000)
        publisher = threading.Thread(
            target=self.publish, args=([bed.envelope(m) for m in messages],)
        )
        collector = self.start_and_wait()
        publisher.start()
        self.wait_until(lambda: len(self.stored()) > 200, 'it is busy')
        collector.terminate()
        self.assertEqual(0, collector.wait(30))
        publisher.join()
        left = bed.billed(self.waiting_messages())
        self.assertEqual(set(), left & self.stored())
        self.assertEqual(bed.billed(messages), left | self.stored())
        self.assertNotEqual(set(), left)

    def test_without_a_broker(self):
        self.configure(
            'oslo_messaging_notifications',
            transport_url=f'rabbit://a:b@127.0.0.1:{ports.free_port()}/',
        )
        collector = self.start()
        self.wait_until(
            lambda: 'Connection failed' in self.log(), 'it looks for a broker'
        )
        collector.terminate()
        self.assertEqual(0, collector.wait(20))

    def test_refused_by_the_broker(self):
        with kombu.Connection(self.broker.url) as connection:
            kombu.Queue(
                self.queue.name,
                self.exchange,
                routing_key=self.queue.name,
                queue_arguments={'x-max-length': 7},
            )(connection.channel()).declare()
        collector = self.start()
        self.wait_until(lambda: 'Cannot listen to' in self.log(), 'it says so')
        self.assertIn('x-max-length', self.log())
        collector.terminate()
        self.assertEqual(0, collector.wait(20))


class TestReload(bed.CollectorTestCase):
    DEFINITION = """
    resources:
      widget:
        collection: widgets
        group_by: state
        project_id: project
        state: status
        states:
          terminal: [deleted]
        sources:
          acme:
            exchange: acme
            resource_id: id
            event_types:
              acme.widget.changed:
    """

    def widget(self, message_id):
        return {
            'message_id': message_id,
            'event_type': 'acme.widget.changed',
            'priority': 'INFO',
            'publisher_id': 'acme.host1',
            'timestamp': '2026-11-23 06:54:19.226731',
            'payload': {'id': 'w1', 'project': 'p1', 'status': 'active'},
        }

    def reload(self, collector, says):
        already = self.log().count(says)
        collector.send_signal(signal.SIGHUP)
        self.wait_until(
            lambda: self.log().count(says) > already, f'it says {says}'
        )

    def test_definitions_are_read_again(self):
        folder = self.folder / 'definitions'
        folder.mkdir()
        self.configure('definitions', directory=folder)
        collector = self.start_and_wait()
        self.publish([bed.envelope(self.widget('before'))])
        self.wait_until(
            lambda: list(self.storage.rejected()), 'it is set aside'
        )

        (folder / 'acme.yaml').write_text(self.DEFINITION)
        self.reload(collector, 'Listening to')
        self.publish([bed.envelope(self.widget('after'))])
        self.wait_stored({'after'})

        # A wrong definition changes nothing.
        (folder / 'acme.yaml').write_text('resources: 7')
        self.reload(collector, 'Listening to')
        self.assertIn('Going on as before', self.log())
        self.publish([bed.envelope(self.widget('still'))])
        self.wait_stored({'after', 'still'})

        (folder / 'acme.yaml').write_text(self.DEFINITION)
        counts = replay.replay(
            self.storage,
            functools.partial(
                decoder.Decoder, definitions.Definitions.load(str(folder))
            ),
        )
        self.assertEqual(replay.Counts(stored=1, events=1), counts)
        self.assertEqual({'before', 'after', 'still'}, self.stored())
        self.assertEqual([], list(self.storage.rejected()))

    def test_workers_are_counted_again(self):
        collector = self.start_and_wait()
        self.configure('collector', workers=2)
        collector.send_signal(signal.SIGHUP)
        self.wait_until(
            lambda: self.log().count('Listening to') >= 3,
            'two new workers listen',
        )


class TestStarting(bed.CollectorTestCase):
    def prepare_database(self):
        """It is the test that does."""

    def test_waits_for_the_schema(self):
        messages = bed.notifications(50)
        self.publish(bed.envelope(m) for m in messages)
        self.start()
        self.wait_until(
            lambda: 'stratometrics-manage db sync' in self.log(),
            'it says what to do',
        )
        self.assertEqual(1, self.log().count('Storage is unavailable'))
        super().prepare_database()
        self.wait_stored(bed.billed(messages))

    def assert_refuses(self, text):
        done = subprocess.run(
            [
                sys.executable,
                '-W',
                'ignore',
                '-m',
                'stratometrics.cmd.collector',
                '--config-file',
                str(self.config_file),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(1, done.returncode)
        self.assertIn(text, done.stderr)
        self.assertNotIn('Traceback', done.stderr)

    def test_wrong_definition(self):
        (self.folder / 'odd.yaml').write_text('resources: 7')
        self.configure('definitions', directory=self.folder)
        self.assert_refuses('odd.yaml')

    def test_wrong_target(self):
        self.configure('collector', targets='nova')
        self.assert_refuses("'nova' is not of the form EXCHANGE:TOPIC")

    def test_wrong_option(self):
        self.configure('collector', batch_size='many')
        self.assert_refuses('batch_size')

    def test_wrong_broker(self):
        for url in ('nonsense', 'foo://x', 'rabbit://x:notaport/'):
            self.configure('oslo_messaging_notifications', transport_url=url)
            self.assert_refuses('transport_url')

    def test_a_file_that_is_no_text(self):
        self.config_file.write_bytes(b'\xff\xfe')
        self.assert_refuses('cannot be read')

    def test_missing_file(self):
        self.config_file = self.folder / 'missing.conf'
        self.assert_refuses('missing.conf')


class TestOddMessages(bed.CollectorTestCase):
    """What the driver hands over; test_dead_letters has what it does not."""

    def test_neighbours_are_stored(self):
        messages = bed.notifications(60)
        for message in messages:
            message.pop('_unique_id')
        good = messages[0::2]
        template = next(
            m
            for m in messages
            if m['event_type'] == 'compute.instance.create.end'
        )

        def odd(name, **changes):
            message = {**template, 'message_id': name, **changes}
            return {k: v for k, v in message.items() if v is not ...}

        payload = template['payload']
        rejected = [
            odd('no-type', event_type=...),
            odd('null-type', event_type=None),
            odd('number-type', event_type=7),
            odd('object-type', event_type={'a': 1}),
            odd('unknown', event_type='acme.unheard.of'),
            odd('no-payload', payload=...),
            odd('null-payload', payload=None),
            odd('text-payload', payload='text'),
            odd('list-payload', payload=[payload]),
            odd('empty-payload', payload={}),
            odd('null-id', payload={**payload, 'instance_id': None}),
            odd('no-time', timestamp=...),
            odd('odd-time', timestamp='yesterday'),
            odd('number-time', timestamp=10**30),
            odd('text-measure', payload={**payload, 'vcpus': 'many'}),
            odd('surrogate', payload={**payload, 'tenant_id': '\ud800'}),
            odd('gigantic', event_type='acme.big', payload='x' * 20 * 1024**2),
        ]
        understood = [
            odd('null-priority', priority=None),
            odd('number-priority', priority=7),
            odd('no-priority', priority=...),
            odd('no-publisher', publisher_id=...),
            odd('quotes', payload={**payload, 'display_name': '\'"\\\n\0'}),
            odd(
                'gigantic-name',
                payload={**payload, 'metadata': {'k': 'x' * 20 * 1024**2}},
            ),
        ]
        odd_ones = rejected + understood + [odd('no-id', message_id=...)]
        mixed = []
        for index, message in enumerate(good):
            mixed += [message, *odd_ones[index : index + 1]]
        self.assertEqual(len(good) + len(odd_ones), len(mixed))
        self.publish(bed.envelope(m) for m in mixed)
        self.start()
        self.wait_stored(
            bed.billed(good) | {m['message_id'] for m in understood}
        )
        self.wait_until(
            lambda: len(list(self.storage.rejected())) > len(rejected),
            'all others are set aside',
        )
        kept = {m.message_id: m for m in self.storage.rejected()}
        self.assertEqual({'', *(m['message_id'] for m in rejected)}, set(kept))
        for message in rejected:
            body = json.loads(kept[message['message_id']].body)
            self.assertEqual(message.get('payload'), body.get('payload'))
        self.assertEqual([], self.waiting_messages())

    def test_nothing_at_all(self):
        [message] = bed.notifications(1)
        # The driver makes an empty message of both.
        self.publish([b'', b'[]', bed.envelope(message)])
        self.start()
        self.wait_until(
            lambda: list(self.storage.rejected()), 'it is set aside'
        )
        [kept] = self.storage.rejected()
        self.assertEqual('{}', kept.body)
