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
"""What programs import before they know what to do."""

import functools
import json
import os
import subprocess
import sys
import unittest

#: What is slow to import, and what no program needs at its start.
HEAVY = {'openstack', 'pyarrow', 'tqdm', 'weasyprint'}

API = {'gunicorn', 'keystonemiddleware', 'oslo_policy', 'pecan', 'wsme'}
BROKER = {'cotyledon', 'eventlet', 'kombu', 'oslo_messaging'}

#: By the program, what else belongs to others than it.
OTHERS = {
    'api': BROKER,
    'collector': API,
    'manage': API | BROKER | {'jinja2'},
    'status': API - {'oslo_policy'} | {'jinja2'},
}

#: Prints what was imported after the help.
PROGRAM = """
import importlib
import json
import linecache
import sys

program = importlib.import_module(sys.argv.pop(1))
try:
    program.main()
except SystemExit as ended:
    assert not ended.code
from clickhouse_driver.columns import datecolumn
print()
print(json.dumps({
    'modules': list(sys.modules),
    'sources': list(linecache.cache),
    'dates': len(datecolumn.Date32Column.date_lut),
}))
"""


@functools.cache
def started(program):
    """What is there after a program has printed its help.

    In an interpreter of its own, as this one has imported nearly all.
    """
    ran = subprocess.run(
        [
            *(sys.executable, '-W', 'ignore', '-c', PROGRAM),
            *(f'stratometrics.cmd.{program}', '--help'),
        ],
        # What this process has set by importing is not to be inherited.
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith('CLICKHOUSE_')
        },
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    told, _, found = ran.stdout.rstrip().rpartition('\n')
    assert 'usage:' in told
    return json.loads(found)


class StartingTest(unittest.TestCase):
    def test_no_program_imports_what_it_may_never_need(self):
        for program, others in OTHERS.items():
            with self.subTest(program):
                modules = set(started(program)['modules'])
                self.assertIn(f'stratometrics.cmd.{program}', modules)
                self.assertEqual(set(), modules & (HEAVY | others))

    def test_no_table_of_all_dates_is_made(self):
        self.assertEqual(0, started('manage')['dates'])

    def test_no_source_is_parsed_to_know_what_answers_consist_of(self):
        self.assertIn('stratometrics.api.types', started('api')['modules'])
        sources = started('api')['sources']
        self.assertEqual(
            [], [each for each in sources if each.endswith('api/types.py')]
        )
