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
"""Numbers out of a real ClickHouse, derived by hand."""

import requests

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional.api import base

SECOND = timestamps.MICROSECONDS
HOUR = 3600 * SECOND
DAY = 24 * HOUR
#: 2026-10-01T00:00:00Z
OCTOBER = 1_790_812_800 * SECOND
PERIOD = {'from': '2026-10-01T00:00:00Z', 'to': '2026-11-01T00:00:00Z'}
ODD_ID = 'it\'s "odd"\\ \n; -- \u00fc\U0001f427 {p1:String} %(x)s'


def event(resource_id, time, number, state='active', **facts):
    """An event of an instance of acme, unless told otherwise."""
    ended = state == 'deleted'
    phase = event_model.Phase.BILLED
    if ended:
        phase = event_model.Phase.ENDED
    rank = event_model.RANK_DELETION if ended else event_model.RANK_EVENT
    return event_model.Event(
        **{
            'resource_type': 'instance',
            'resource_id': resource_id,
            'event_time': OCTOBER + time,
            'message_id': f'message-{number}',
            'rank': rank,
            'phase': phase,
            'state': state,
            'project_id': base.project_id('alice', 'acme'),
            'event_type': 'test',
            **facts,
        }
    )


class TestUsage(base.SharedServerTestCase):
    @classmethod
    def fill(cls):
        small = {'type': 'm1.small', 'measures': {'vcpus': 2}}
        large = {'type': 'm1.large', 'measures': {'vcpus': 4}}
        globex = base.project_id('bob', 'globex')
        disk = {
            'resource_type': 'volume',
            'type': 'ceph',
            'measures': {'size_gib': 10},
        }
        cls.storage.write_events(
            [
                # A day and a half of m1.small, and one microsecond.
                event('web', DAY, 1, **small),
                # Half a day of m1.large, less the microsecond; stopped for
                # six hours of it.
                event('web', 2 * DAY + 12 * HOUR + 1, 2, **large),
                event('web', 2 * DAY + 14 * HOUR, 3, 'stopped', **large),
                event('web', 2 * DAY + 20 * HOUR, 4, **large),
                event('web', 3 * DAY, 5, 'deleted', **large),
                # Since August.
                event('old', -40 * DAY, 6, **small),
                # Alice's volume, bob's after a day.
                event('disk', 30 * DAY, 7, **disk),
                event('disk', 31 * DAY, 8, project_id=globex, **disk),
                event('other', 0, 9, project_id=globex, **small),
                event('other', SECOND, 10, 'deleted', project_id=globex),
                event(ODD_ID, 0, 20, project_id=ODD_ID, name=ODD_ID),
                event(ODD_ID, HOUR, 21, 'deleted', project_id=ODD_ID),
            ],
            received_at=OCTOBER + 40 * DAY,
        )
        acme = base.project_id('alice', 'acme')
        # The second one comes twice; the fifth one is not of October.
        for number, time, method, project_id in (
            (30, 0, 'get', acme),
            (31, HOUR, 'get', acme),
            (31, HOUR, 'get', acme),
            (32, DAY, 'put', acme),
            (33, 31 * DAY, 'get', acme),
            (34, DAY, 'get', globex),
        ):
            cls.storage.write_events(
                [
                    event(
                        'account',
                        time,
                        number,
                        '',
                        resource_type='object-request',
                        project_id=project_id,
                        phase=event_model.Phase.CONSUMED,
                        attributes={'method': method},
                        measures={
                            'requests': 1,
                            'bytes_sent': 2**62,
                            'bytes_received': 0,
                        },
                    )
                ],
                received_at=OCTOBER + 40 * DAY,
            )

    def test_what_was_consumed(self):
        answer = self.usage('/v1/object-requests', base.alice())
        self.assertEqual('count', answer['units'])
        self.assertEqual(
            [
                ('get', '2', str(2**63)),
                ('put', '1', str(2**62)),
            ],
            [
                (
                    result['method'],
                    result['usage'],
                    result['measures']['bytes_sent'],
                )
                for result in answer['results']
            ],
        )
        self.assert_error(
            self.get(
                '/v1/usage',
                base.alice(),
                {**PERIOD, 'resource_type': 'object-request'},
            ),
            400,
            'invalid-parameter',
        )

    def test_each_sees_what_he_consumed(self):
        acme = base.project_id('alice', 'acme')
        globex = base.project_id('bob', 'globex')
        everything = {acme: '3', globex: '1'}
        for token, params, expected in (
            (base.alice(), {}, {acme: '3'}),
            (base.bob(), {}, {globex: '1'}),
            (base.bob(), {'resource_id': 'account'}, {globex: '1'}),
            (base.admin(), {}, {}),
            (base.admin(), {'project_id': acme}, {acme: '3'}),
            (base.admin(), {'all_projects': 'true'}, everything),
        ):
            answer = self.usage(
                '/v1/object-requests', token, group_by='project_id', **params
            )
            self.assertEqual(
                expected,
                {
                    result['project_id']: result['usage']
                    for result in answer['results']
                },
            )
        for params in ({'project_id': acme}, {'all_projects': 'true'}):
            response = self.get(
                '/v1/object-requests', base.bob(), {**PERIOD, **params}
            )
            self.assert_error(response, 403, 'forbidden')

    def usage(self, path, token, **params):
        response = self.get(path, token, {**PERIOD, **params})
        self.assertEqual(200, response.status_code, response.text)
        return response.json()

    def test_instances_by_type(self):
        answer = self.usage('/v1/instances', base.alice())
        self.assertEqual(
            {
                'period': PERIOD,
                'units': 'seconds',
                'results': [
                    {
                        'type': 'm1.large',
                        'usage': '43199.999999',
                        'measures': {
                            'disk_gib': '0.000000',
                            'ram_mib': '0.000000',
                            'vcpus': '172799.999996',
                        },
                    },
                    {
                        'type': 'm1.small',
                        # web: 129600.000001; old: 31 days.
                        'usage': '2808000.000001',
                        'measures': {
                            'disk_gib': '0.000000',
                            'ram_mib': '0.000000',
                            'vcpus': '5616000.000002',
                        },
                    },
                ],
            },
            answer,
        )

    def test_what_is_left_out(self):
        for left_out in (
            {'type!': 'm1.small'},
            {'type!': ['m1.small', 'm1.tiny'], 'state!': 'stopped'},
        ):
            answer = self.usage(
                '/v1/instances',
                base.alice(),
                group_by='type,state',
                **left_out,
            )
            self.assertEqual(
                {'m1.large'}, {each['type'] for each in answer['results']}
            )
            self.assertEqual(3 - len(left_out), len(answer['results']))
        answer = self.usage(
            '/v1/usage',
            base.admin(),
            all_projects='true',
            group_by='project_id',
            **{'project_id!': base.project_id('alice', 'acme')},
        )
        self.assertEqual(
            {base.project_id('bob', 'globex'), ODD_ID},
            {each['project_id'] for each in answer['results']},
        )

    def test_days_of_a_time_zone(self):
        # The second of October in Kathmandu begins at 18:15Z of the first.
        answer = self.usage(
            '/v1/instances',
            base.alice(),
            granularity='1d',
            timezone='Asia/Kathmandu',
            resource_id='web',
            group_by='state',
        )
        self.assertEqual(
            [
                # From midnight on; the clock is 5:45 ahead.
                ('active', '2026-10-01T18:15:00Z', '65700.000000'),
                # A whole day; the flavor changes on the third at noon and
                # one microsecond, and the server stops at 14:00Z.
                ('active', '2026-10-02T18:15:00Z', '71100.000000'),
                # From 20:00Z until the deletion.
                ('active', '2026-10-03T18:15:00Z', '14400.000000'),
                # Four and a quarter hours, and the rest until 20:00Z.
                ('stopped', '2026-10-02T18:15:00Z', '15300.000000'),
                ('stopped', '2026-10-03T18:15:00Z', '6300.000000'),
            ],
            [
                (each['state'], each['begin'], each['usage'])
                for each in answer['results']
            ],
        )
        self.assertEqual(
            # 63900.000001 seconds of two, and 7199.999999 of four.
            '156599.999998',
            answer['results'][1]['measures']['vcpus'],
        )

    def test_days_of_what_was_consumed(self):
        answer = self.usage(
            '/v1/object-requests', base.alice(), granularity='1d'
        )
        self.assertEqual(
            [
                ('get', '2026-10-01T00:00:00Z', '2', str(2**63)),
                ('put', '2026-10-02T00:00:00Z', '1', str(2**62)),
            ],
            [
                (
                    each['method'],
                    each['begin'],
                    each['usage'],
                    each['measures']['bytes_sent'],
                )
                for each in answer['results']
            ],
        )

    def test_the_greatest_come_first_page_by_page(self):
        answer = self.usage(
            '/v1/usage',
            base.admin(),
            all_projects='true',
            group_by='resource_id',
            sort='-usage,resource_id',
            limit='2',
        )
        found = [each['resource_id'] for each in answer['results']]
        while 'links' in answer:
            [link] = answer['links']
            response = self.get(
                link['href'].removeprefix(self.server.url), base.admin()
            )
            self.assertEqual(200, response.status_code, response.text)
            answer = response.json()
            found += [each['resource_id'] for each in answer['results']]
        self.assertEqual(['old', 'web', 'disk', ODD_ID, 'other'], found)

    def test_the_month_before(self):
        answer = self.usage(
            '/v1/instances', base.alice(), compare_to='previous'
        )
        large, small = answer['results']
        self.assertEqual('0.000000', large['previous']['usage'])
        self.assertEqual('43199.999999', large['change']['usage'])
        # Thirty days of old.
        self.assertEqual('2592000.000000', small['previous']['usage'])
        self.assertEqual('216000.000001', small['change']['usage'])
        self.assertEqual('432000.000002', small['change']['measures']['vcpus'])

    def test_a_table(self):
        for wanted in ({'params': {'format': 'csv'}}, {'accept': 'text/csv'}):
            response = self.server.get(
                '/v1/volumes',
                base.alice(),
                {**PERIOD, **wanted.get('params', {})},
                headers=(
                    {'Accept': wanted['accept']} if 'accept' in wanted else {}
                ),
            )
            self.assertEqual(200, response.status_code, response.text)
            self.assertEqual(
                'text/csv; charset=UTF-8', response.headers['Content-Type']
            )
            self.assertEqual(
                'type,usage,measures.size_gib\r\n'
                'ceph,86400.000000,864000.000000\r\n',
                response.text,
            )

    def test_by_state_of_one_resource(self):
        answer = self.usage(
            '/v1/instances',
            base.alice(),
            group_by='resource_id,state',
            resource_id='web',
            type='m1.large',
        )
        self.assertEqual(
            [
                ('web', 'active', '21599.999999'),
                ('web', 'stopped', '21600.000000'),
            ],
            [
                (result['resource_id'], result['state'], result['usage'])
                for result in answer['results']
            ],
        )

    def test_everything_of_everybody(self):
        answer = self.usage(
            '/v1/usage',
            base.admin(),
            all_projects='true',
            group_by='resource_type,project_id',
            to='2026-11-02T00:00:00Z',
        )
        acme = base.project_id('alice', 'acme')
        globex = base.project_id('bob', 'globex')
        self.assertEqual(
            {
                # m1.small and m1.large of web; 32 days of old.
                ('instance', acme): '2937600.000000',
                ('instance', globex): '1.000000',
                ('volume', acme): '86400.000000',
                ('volume', globex): '86400.000000',
                ('instance', ODD_ID): '3600.000000',
            },
            {
                (result['resource_type'], result['project_id']): result[
                    'usage'
                ]
                for result in answer['results']
            },
        )

    def test_each_sees_his_own(self):
        period = {'to': '2026-11-02T00:00:00Z', 'group_by': 'resource_id'}
        for token, expected in (
            (base.alice(), {'web', 'old', 'disk'}),
            (base.bob(), {'other', 'disk'}),
            (base.admin(), set()),
        ):
            answer = self.usage('/v1/usage', token, **period)
            self.assertEqual(
                expected,
                {result['resource_id'] for result in answer['results']},
            )

    def test_a_measure_of_one_second(self):
        answer = self.usage('/v1/volumes', base.alice())
        self.assertEqual(
            [
                {
                    'type': 'ceph',
                    'usage': '86400.000000',
                    'measures': {'size_gib': '864000.000000'},
                }
            ],
            answer['results'],
        )

    def test_as_of_a_time_before_anything_was_known(self):
        answer = self.usage(
            '/v1/instances', base.alice(), as_of='2026-11-09T23:59:59Z'
        )
        self.assertEqual([], answer['results'])
        self.assertEqual('2026-11-09T23:59:59Z', answer['as_of'])
        answer = self.usage(
            '/v1/instances', base.alice(), as_of='2026-11-10T00:00:00Z'
        )
        self.assertEqual(2, len(answer['results']))

    def test_every_key_can_be_asked_for(self):
        for found in self.get('/v1/', base.alice()).json()['resource_types']:
            paths = [f'/v1/{found["collection"]}']
            if found['kind'] == 'state':
                paths.append('/v1/usage')
            for key in found['keys']:
                for path in paths:
                    with self.subTest(path=path, key=key):
                        self.usage(path, base.alice(), group_by=key)
                        if key not in ('project_id', 'resource_type'):
                            self.usage(path, base.alice(), **{key: 'x'})

    def test_odd_ids_are_values(self):
        for params in (
            {'project_id': ODD_ID},
            {'project_id': [ODD_ID, "';"], 'resource_id': ODD_ID},
            {'project_id': ODD_ID, 'name': [ODD_ID, '\\']},
            {'all_projects': 'true', 'name': ODD_ID},
        ):
            with self.subTest(**params):
                answer = self.usage(
                    '/v1/instances',
                    base.admin(),
                    group_by='resource_id,project_id,name',
                    **params,
                )
                self.assertEqual(
                    [(ODD_ID, ODD_ID, ODD_ID, '3600.000000')],
                    [
                        (
                            result['resource_id'],
                            result['project_id'],
                            result['name'],
                            result['usage'],
                        )
                        for result in answer['results']
                    ],
                )

    def test_values_that_look_like_sql_find_nothing(self):
        for value in (
            "' OR 1=1 --",
            "x') OR ('1'='1",
            '\\',
            "\\'",
            'a\0b',
            '\t',
            '{p1:String}',
            '%',
            '*',
            '[]',
            "['a']",
        ):
            for key in ('resource_id', 'name', 'state', 'type'):
                with self.subTest(key=key, value=value):
                    answer = self.usage(
                        '/v1/usage', base.alice(), **{key: value}
                    )
                    self.assertEqual([], answer['results'])
            response = self.get(
                '/v1/usage', base.alice(), {'project_id': value}
            )
            self.assert_error(response, 403, 'forbidden')
            answer = self.usage('/v1/usage', base.admin(), project_id=value)
            self.assertEqual([], answer['results'])

    def test_bad_questions(self):
        for params, code in (
            ({'flavor': 'x'}, 'unknown-parameter'),
            ({'from': '2026-10-01T00:00:00'}, 'invalid-parameter'),
            ({'to': '2026-10-01T00:00:00Z'}, 'invalid-period'),
            ({'to': '2026-09-01T00:00:00Z'}, 'invalid-period'),
            ({'to': '2126-10-01T00:00:00Z'}, 'invalid-period'),
            ({'name': 'x' * 256}, 'invalid-parameter'),
            ({'name': 'x' * 8050}, 'bad-request'),
        ):
            with self.subTest(str(params)[:80]):
                response = self.get(
                    '/v1/instances', base.alice(), {**PERIOD, **params}
                )
                self.assert_error(response, 400, code)


