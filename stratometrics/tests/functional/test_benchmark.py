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
"""The benchmark runs, at sizes at which its figures mean nothing."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

import testtools

ROOT = pathlib.Path(__file__).parents[3]

SIZES = (
    '--quick',
    '--messages=500',
    '--batch-size=100',
    '--memory-messages=10000',
    '--instances=2000',
    '--events=40000',
    '--months=2',
    '--projects=20',
    '--parts=2',
    '--requests=10',
    '--starts=2',
)

#: A slope, which may be of either sign.
GROWTH = 'growth over a million messages'

#: Differences, which may be of either sign, too.
ADDED = 'what the command adds'
ADDED_TO_OTHERS = 'what the plugin adds to others'

CURVES = {
    'cloud, history, opened',
    'cloud, history, unopened',
    'project, history, opened',
    'project, history, unopened',
    'cloud, period, events',
    'project, period, events',
    'cloud, period, closed',
    'project, period, closed',
}

FIGURES = {
    ('collect', 'collector, 1 worker'),
    ('collect', '1 do-nothing listener'),
    ('collect', 'collector, 2 workers'),
    ('collect', '2 do-nothing listeners'),
    ('collect', 'processor time, collector, 1 worker'),
    ('collect', 'processor time, 1 do-nothing listener'),
    ('collect', 'processor time, collector, 2 workers'),
    ('collect', 'processor time, 2 do-nothing listeners'),
    ('collect', 'one worker to a listener'),
    ('collect', 'two workers to one'),
    ('collect', 'two listeners to one: the machine'),
    ('collect', 'two workers to two listeners'),
    *(
        ('memory', f'after {tenth}0% of the messages')
        for tenth in range(1, 11)
    ),
    ('memory', 'at most'),
    ('memory', GROWTH),
    ('query', "one project's month, over all history"),
    ('query', "the whole cloud's month, over all history"),
    ('months', 'a month is opened'),
    ('months', 'openings'),
    ('query', 'groups equal to the oracle, unmerged'),
    ('query', 'groups equal to the oracle, merged'),
    ('query', "one project's month, unmerged"),
    ('query', "the whole cloud's month, unmerged"),
    ('query', "one project's month, merged"),
    ('query', "the whole cloud's month, merged"),
    ('query', 'by hour, to the sum, unmerged'),
    ('query', 'by hour, to the sum, merged'),
    ('growth', 'cloud, history, opened, 2 to 1'),
    ('growth', 'cloud, history, unopened, 2 to 1'),
    ('growth', 'project, history, opened, 2 to 1'),
    ('growth', 'project, history, unopened, 2 to 1'),
    ('months', 'a month is closed'),
    ('closed', 'groups equal to the oracle, closed'),
    ('closed', "one project's month, closed"),
    ('closed', "the whole cloud's month, closed"),
    ('closed', 'by hour, to the sum, closed'),
    ('statements', 'a statement'),
    ('statements', 'the same with costs by day'),
    ('statements', 'the same by resource'),
    ('statements', 'all issued'),
    ('statements', 'the next one, nothing to adjust'),
    ('api', 'request'),
    ('api', 'query alone'),
    ('api', 'what the API adds, median'),
    ('api', 'what the API adds, p99'),
    ('load', 'answers'),
    ('load', 'p50'),
    ('load', 'p95'),
    ('load', 'p99'),
    ('insert', '100 events'),
    ('insert', '1000 events'),
    ('insert', '5000 events'),
    ('start', '--help, without the plugin'),
    ('start', '--help'),
    ('start', 'billing usage show --help'),
    ('start', ADDED),
    ('start', ADDED_TO_OTHERS),
}


@unittest.skipUnless(
    (ROOT / 'tools' / 'benchmark').is_dir(), 'not in a source tree'
)
class BenchmarkTest(testtools.TestCase):
    def _run(
        self, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess:
        path = [str(ROOT), str(ROOT / 'tools'), os.environ.get('PYTHONPATH')]
        return subprocess.run(
            [sys.executable, '-m', 'benchmark', *arguments],
            env={
                **os.environ,
                **variables,
                'PYTHONPATH': ':'.join(filter(None, path)),
            },
            capture_output=True,
            text=True,
            timeout=600,
        )

    def test_every_figure_is_measured(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'figures.json'
            image = pathlib.Path(folder) / 'curves.svg'
            done = self._run(*SIZES, '--json', str(path), '--plot', str(image))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            ElementTree.parse(image)
            written = json.loads(path.read_text())
        figures = {
            (each['part'], each['name']): each['value']
            for each in written['figures']
        }
        self.assertEqual(0, figures.pop(('load', 'errors')))
        # Which processes there are depends on whose servers are used.
        figures = {
            (part, name): value
            for (part, name), value in figures.items()
            if not name.startswith('processor, ')
        }
        self.assertEqual(FIGURES, set(figures))
        for (_, name), value in figures.items():
            self.assertIn(name, done.stdout)
            if name not in (GROWTH, ADDED, ADDED_TO_OTHERS):
                self.assertGreater(value, 0, name)
        self.assertEqual(
            CURVES, {curve['name'] for curve in written['curves']}
        )
        for title, fact in (
            ('Machine', 'oslo.messaging'),
            ('Machine', 'kernel'),
            ('ClickHouse', 'clickhouse'),
            ('Broker', 'rabbitmq'),
            ('Data set', 'instances'),
        ):
            self.assertTrue(written['facts'][title][fact])

    def test_an_unknown_part_is_named(self) -> None:
        done = self._run('--only', 'query,nothing')
        self.assertEqual(2, done.returncode)
        self.assertIn("'nothing' is none of collect, memory", done.stderr)

    def test_a_server_that_is_not_there_is_named(self) -> None:
        done = self._run(
            '--only=insert',
            STRATO_CLICKHOUSE_URL='clickhouse://127.0.0.1:1/',
        )
        self.assertEqual(1, done.returncode)
        self.assertIn('benchmark: clickhouse does not answer', done.stderr)
        self.assertNotIn('Traceback', done.stderr)
