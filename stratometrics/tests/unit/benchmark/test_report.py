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
import io
import json
import pathlib
import tempfile

from benchmark import curves
from benchmark import report
import testtools


class ReportTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.stream = io.StringIO()
        self.report = report.Report(self.stream)

    def test_an_aim_from_above(self) -> None:
        self.report.add('query', 'slow', 51, 'ms', aim=50)
        self.report.add('query', 'fast', 50, 'ms', aim=50)
        self.assertEqual(['slow'], self.report.missed)

    def test_an_aim_from_below(self) -> None:
        self.report.add('collect', 'low', 0.74, '', aim=0.75, more=True)
        self.report.add('collect', 'high', 0.75, '', aim=0.75, more=True)
        self.assertEqual(['low'], self.report.missed)

    def test_a_figure_without_an_aim_misses_none(self) -> None:
        self.report.add('insert', '100 events', 10**9, 'ms')
        self.assertEqual([], self.report.missed)

    def test_a_line_says_it_all(self) -> None:
        self.report.add('api', 'added', 16.04, 'ms', aim=15, note='of 3')
        self.assertEqual(
            ['added', '16.0', 'ms', '<=', '15:', 'MISSED', 'of', '3'],
            self.stream.getvalue().split(),
        )

    def test_curves_are_kept_and_drawn(self) -> None:
        self.report.facts('Machine', {'processor': 'of some kind'})
        self.report.facts('Data set', {'instances': 1000, 'events': 20_000})
        curve = curves.Curve('opened', {1: 0.25, 10: 0.5})
        self.report.curve('growth', curve)
        self.report.plot()
        self.assertIn('10:   500.0 ms', self.stream.getvalue())
        self.assertIn('A: opened', self.stream.getvalue())
        with tempfile.TemporaryDirectory() as folder:
            image = pathlib.Path(folder) / 'curves.svg'
            self.report.draw(image)
            self.assertIn('of some kind', image.read_text())
            path = pathlib.Path(folder) / 'figures.json'
            self.report.write(path)
            written = json.loads(path.read_text())
        [kept] = written['curves']
        self.assertEqual(
            ('growth', 'opened', {'1': 0.25, '10': 0.5}),
            (kept['part'], kept['name'], kept['points']),
        )

    def test_the_file_holds_facts_and_figures(self) -> None:
        self.report.facts('Machine', {'cpu count': 2})
        self.report.facts('Machine', {'kernel': '6.1'})
        self.report.add('api', 'added', 16, 'ms', aim=15)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'figures.json'
            self.report.write(path)
            written = json.loads(path.read_text())
        self.assertEqual(
            {'Machine': {'cpu count': 2, 'kernel': '6.1'}}, written['facts']
        )
        [figure] = written['figures']
        self.assertEqual(
            ('added', 16, False),
            (figure['name'], figure['value'], figure['met']),
        )
