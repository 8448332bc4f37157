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

import testtools

from stratometrics import progress


class _Terminal(io.StringIO):
    """What pretends to be a terminal: a test has none."""

    def isatty(self):
        return True


class ProgressTest(testtools.TestCase):
    def test_lines_where_nobody_looks(self):
        stream = io.StringIO()
        now = 0

        with progress.Progress(
            'issuing', 1200, 'statements', stream, lambda: now
        ) as bar:
            for _ in range(1200):
                now += 0.025
                bar.advance()
        lines = stream.getvalue().splitlines()
        self.assertIn(len(lines), (2, 3))
        self.assertRegex(lines[0], r'^issuing: 40\d of 1,200 statements$')

    def test_what_is_done_soon_tells_nothing(self):
        stream = io.StringIO()
        with progress.Progress('saving', None, 'B', stream) as bar:
            bar.advance(70_000)
        self.assertEqual('', stream.getvalue())

    def test_a_bar_on_a_terminal(self):
        stream = _Terminal()
        with progress.Progress('issuing', 4, 'statements', stream) as bar:
            bar.advance()
        self.assertIn('issuing', stream.getvalue())
        self.assertIn('/4', stream.getvalue())
        # It goes away.
        self.assertEqual('', stream.getvalue().split('\r')[-1].strip())

    def test_what_is_followed_is_all_there(self):
        told = progress.followed(iter('abc'), 'verifying', 3, 'letters')
        self.assertEqual(['a', 'b', 'c'], list(told))
