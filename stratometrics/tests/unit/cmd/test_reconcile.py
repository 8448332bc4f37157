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
import argparse
import contextlib
import io

import testtools

from stratometrics.cmd import reconcile
from stratometrics.notifications import timestamps


class ArgumentsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.parser = argparse.ArgumentParser()
        reconcile.add_commands(self.parser.add_subparsers())

    def refused(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stderr(output):
            error = self.assertRaises(
                SystemExit, self.parser.parse_args, ['import', *arguments]
            )
        self.assertEqual(2, error.code)
        return output.getvalue()

    def test_what_is_understood(self):
        given = self.parser.parse_args(
            [
                'import',
                '--max-gone-percent',
                '0',
                '--since',
                '2026-01-01 00:00:00',
            ]
        )
        self.assertEqual(0, given.max_gone_percent)
        self.assertEqual(timestamps.parse('2026-01-01T00:00:00Z'), given.since)

    def test_what_is_not_is_explained(self):
        for number in ('101', '-1', 'all'):
            self.assertIn(
                'from 0 to 100', self.refused(f'--max-gone-percent={number}')
            )
        self.assertIn('2026-01-01T', self.refused('--since', 'yesterday'))
