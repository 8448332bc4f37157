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
import base64
import json

import testtools

from stratometrics.api import errors
from stratometrics.api import paging
from stratometrics.model import usage

QUERY = usage.UsageQuery(
    period=usage.Period(0, 1),
    now=1,
    resource_types=('volume',),
    group_by=('project_id', 'project_name', 'type'),
    order=(usage.Order('usage', descending=True),),
)
RANKING = QUERY.ranking


def encoded(found) -> str:
    text = found if isinstance(found, str) else json.dumps(found)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


class MarkerTest(testtools.TestCase):
    def test_it_tells_a_position(self):
        for group in (('p', 'Acme', 'ssd'), ('', '', ''), ("é'", '', 'a\0"')):
            for amount in (0, 2**100):
                row = usage.UsageRow(group, amount, {})
                position = paging.position(paging.marker(QUERY, row), RANKING)
                self.assertEqual((amount, group[0], group[2]), position)

    def test_a_measure_that_a_group_does_not_have_is_zero(self):
        row = usage.UsageRow(('a',), 1, {})
        query = usage.UsageQuery(
            period=usage.Period(0, 1),
            now=1,
            resource_types=('volume',),
            group_by=('type',),
            order=(usage.Order('measures.size_gib'),),
        )
        self.assertEqual((0, 'a'), query.position(row))

    def test_none(self):
        self.assertEqual((), paging.position(None, RANKING))

    def test_what_no_answer_gave(self):
        good = [['-usage', 1], ['project_id', 'p'], ['type', 't']]
        self.assertEqual(
            (1, 'p', 't'), paging.position(encoded(good), RANKING)
        )
        for found in (
            good[:2],
            [*good, ['type', 't']],
            [['usage', 1], *good[1:]],
            [['-usage', '1'], *good[1:]],
            [['-usage', True], *good[1:]],
            [['-usage', 1.0], *good[1:]],
            [['-usage', 2**255], *good[1:]],
            [*good[:2], ['type', 1]],
            [*good[:2], ['type', '\ud800']],
            [*good[:2], ['type']],
            {},
            1,
            None,
            '',
            '[' * 4000,
            'x',
        ):
            with self.subTest(str(found)[:60]):
                self.assertRaises(
                    errors.InvalidParameter,
                    paging.position,
                    encoded(found),
                    RANKING,
                )
        for text in ('!', 'é', 'a', encoded(good) + '!', '\0'):
            with self.subTest(text):
                self.assertRaises(
                    errors.InvalidParameter, paging.position, text, RANKING
                )
