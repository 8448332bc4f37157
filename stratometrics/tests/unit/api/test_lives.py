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
"""Answers about resources, page by page."""

import unittest
from urllib import parse

from stratometrics.api import lives
from stratometrics.model import timeline
from stratometrics.model import usage


class TestPages(unittest.TestCase):
    def test_the_next_page_is_of_the_same_period(self):
        """Next month the default period would be another one."""
        asked = lives.Question(
            period=usage.Period(0, 3_600_000_000),
            resource_types=('instance',),
            project_ids=(),
            all_projects=False,
            as_of=None,
            limit=1,
            marker='',
        )
        life = timeline.Life(
            resource_type='instance',
            resource_id='a b',
            region='',
            project_id='',
            user_id='',
            name='',
            state='',
            type='',
            begin=0,
            end=1,
            usage=1,
        )
        query = 'limit=1&project_id=\u00fc'.encode().decode('latin-1')
        body = lives.resources(asked, [life, life], 'http://x', query)
        [link] = body['links']
        self.assertEqual(
            {
                'limit': '1',
                'project_id': '\u00fc',
                'from': '1970-01-01T00:00:00Z',
                'to': '1970-01-01T01:00:00Z',
                'marker': 'instance/a b',
            },
            dict(parse.parse_qsl(parse.urlsplit(link['href']).query)),
        )
