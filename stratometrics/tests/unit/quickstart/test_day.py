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

"""The day that the quickstart's notifications are of."""

import contextlib
import io
import pathlib
import tempfile
import unittest

from stratometrics.model import timestamps
from stratometrics.tests.quickstart import __main__ as quickstart
from stratometrics.tests.quickstart import journal
from stratometrics.tests.quickstart import notifications

#: 2026-10-12 12:00, UTC.
NOON = 1_791_806_400 * timestamps.MICROSECONDS
IDS = {'acme': 'a' * 32, 'globex': 'b' * 32, 'admin': 'c' * 32}


class DayTest(unittest.TestCase):
    def refused(self, day: str) -> str:
        said = io.StringIO()
        with (
            contextlib.redirect_stderr(said),
            self.assertRaises(SystemExit) as ended,
        ):
            quickstart.parser().parse_args(['--day', day])
        self.assertEqual(2, ended.exception.code)
        return said.getvalue()

    def test_the_last_message_is_of_that_noon(self) -> None:
        day = quickstart.parser().parse_args(['--day', '2026-10-12']).day
        self.assertEqual(NOON, day)
        with tempfile.TemporaryDirectory() as folder:
            begun = journal.Journal.of(pathlib.Path(folder), day)
            again = journal.Journal.of(pathlib.Path(folder))
        self.assertEqual(begun, again)
        moved = notifications.prepared(begun.seconds, IDS)
        last = max(message.sent_at for message in moved)
        self.assertLessEqual(last, NOON)
        self.assertLess(NOON - last, timestamps.MICROSECONDS)

    def test_what_is_no_day_is_refused(self) -> None:
        self.assertIn("'October' is no day", self.refused('October'))

    def test_a_day_to_come_is_refused(self) -> None:
        self.assertIn('2199-01-01 is not over', self.refused('2199-01-01'))
