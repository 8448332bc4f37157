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
"""Answers page by page."""

from stratometrics.client import errors
from stratometrics.tests.unit.client import base

PERIOD = {'from': '2026-10-01T00:00:00Z', 'to': '2026-11-01T00:00:00Z'}


def page(*types, href=None):
    body = {
        'period': PERIOD,
        'units': 'seconds',
        'results': [
            {'type': each, 'usage': '1.000000', 'measures': {}}
            for each in types
        ],
    }
    if href:
        body['links'] = [{'rel': 'next', 'href': href}]
    return base.of_json(body)


class TestPages(base.ClientTestCase):
    def test_the_next_one_is_asked_when_it_is_needed(self):
        client = self.client(
            page('a', 'b', href='http://x/v1/instances?limit=2&marker=b'),
            page('c', href='http://x/v1/instances?limit=2&marker=c'),
            page(),
        )
        found = client.usage('instances', limit=2)
        self.assertEqual('seconds', found.head.units)
        self.assertEqual(1, len(self.server.asked))
        self.assertEqual(
            ['a', 'b', 'c'], [each.keys['type'] for each in found]
        )
        self.assertEqual(
            [
                '/v1/instances?limit=2',
                '/v1/instances?limit=2&marker=b',
                '/v1/instances?limit=2&marker=c',
            ],
            self.paths(),
        )
        self.assertEqual([], list(found))

    def test_a_link_names_a_host_that_only_the_service_knows(self):
        marker = 'a%2Fb+%C3%BC%26'
        self.server = self.serve(
            page(
                'a',
                href=f'http://internal.invalid:1/v1/usage?marker={marker}&x=',
            ),
            page('b'),
        )
        client = self.client_of(f'{self.server.url}/billing/v1/')
        self.assertEqual(2, len(list(client.usage())))
        self.assertEqual(
            [
                '/billing/v1/usage',
                f'/billing/v1/usage?marker={marker}&x=',
            ],
            self.paths(),
        )

    def test_other_links_lead_nowhere(self):
        answer = page('a').body.replace(
            b'"results"', b'"links": [{"rel": "self", "href": "x"}], "results"'
        )
        client = self.client(base.Answer(body=answer))
        self.assertEqual(1, len(list(client.usage())))

    def test_a_broken_link(self):
        for links in (b'null', b'[{"rel": "next"}]', b'{}', b'["next"]'):
            answer = page('a').body.replace(
                b'"results"', b'"links": ' + links + b', "results"'
            )
            client = self.client(base.Answer(body=answer))
            self.assertRaises(errors.UnexpectedAnswer, client.usage)

    def test_a_page_that_is_refused(self):
        client = self.client(
            page('a', href='http://x/v1/usage?marker=a'),
            base.refusal(400, 'invalid-parameter'),
        )
        rows = iter(client.usage())
        self.assertEqual('a', next(rows).keys['type'])
        self.assertRaises(errors.BadRequest, next, rows)