_MANY = """
INSERT INTO $database.events (
    resource_type, resource_id, event_time, rank, message_id, project_id,
    phase, measures
)
SELECT 'object-request', toString(number),
    fromUnixTimestamp64Micro({begin:Int64}), {rank:Int64}, toString(number),
    'p', 'consumed', '{"requests":1}'
FROM numbers(1000000)
"""

_KILL = """
KILL QUERY WHERE query_kind = 'Select' AND query LIKE '%$database.events%'
ASYNC
"""


class TestBrokenTable(base.ServerTestCase):
    def start(self):
        self.server.configure()
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(
            text.replace(
                '[clickhouse]', '[clickhouse]\nquery_max_result_rows = 2000000'
            )
        )
        super().start()

    def test_it_does_not_look_complete(self):
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        pool.execute(_MANY, {'begin': OCTOBER, 'rank': event_model.RANK_EVENT})
        question = (
            '/v1/object-requests',
            base.admin(),
            {
                **PERIOD,
                'all_projects': 'true',
                'group_by': 'resource_id',
                'format': 'csv',
            },
        )
        with self.server.get(*question, stream=True) as response:
            self.assertEqual(200, response.status_code)
            parts = response.iter_content(1000)
            next(parts)
            pool.execute(_KILL)
            self.assertRaises(
                requests.exceptions.ChunkedEncodingError, list, parts
            )
        # The service goes on, and has not lost a connection.
        response = self.get('/v1/usage', base.alice(), PERIOD)
        self.assertEqual(200, response.status_code, response.text)


class TestTooExpensive(base.ServerTestCase):
    def start(self):
        self.server.configure()
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(
            text.replace(
                '[clickhouse]', '[clickhouse]\nquery_max_result_rows = 1'
            )
        )
        super().start()

    def test_it_is_refused_with_advice(self):
        self.storage.write_events(
            [event('a', 0, 1), event('b', 0, 2)], received_at=OCTOBER
        )
        response = self.get('/v1/usage', base.alice(), PERIOD)
        self.assertEqual(200, response.status_code, response.text)
        response = self.get(
            '/v1/usage', base.alice(), {**PERIOD, 'group_by': 'resource_id'}
        )
        detail = self.assert_error(response, 400, 'query-too-expensive')
        self.assertIn('fewer groups', detail)
        self.assertNotIn('SELECT', response.text)
