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

"""The program that counts what a test run recorded."""

import io
import pathlib
import subprocess
import sys
import unittest

import subunit

PROGRAM = pathlib.Path(__file__).parents[4] / 'tools' / 'count_results.py'


def counted(stream: bytes) -> str:
    return subprocess.run(
        [sys.executable, PROGRAM],
        input=stream,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()


class CountResultsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.stream = io.BytesIO()
        self.results = subunit.StreamResultToBytes(self.stream)

    def record(self, name: str, status: str) -> None:
        self.results.status(test_id=name, test_status='inprogress')
        self.results.status(test_id=name, test_status=status)

    def test_nothing(self) -> None:
        self.assertEqual('0 0\n', counted(b''))

    def test_each_kind(self) -> None:
        for number, status in enumerate(
            ('success', 'success', 'success', 'skip', 'fail', 'uxsuccess')
        ):
            self.record(f'test-{number}', status)
        self.assertEqual('3 2\n', counted(self.stream.getvalue()))

    def test_one_that_never_ended_has_failed(self) -> None:
        self.record('done', 'success')
        self.results.status(test_id='killed', test_status='inprogress')
        self.assertEqual('1 1\n', counted(self.stream.getvalue()))

    def test_other_output_is_left_out(self) -> None:
        self.record('done', 'success')
        self.assertEqual(
            '1 0\n', counted(b'a warning\n' + self.stream.getvalue())
        )
