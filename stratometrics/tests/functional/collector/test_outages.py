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
import collections
import functools
import itertools
import threading
import time
import uuid

from stratometrics.collector import patience
from stratometrics.collector import plan
from stratometrics.collector import quarantine
from stratometrics.collector import replay
from stratometrics.collector import worker
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.storage import errors
from stratometrics.tests import fixtures as recordings
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.quickstart import expectation


def object_requests(count):
    """Requests to Swift that were built, again under ids of their own."""
    built = [
        each.message
        for each in recordings.load(recordings.BUILT)
        if each.exchange == 'swift'
    ]
    return [
        {**message, 'message_id': str(uuid.uuid4())}
        for message in itertools.islice(itertools.cycle(built), count)
    ]


class TestOutages(bed.OwnServersTestCase):
    """Every event is stored in the end, whatever was away meanwhile."""

    def setUp(self):
        super().setUp()
        self.messages = []
        self.publisher = None
        self.clickhouse_wanted = True
        self.clickhouse_lock = threading.Lock()
        self.over = threading.Event()
        self.keeper = threading.Thread(
            target=self.look_after_clickhouse, daemon=True
        )
        self.keeper.start()
        self.addCleanup(self.leave_clickhouse_well)

    def begin(self, count, pause, make=bed.notifications):
        """Publish in the background."""
        self.messages = make(count)
        bodies = [bed.envelope(m) for m in self.messages]
        self.publisher = threading.Thread(
            target=self.publish, args=(bodies, pause), daemon=True
        )
        self.publisher.start()

    def wait_busy(self):
        before = len(self.stored())
        self.wait_until(
            lambda: len(self.stored()) > before + 50, 'more is stored'
        )

    def wait_end(self):
        self.publisher.join(bed.PATIENCE)
        self.assertFalse(self.publisher.is_alive())
        self.wait_stored(bed.billed(self.messages))
        self.assertEqual([], list(self.storage.rejected()))
        self.check_usage()

    def check_usage(self):
        """The answer is that of the oracle for what was published."""
        understand = decoder.Decoder(definitions.Definitions.load(None), 'R')
        events = [
            event
            for message in self.messages
            for event in understand.decode(message)
        ]
        begin = min(event.created_at for event in events)
        end = max(event.event_time for event in events) + 60_000_000
        query = usage.UsageQuery(
            period=usage.Period(begin, end),
            now=end,
            resource_types=('instance',),
            group_by=expectation.Group._fields,
        )
        rows = self.patiently(lambda: self.storage.usage(query))
        self.assertEqual(
            expectation.amounts(events, begin, end),
            {
                expectation.Group(*row.group): expectation.Amount(
                    timestamps.decimal_seconds(row.usage),
                    timestamps.decimal_seconds(row.measures['vcpus']),
                )
                for row in rows
            },
        )

    def stop_clickhouse(self):
        with self.clickhouse_lock:
            self.clickhouse_wanted = False
            bed.own_clickhouse().stop()
        self.addCleanup(self.start_clickhouse)

    def start_clickhouse(self):
        with self.clickhouse_lock:
            self.clickhouse_wanted = True
            if not bed.own_clickhouse().pid:
                bed.own_clickhouse().restart()

    def look_after_clickhouse(self):
        """Start it again when it dies while nobody has stopped it.

        The packaged engine that tests may run with, unlike a server of
        ClickHouse, aborts when a client is killed with an answer unread.
        """
        while not self.over.wait(0.2):
            if self.clickhouse_wanted:
                self.start_clickhouse()

    def leave_clickhouse_well(self):
        self.select('SELECT 1')
        self.over.set()
        self.keeper.join()

    def select(self, query, **parameters):
        ask = super().select
        return self.patiently(lambda: ask(query, **parameters))

    def patiently(self, ask):
        """Ask a ClickHouse that may be away."""
        deadline = time.monotonic() + bed.PATIENCE
        while True:
            try:
                return ask()
            except errors.StorageError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def test_collector_is_killed_in_mid_batch(self):
        self.begin(3000, 0.001)
        for _ in range(4):
            collector = self.start_and_wait()
            self.wait_busy()
            self.kill(collector)
        self.start()
        self.wait_end()

    def test_consumption_counts_once_however_often_it_comes(self):
        """From the broker after a crash, and from a replay."""
        self.begin(1000, 0.001, object_requests)
        for _ in range(2):
            collector = self.start_and_wait()
            self.wait_busy()
            self.kill(collector)
        self.start()
        self.publisher.join(bed.PATIENCE)
        self.wait_stored(bed.billed(self.messages))
        self.check_consumption()
        self.storage.write_rejected(
            [
                quarantine.reject(message, {}, 'RegionOne', 'for a test')
                for message in self.messages[::10]
            ]
        )
        counts = replay.replay(
            self.storage,
            functools.partial(
                decoder.Decoder, definitions.Definitions.load(None)
            ),
        )
        self.assertEqual(replay.Counts(stored=100, events=100), counts)
        self.check_consumption()

    def check_consumption(self):
        expected = collections.Counter()
        understand = decoder.Decoder(definitions.Definitions.load(None), 'R')
        for message in self.messages:
            [event] = understand.decode(message)
            expected.update(event.measures)
        [row] = self.patiently(
            lambda: self.storage.usage(
                usage.UsageQuery(
                    period=usage.Period(0, 2**52),
                    now=2**52,
                    resource_types=('object-request',),
                    group_by=(),
                    kind=usage.Kind.CONSUMPTION,
                )
            )
        )
        self.assertEqual(
            (len(self.messages), expected), (row.usage, row.measures)
        )

    def test_clickhouse_is_away(self):
        self.start_and_wait()
        self.begin(1500, 0.001)
        self.wait_busy()
        self.stop_clickhouse()
        self.publisher.join(bed.PATIENCE)
        self.wait_until(
            lambda: 'Storage is unavailable' in self.log(), 'it notices'
        )
        self.start_clickhouse()
        self.wait_end()
        self.assertEqual(1, self.log().count('Storage is unavailable'))
        self.wait_until(
            lambda: self.log().count('Storage is back') == 1, 'it says so'
        )

    def test_stopped_while_clickhouse_is_away(self):
        collector = self.start_and_wait()
        self.begin(500, 0.001)
        self.wait_busy()
        self.stop_clickhouse()
        self.wait_until(
            lambda: 'Storage is unavailable' in self.log(), 'it notices'
        )
        collector.terminate()
        self.assertEqual(0, collector.wait(30))
        self.start_clickhouse()
        self.start()
        self.wait_end()

    def test_rabbitmq_restarts(self):
        self.start_and_wait()
        self.begin(1500, 0.001)
        self.wait_busy()
        bed.own_rabbitmq().restart()
        self.wait_end()

    def test_all_at_once(self):
        collector = self.start_and_wait()
        self.begin(4000, 0.002)
        self.wait_busy()
        self.kill(collector)
        collector = self.start_and_wait()
        self.wait_busy()
        self.stop_clickhouse()
        bed.own_rabbitmq().restart()
        self.kill(collector)
        self.start()
        self.start_clickhouse()
        self.wait_busy()
        bed.own_rabbitmq().kill()
        bed.own_rabbitmq().start()
        self.wait_end()

    def test_long_outage(self):
        """Messages are given back before the broker takes them away.

        A worker in this process, because what counts as long is no option.
        """
        self.patch(patience, 'LONG_OUTAGE', 1.0)
        conf = self.conf()
        running = worker.Worker(0, conf, plan.load(conf))
        thread = threading.Thread(target=running.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(running.terminate)
        self.begin(300, 0)
        self.wait_end()
        self.stop_clickhouse()
        self.begin(300, 0)
        # What is not billed needs no storage.
        billed = bed.billed(self.messages)
        self.wait_until(
            lambda: self.ready() >= len(billed), 'all are given back'
        )
        self.start_clickhouse()
        self.wait_until(
            lambda: self.stored() >= billed, 'all are stored again'
        )
        self.assertEqual(0, self.ready())

    def ready(self):
        """Messages that nobody has taken."""
        for line in (
            bed.own_rabbitmq()
            .rabbitmqctl('list_queues', 'name', 'messages_ready')
            .splitlines()
        ):
            name, _, count = line.partition('\t')
            if name == self.queue.name:
                return int(count)
        return 0
