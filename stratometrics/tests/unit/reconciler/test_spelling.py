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
import unittest

from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import spelling

SECOND = timestamps.parse('2026-11-23T06:54:15')


class SpellingTest(unittest.TestCase):
    def test_text(self) -> None:
        told = {'name': 'web', 'empty': None, 'external': True, 'number': 7}
        for key, text in (
            ('name', 'web'),
            ('empty', ''),
            ('external', 'true'),
            ('number', '7'),
            ('elsewhere', None),
        ):
            self.assertEqual(text, spelling.text(told, key))

    def test_attributes_that_are_not_told(self) -> None:
        self.assertEqual({'a': ''}, spelling.texts(a='', b=None))

    def test_times(self) -> None:
        told = {
            'whole': '2026-11-23T06:54:15Z',
            'exact': '2026-11-23 06:54:15.25',
            'none': None,
        }
        for key, exact, cut, end in (
            ('whole', SECOND, SECOND, SECOND + 999_999),
            ('exact', SECOND + 250_000, SECOND, SECOND + 250_000),
            ('none', None, None, None),
            ('elsewhere', None, None, None),
        ):
            self.assertEqual(exact, spelling.time(told, key))
            self.assertEqual(cut, spelling.whole_second(told, key))
            self.assertEqual(end, spelling.end_of_second(told, key))
        self.assertIs(int, type(spelling.end_of_second(told, 'whole')))
        self.assertEqual(
            SECOND + 250_000, spelling.end_of_second(told, 'none', 'exact')
        )

    def test_what_is_no_resource_is_left_out(self) -> None:
        def observe(told: spelling.Told) -> observation.Observation | None:
            if told['id'] == 'other':
                return None
            return observation.Observation(
                resource_type='shelf',
                resource_id=told['id'],
                project_id='p1',
                state='standing',
            )

        pages = iter([(1, [{'id': 'one'}, {'id': 'other'}]), (2, [])])
        self.assertEqual(
            [(1, ['one']), (2, [])],
            [
                (page.observed_at, [s.resource_id for s in page.observations])
                for page in spelling.observations(pages, 'shelf', observe)
            ],
        )

    def test_what_is_malformed_is_named(self) -> None:
        for told, text in (
            ({'id': 's1'}, "shelf 's1': owner: missing"),
            ({'uuid': 's2', 'owner': 7}, "shelf 's2': owner: expected text"),
        ):
            found = spelling.observations(
                iter([(1, [told])]),
                'shelf',
                lambda one: spelling.name(one, 'owner'),
            )
            with self.assertRaisesRegex(listing.Unavailable, text):
                list(found)
