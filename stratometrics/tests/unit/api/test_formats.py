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
import testtools
import webob

from stratometrics.api import errors
from stratometrics.api import formats

OFFERED = {'json': 'application/json', 'csv': 'text/csv'}


def choose(query='', accept=None, offered=None):
    headers = {} if accept is None else {'Accept': accept}
    request = webob.Request.blank(f'/?{query}', headers=headers)
    return formats.choose(request, offered or OFFERED)


class FormatsTest(testtools.TestCase):
    def test_the_first_one_is_the_default(self):
        self.assertEqual('json', choose())
        self.assertEqual('json', choose(accept='*/*'))

    def test_what_accept_prefers(self):
        self.assertEqual('csv', choose(accept='text/csv'))
        self.assertEqual('csv', choose(accept='text/*'))
        self.assertEqual(
            'csv', choose(accept='application/json;q=0.5, text/csv')
        )

    def test_what_is_asked_for_counts_more(self):
        self.assertEqual('csv', choose('format=csv', 'application/json'))
        self.assertEqual('json', choose('format=json', 'text/html'))

    def test_what_is_not_offered(self):
        for query in ('format=xml', 'format=', 'format=csv&format=json'):
            error = self.assertRaises(errors.InvalidParameter, choose, query)
            self.assertIn('json, csv', error.detail)
        error = self.assertRaises(
            errors.NotAcceptable, choose, accept='text/html'
        )
        self.assertIn('application/json, text/csv', error.detail)

    def test_where_there_is_no_choice_there_is_no_parameter(self):
        """A path that takes none says itself that it is unknown."""
        self.assertEqual('json', choose('format=csv', offered=formats.JSON))
