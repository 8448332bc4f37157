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
"""How much of a long answer is fetched."""

import argparse
import contextlib
import io

import testtools

from stratometrics.osc.options import paging


class TestPaging(testtools.TestCase):
    def parsed(self, *words):
        parser = argparse.ArgumentParser()
        paging.add(parser)
        return parser.parse_args(words)

    def test_pages_are_as_long_as_they_may_be(self):
        self.assertEqual({'page_size': 1000}, paging.asked(self.parsed()))

    def test_no_more_is_fetched_than_is_shown(self):
        for limit, wanted in (('3', 3), ('50', 10)):
            parsed = self.parsed('--limit', limit, '--page-size', '10')
            self.assertEqual({'page_size': wanted}, paging.asked(parsed))

    def test_rows_behind_the_limit_are_not_asked_for(self):
        rows = iter(range(10))
        shown = paging.limited(self.parsed('--limit', '2'), rows)
        self.assertEqual([0, 1], list(shown))
        self.assertEqual(2, next(rows))

    def test_without_a_limit_all_are_shown(self):
        shown = paging.limited(self.parsed(), range(10))
        self.assertEqual(10, len(list(shown)))

    def test_what_is_no_length(self):
        for words in (
            ('--limit', '0'),
            ('--limit', '-1'),
            ('--limit', '1.5'),
            ('--limit', '\u0663'),
            ('--page-size', '1001'),
        ):
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertRaises(SystemExit, self.parsed, *words)
