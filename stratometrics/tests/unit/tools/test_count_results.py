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

"""The program that tells what a test run recorded."""

import io
import pathlib
import subprocess
import sys
import unittest

import subunit

PROGRAM = pathlib.Path(__file__).parents[4] / 'tools' / 'count_results.py'


def told(stream: bytes) -> str:
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

    def record(self, name: str, status: str, **details: str) -> None:
        self.results.status(test_id=name, test_status='inprogress')
        for detail, text in details.items():
            self.results.status(
                test_id=name,
                file_name=detail,
                file_bytes=text.encode(),
                mime_type='text/plain; charset="utf8"',
                eof=True,
            )
        self.results.status(test_id=name, test_status=status)

    def told(self) -> str:
        return told(self.stream.getvalue())

    def test_nothing(self) -> None:
        self.assertEqual('0 0\n', self.told())

    def test_each_kind(self) -> None:
        for number, status in enumerate(
            ('success', 'success', 'success', 'skip', 'fail', 'uxsuccess')
        ):
            self.record(f'test-{number}', status)
        self.assertEqual(
            [
                '3 2',
                '--- failed: test-4',
                '--- failed: test-5',
                'It should have failed.',
            ],
            self.told().splitlines(),
        )

    def test_one_that_never_ended_has_failed(self) -> None:
        self.record('done', 'success')
        self.results.status(test_id='killed', test_status='inprogress')
        self.assertEqual(
            ['1 1', '--- failed: killed', 'Test did not complete'],
            self.told().splitlines(),
        )

    def test_the_error_is_told_and_not_the_log_above_it(self) -> None:
        self.record(
            'test',
            'fail',
            traceback='Traceback:\n  a line\nMismatch: ' + 1000 * 'x',
            zlog=''.join(f'line {number}\n' for number in range(100)),
        )
        lines = self.told().splitlines()
        self.assertEqual(['0 1', '--- failed: test'], lines[:2])
        self.assertLess(len(lines), 30)
        self.assertEqual('Mismatch: ' + 390 * 'x' + '...', lines[-1])

    def test_other_output_is_left_out(self) -> None:
        self.record('done', 'success')
        self.assertEqual(
            '1 0\n', told(b'a warning\n' + self.stream.getvalue())
        )
