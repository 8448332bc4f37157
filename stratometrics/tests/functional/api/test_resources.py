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
"""Why something was billed, out of a real ClickHouse, to real callers."""

from urllib import parse

from stratometrics.model import event as event_model
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage

DAY = test_usage.DAY
HOUR = test_usage.HOUR
OCTOBER = test_usage.OCTOBER
PERIOD = test_usage.PERIOD
event = test_usage.event


class TestResources(base.SharedServerTestCase):
    @classmethod
    def fill(cls):
        globex = base.project_id('bob', 'globex')
        small = {'type': 'm1.small', 'measures': {'vcpus': 2}}
        disk = {'resource_type': 'volume', 'measures': {'size_gib': 10}}
        web = event(
            'web',
            DAY,
            1,
            created_at=OCTOBER - DAY,
            source='reconciliation',
            attributes={'host': 'a'},
            **small,
        )
        cls.storage.write_events([web, web.birth()], OCTOBER + 2 * DAY)
        # A copy that came later.
        cls.storage.write_events([web], OCTOBER + 3 * DAY)
        cls.storage.write_events(
            [
                event('web', 2 * DAY, 2, 'stopped', **small),
                event('web', 2 * DAY, 3, 'active', **small),
                event('web', 3 * DAY, 4, 'deleted', **small),
                event('web', 4 * DAY, 5, 'active', **small),
                event('disk', 0, 7, **disk),
                event('disk', DAY, 8, project_id=globex, **disk),
                event('gone', -2 * DAY, 9),
                event('gone', -DAY, 10, 'deleted'),
                event('a b/c?', 0, 11),
                event('box', -20 * DAY, 15, name='old'),
                event('box', -19 * DAY, 16, name="it's new"),
                event('box', -10 * DAY, 17, 'deleted'),
                event(
                    'twin', -20 * DAY, 18, name="it's new", project_id=globex
                ),
                event('twin', -10 * DAY, 19, 'deleted', project_id=globex),
                event('sold', -20 * DAY, 20, name='ours'),
                event('sold', -19 * DAY, 21, name='theirs', project_id=globex),
                event('sold', -10 * DAY, 22, 'deleted', project_id=globex),
                event(
                    'lost',
                    DAY,
                    12,
                    'deleted',
                    rank=event_model.RANK_ESTIMATE,
                    phase=event_model.Phase.UNBILLED,
                ),
                event('lost', 0, 13),
                event(
                    'account',
                    HOUR,
                    14,
                    '',
                    resource_type='object-request',
                    phase=event_model.Phase.CONSUMED,
                    measures={'requests': 1},
                ),
            ],
            OCTOBER + 35 * DAY,
        )

    def ask(self, path, caller, **parameters):
        response = self.get(path, caller, {**PERIOD, **parameters})
        self.assertEqual(200, response.status_code, response.text)
        return response.json()

    def test_a_bill_line_leads_to_its_messages(self):
        answer = self.ask('/v1/resources/web/timeline', base.alice())
        self.assertEqual(
            [
                (
                    '2026-10-01T00:00:00Z',
                    '2026-10-02T00:00:00Z',
                    '86400.000000',
                ),
                (
                    '2026-10-02T00:00:00Z',
                    '2026-10-03T00:00:00Z',
                    '86400.000000',
                ),
                (
                    '2026-10-03T00:00:00Z',
                    '2026-10-04T00:00:00Z',
                    '86400.000000',
                ),
            ],
            [
                (each['from'], each['to'], each['usage'])
                for each in answer['intervals']
            ],
        )
        birth, own, both = answer['intervals']
        self.assertEqual(
            [
                {
                    'message_id': 'message-1',
                    'event_type': 'test',
                    'source': 'reconciliation',
                    'birth': True,
                    'event_time': '2026-09-30T00:00:00Z',
                    'received_at': '2026-10-03T00:00:00Z',
                    'state': 'active',
                }
            ],
            birth['events'],
        )
        self.assertEqual(
            [('message-1', False, '2026-10-03T00:00:00Z')],
            [
                (each['message_id'], each['birth'], each['received_at'])
                for each in own['events']
            ],
        )
        self.assertEqual({'host': 'a'}, own['attributes'])
        self.assertEqual({'vcpus': '2'}, own['measures'])
        self.assertEqual('m1.small', own['type'])
        # Of two at one instant the last one counts, and both are shown.
        self.assertEqual('active', both['state'])
        self.assertEqual(
            {'message-2', 'message-3'},
            {each['message_id'] for each in both['events']},
        )
        # R7: the deletion, and what came after it.
        self.assertEqual(
            ['message-4', 'message-5'],
            [each['message_id'] for each in answer['void']],
        )

    def test_an_answer_as_of_a_time(self):
        """R15: what had arrived by then."""
        answer = self.ask(
            '/v1/resources/web/timeline',
            base.alice(),
            as_of='2026-10-20T00:00:00Z',
        )
        self.assertEqual(
            ['2026-10-02T00:00:00Z', '2026-10-20T00:00:00Z'],
            [each['to'] for each in answer['intervals']],
        )
        self.assertEqual([], answer['void'])

    def test_pages_of_a_timeline(self):
        whole = self.ask('/v1/resources/web/timeline', base.alice())
        found = []
        answer = self.ask(
            '/v1/resources/web/timeline', base.alice(), limit='2'
        )
        found += answer['intervals']
        [link] = answer['links']
        query = dict(parse.parse_qsl(parse.urlsplit(link['href']).query))
        answer = self.ask('/v1/resources/web/timeline', base.alice(), **query)
        found += answer['intervals']
        self.assertNotIn('links', answer)
        self.assertEqual(whole['intervals'], found)

    def test_an_owner_sees_his_own_part(self):
        """R6, R16: of a volume that was given away."""
        day = '86400.000000'
        mine = self.ask('/v1/resources/disk/timeline', base.alice())
        self.assertEqual([day], [e['usage'] for e in mine['intervals']])
        yours = self.ask('/v1/resources/disk/timeline', base.bob())
        self.assertEqual(
            ['2592000.000000'], [e['usage'] for e in yours['intervals']]
        )
        self.assertEqual(
            {base.project_id('bob', 'globex')},
            {each['project_id'] for each in yours['intervals']},
        )
        every = self.ask(
            '/v1/resources/disk/timeline', base.admin(), all_projects='true'
        )
        self.assertEqual(2, len(every['intervals']))

    def test_what_may_not_be_seen_is_not_there(self):
        for name in ('web', 'nothing'):
            self.assert_error(
                self.get(f'/v1/resources/{name}/timeline', base.bob()),
                404,
                'not-found',
            )
        for path in ('/v1/resources', '/v1/resources/web/timeline'):
            for parameters in (
                {'all_projects': 'true'},
                {'project_id': base.project_id('bob', 'globex')},
            ):
                self.assert_error(
                    self.get(path, base.alice(), parameters), 403, 'forbidden'
                )
            self.assert_error(self.get(path, None), 401, 'unauthorized')

    def test_resources_of_a_period(self):
        answer = self.ask('/v1/resources', base.alice())
        found = {
            each['resource_id']: (each['from'], each['to'], each['usage'])
            for each in answer['resources']
        }
        begin = '2026-10-01T00:00:00Z'
        self.assertEqual(
            {
                'web': (begin, '2026-10-04T00:00:00Z', '259200.000000'),
                'disk': (begin, '2026-10-02T00:00:00Z', '86400.000000'),
                'a b/c?': (begin, '2026-11-01T00:00:00Z', '2678400.000000'),
                'lost': (begin, '2026-10-02T00:00:00Z', '86400.000000'),
            },
            found,
        )

    def test_pages_of_resources(self):
        whole = self.ask('/v1/resources', base.admin(), all_projects='true')
        found = []
        query = {'limit': '1', 'all_projects': 'true'}
        while query:
            answer = self.ask('/v1/resources', base.admin(), **query)
            found += answer['resources']
            links = answer.get('links', [])
            query = dict(
                pair
                for link in links
                for pair in parse.parse_qsl(parse.urlsplit(link['href']).query)
            )
        self.assertEqual(whole['resources'], found)
        self.assertEqual(4, len(found))

    def test_of_a_name(self):
        def called(caller, *names, **parameters):
            answer = self.ask(
                '/v1/resources',
                caller,
                **{
                    'from': '2026-09-01T00:00:00Z',
                    'to': '2026-10-01T00:00:00Z',
                    'name': names,
                    **parameters,
                },
            )
            return [each['resource_id'] for each in answer['resources']]

        self.assertEqual(['box'], called(base.alice(), "it's new"))
        self.assertEqual(['box'], called(base.alice(), 'x', "it's new"))
        # It is no longer called so at the end.
        self.assertEqual([], called(base.alice(), 'old'))
        self.assertEqual(
            ['box'],
            called(base.alice(), 'old', to='2026-09-12T00:00:00Z'),
        )
        # What new owners call it is not for the former one to find (R6).
        for caller, name, found in (
            (base.alice(), 'ours', ['sold']),
            (base.alice(), 'theirs', []),
            (base.bob(), 'theirs', ['sold']),
            (base.bob(), 'ours', []),
        ):
            self.assertEqual(found, called(caller, name))
        self.assertEqual(
            {'box', 'twin'},
            set(called(base.admin(), "it's new", all_projects='true')),
        )
        # A page has as many of that name as there are.
        self.assertEqual(
            1,
            len(
                called(
                    base.admin(), "it's new", all_projects='true', limit='1'
                )
            ),
        )

    def test_what_was_consumed(self):
        answer = self.ask('/v1/resources/account/timeline', base.alice())
        [once] = answer['intervals']
        self.assertEqual(
            ('1', {'requests': '1'}, '2026-10-01T01:00:00Z'),
            (once['usage'], once['measures'], once['from']),
        )
        self.assertEqual(once['from'], once['to'])

    def test_what_is_wrong_is_named(self):
        for path, parameters, text in (
            ('', {'limit': '0'}, 'from 1 to 1000'),
            ('', {'limit': '1001'}, 'from 1 to 1000'),
            ('', {'limit': '\u0663'}, 'from 1 to 1000'),
            ('', {'marker': 'x'}, 'marker'),
            ('/web/timeline', {'marker': '-1'}, 'marker'),
            ('/web/timeline', {'group_by': 'type'}, 'group_by'),
            ('/web/timeline', {'name': 'web'}, 'name'),
            ('', {'resource_type': 'object-request'}, 'object-requests'),
        ):
            response = self.get(
                f'/v1/resources{path}', base.alice(), parameters
            )
            self.assertEqual(400, response.status_code, response.text)
            self.assertIn(text, response.text)
        for path in ('/v1/resources/web', '/v1/resources/web/timeline/x'):
            self.assert_error(self.get(path, base.alice()), 404, 'not-found')
