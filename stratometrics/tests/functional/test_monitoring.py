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
"""The alerts and the dashboard, and the metrics that they are about."""

import itertools
import json
import pathlib
import re
import subprocess
import textwrap
from typing import Any
from urllib import request

import fixtures
from prometheus_client import parser
import testtools
import yaml

from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import promtool

_TOP = pathlib.Path(__file__).parents[3]
_RULES = _TOP / 'contrib' / 'prometheus' / 'stratometrics.rules.yaml'
_TESTS = _RULES.with_name('stratometrics.rules.test.yaml')
_DASHBOARD = _TOP / 'contrib' / 'grafana' / 'stratometrics.json'
_MONITORING = _TOP / 'doc' / 'source' / 'admin' / 'monitoring.rst'
_PAGE = _TOP / 'doc' / 'source' / 'admin' / 'collector.rst'

#: Those of a worker, of its process, and of Prometheus and its exporters.
_METRIC = re.compile(r'\b(?:stratometrics|process|probe)_\w+\b|\bup\b')
#: What the collector does not tell itself.
_FOREIGN = {'up', 'probe_success'}

_WIDTH = 24


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(_RULES.read_text())['groups']
    return [rule for group in groups for rule in group['rules']]


def dashboard() -> dict[str, Any]:
    return json.loads(_DASHBOARD.read_text())


def expressions() -> list[str]:
    """Those of the dashboard, for Prometheus as it is."""
    return [
        target['expr'].replace('$__rate_interval', '5m')
        for panel in dashboard()['panels']
        for target in panel['targets']
    ]


class MetricsTest(bed.CollectorTestCase):
    def names(self) -> set[str]:
        """The metrics of a worker that has stored and rejected messages."""
        port = ports.free_port()
        self.configure('collector', metrics_port=port)
        self.start_and_wait()
        messages = bed.notifications(50)
        self.publish(bed.envelope(each) for each in messages)
        self.wait_stored(bed.billed(messages))
        self.assertEqual(1, self.metric(port, 'listening'))
        self.assertEqual(0, self.metric(port, 'storage_unavailable'))
        with request.urlopen(f'http://127.0.0.1:{port}/metrics') as answer:
            text = answer.read().decode()
        return {
            sample.name
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples
        }

    def test_what_is_asked_for_is_there(self) -> None:
        names = self.names()
        asked = {
            name
            for text in (
                *(rule['expr'] for rule in rules()),
                *expressions(),
                *(
                    variable.get('definition', '')
                    for variable in dashboard()['templating']['list']
                ),
            )
            for name in _METRIC.findall(text)
        }
        self.assertEqual(set(), asked - names - _FOREIGN)
        _, _, documented = _PAGE.read_text().partition('\nMetrics\n=======\n')
        self.assertEqual(
            {
                f'stratometrics_collector_{name}'
                for name in re.findall(r'^``(\w+)`` ', documented, re.M)
            },
            {
                re.sub('_(bucket|count|sum)$', '', name)
                for name in names
                if name.startswith('stratometrics_')
                and not name.endswith('_created')
            },
        )


class RulesTest(testtools.TestCase):
    def run_promtool(self, *arguments: str) -> None:
        try:
            program = promtool.program()
        except errors.PartError as error:
            self.skipTest(f'the alerts cannot be tried: {error}')
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=60
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_alerts_are_raised_when_they_should_be(self) -> None:
        self.run_promtool('check', 'rules', str(_RULES))
        self.run_promtool('test', 'rules', str(_TESTS))

    def test_the_configuration_of_the_guide(self) -> None:
        [block] = re.findall(
            r'(?m)^[.][.] code-block:: yaml\n\n((?: {3}.*\n|\n)+)',
            _MONITORING.read_text(),
        )
        self.assertIn('/etc/prometheus/stratometrics.rules.yaml', block)
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'config')
        path.write_text(
            textwrap.dedent(block).replace(
                '/etc/prometheus/stratometrics.rules.yaml', str(_RULES)
            )
        )
        self.run_promtool('check', 'config', str(path))
        jobs = {
            scrape['job_name']
            for scrape in yaml.safe_load(path.read_text())['scrape_configs']
        }
        asked = {
            job
            for rule in rules()
            for job in re.findall(r'job="([^"]+)"', rule['expr'])
        }
        self.assertEqual(asked, jobs)

    def test_each_alert_is_tested_in_both_ways(self) -> None:
        tests = yaml.safe_load(_TESTS.read_text())['tests']
        for rule in rules():
            raised = {
                bool(case.get('exp_alerts'))
                for test in tests
                for case in test['alert_rule_test']
                if case['alertname'] == rule['alert']
            }
            self.assertEqual({True, False}, raised, rule['alert'])

    def test_the_dashboard_asks_what_prometheus_understands(self) -> None:
        """Its expressions alone: there is no Grafana here to show it."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'rules')
        path.write_text(
            json.dumps(
                {
                    'groups': [
                        {
                            'name': 'dashboard',
                            'rules': [
                                {
                                    'record': f'expression_{number}',
                                    'expr': each,
                                }
                                for number, each in enumerate(expressions())
                            ],
                        }
                    ]
                }
            )
        )
        self.run_promtool('check', 'rules', str(path))


class DashboardTest(testtools.TestCase):
    def test_ids_are_unique(self) -> None:
        ids = [panel['id'] for panel in dashboard()['panels']]
        self.assertEqual(len(ids), len(set(ids)))

    def test_panels_do_not_overlap(self) -> None:
        taken = set()
        for panel in dashboard()['panels']:
            place = panel['gridPos']
            self.assertLessEqual(place['x'] + place['w'], _WIDTH)
            cells = set(
                itertools.product(
                    range(place['x'], place['x'] + place['w']),
                    range(place['y'], place['y'] + place['h']),
                )
            )
            self.assertEqual(set(), taken & cells, panel['title'])
            taken |= cells

    def test_everybody_chooses_the_data_source(self) -> None:
        variables = {
            variable['name']: variable['type']
            for variable in dashboard()['templating']['list']
        }
        self.assertEqual('datasource', variables['datasource'])
        uids = re.findall(r'"uid": "([^"]+)"', json.dumps(dashboard()))
        self.assertEqual({'${datasource}', dashboard()['uid']}, set(uids))

    def test_every_variable_is_defined(self) -> None:
        defined = {each['name'] for each in dashboard()['templating']['list']}
        used = set(re.findall(r'\$\{?(\w+)', json.dumps(dashboard())))
        self.assertEqual(
            defined, {name for name in used if not name.startswith('__')}
        )
