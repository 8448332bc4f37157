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
"""The figures on the page of sizes follow from those of the benchmark."""

import re
import statistics
import unittest

from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.tests import fixtures
from stratometrics.tests.unit.documentation import pages

_MIB = 1 << 20

#: Bytes of a message, by the page of the benchmark.
_SIZE = 3400

_SERVERS, _DAYS = 10_000, 30
_VOLUMES, _BILLED, _PORTS = 20_000, 5_000, 10_000

#: Audits a day and formats of Nova, in the order of the columns.
_WAYS = ((24, 2), (24, 1), (1, 1))


def lives() -> list[tuple[int, int]]:
    """Of each recorded server, the messages and events in one format."""
    decode = decoder.Decoder(definitions.Definitions.load(None), 'R').decode
    found: dict[str, list[int]] = {}
    for recorded in fixtures.load('nova'):
        message = recorded.message
        if message['event_type'].startswith('compute.instance.'):
            counts = found.setdefault(
                message['payload']['instance_id'], [0, 0]
            )
            counts[0] += 1
            counts[1] += len(decode(message))
    return [(messages, events) for messages, events in found.values()]


class SizingTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = pages.page('admin/sizing')
        self.run_ = pages.page('contributor/benchmark')
        self.rows = {row[0]: row[1:] for row in pages.rows(self.page)}

    def measured(self, pattern: str) -> float:
        """A figure that the benchmark printed."""
        [found] = re.findall(pattern, self.run_)
        return float(found.replace(',', ''))

    def told(self, text: str) -> None:
        self.assertIn(text, ' '.join(self.page.split()))

    def example(self, name: str) -> list[float]:
        return [float(cell.replace(',', '')) for cell in self.rows[name]]

    def test_the_lives_of_recorded_servers(self) -> None:
        found = lives()
        messages, events = (
            statistics.mean(each) for each in zip(*found, strict=True)
        )
        self.assertEqual(
            # One more event for its birth.
            [str(round(messages)), str(round(events) + 1)],
            self.rows['the life of a server, in each format of Nova'],
        )
        self.assertEqual(11, len(found))
        self.told('the mean of eleven servers')
        self.told(f'one had {max(found)[0]} messages')

    def test_the_example(self) -> None:
        rate = self.measured(r'collector, 1 worker +([\d,]+) msg/s')
        rows, size = (
            self.measured(pattern)
            for pattern in (
                r'opened, merged: .* ([\d,]+) rows',
                r'opened, merged: .* ([\d,]+) MiB',
            )
        )
        slow = self.measured(r'cloud +1:.* 10: ([\d,.]+) ms') / 1000 / rows
        for column, (audits, formats) in enumerate(_WAYS):
            told = formats * _SERVERS + _VOLUMES + _BILLED
            messages = 2 * formats * 24 * _SERVERS / _DAYS + audits * (
                told + _PORTS
            )
            events = 2 * formats * 21 * _SERVERS / _DAYS + audits * told
            for name, value, digits in (
                ('messages a day', messages, 0),
                ('messages a second, on average', messages / 86_400, 1),
                (
                    'seconds that a worker takes for all audits at once',
                    (told + _PORTS) / rate,
                    1,
                ),
                ('rows a day', events, 0),
                (
                    'GB a year, table ``events``',
                    events * 365 * 63 / 1e9,
                    1,
                ),
                (
                    'GB that wait in RabbitMQ, for a day without a collector',
                    messages * _SIZE / 1e9,
                    1,
                ),
                (
                    'seconds for the month of the whole cloud, from events',
                    events * 30 * slow,
                    1,
                ),
            ):
                with self.subTest(name, column=column):
                    self.assertEqual(
                        round(value, digits), self.example(name)[column]
                    )
        self.assertEqual(63, round(size * _MIB / rows))
        self.assertEqual('0.000000111', f'{slow:.9f}')
        self.told('x 0.000000111')

    def test_what_is_said_of_processors(self) -> None:
        costs = (
            self.measured(r'collector, 1 worker +([\d.]+) us/msg'),
            self.measured(r'us/msg +RabbitMQ (\d+)'),
            self.measured(r'us/msg +RabbitMQ \d+, ClickHouse (\d+)'),
        )
        whole = round(sum(costs))
        self.told(f'C / 0.000{whole}')
        self.told(f'which is {1_000_000 // whole:,} for each')
        answers = self.measured(r'answers +([\d.]+) 1/s')
        for name, told in (
            ('ClickHouse', '{:.0f} milliseconds of a processor'),
            ('the API', '{:.0f} milliseconds for each answer'),
        ):
            share = self.measured(rf'processor, {name} +([\d.]+) %')
            self.told(told.format(share * 10 / answers))

    def test_the_disk(self) -> None:
        unmerged = (
            self.measured(r'opened, unmerged: .* ([\d,]+) MiB')
            * _MIB
            / self.measured(r'opened, unmerged: .* ([\d,]+) rows')
        )
        self.told(f'63 to {unmerged:.0f} bytes for a row')
        openings, rows = (
            self.measured(pattern)
            for pattern in (
                r'openings +([\d,]+)',
                r'beside ([\d,]+) rows of events',
            )
        )
        self.told(f'which is {openings / rows * 100:.0f} %')
