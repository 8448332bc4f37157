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
"""How long the inserts of batches of various sizes take."""

from collections.abc import Iterator
import itertools
import json
import statistics
import time

from benchmark import report as report_module
from benchmark import servers
from benchmark import traffic as traffic_module
from stratometrics.collector import births
from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions

PART = 'insert'
SIZES = (100, 1000, 5000)


def run(
    report: report_module.Report,
    database: servers.Database,
    traffic: traffic_module.Traffic,
    repeat: int,
) -> None:
    """Store batches of events with their births, as the collector does.

    :param repeat: how many batches of each size.
    """
    report.heading(
        f'Inserts, one after another over one connection, {repeat} of each '
        'size, median'
    )
    known = births.Births(1_000_000)
    events = _events(traffic)
    for size in SIZES:
        seconds, rows = [], []
        for _ in range(repeat):
            batch = list(itertools.islice(events, size))
            born = known.missing(batch)
            batch += born
            begun = time.perf_counter()
            database.storage.write_events(batch, timestamps.now())
            seconds.append(time.perf_counter() - begun)
            rows.append(len(batch))
            known.stored(born)
        median = statistics.median(seconds)
        report.add(
            PART,
            f'{size} events',
            median * 1000,
            'ms',
            note=f'{sum(rows) / sum(seconds):,.0f} rows/s; '
            f'{min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f} ms, '
            f'{statistics.mean(rows):,.0f} rows with births',
        )


def _events(traffic: traffic_module.Traffic) -> Iterator[event_model.Event]:
    understand = decoder.Decoder(
        definitions.Definitions.load(None), traffic_module.REGION
    )
    total = 1_000_000_000
    for message in traffic.messages(total, seed=1):
        if message.stored:
            body = json.loads(message.body)
            yield from understand.decode(json.loads(body['oslo.message']))
