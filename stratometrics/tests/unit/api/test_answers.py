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
import csv
from importlib import metadata
import io
from urllib import parse

from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.unit.api import base

DAY = 86_400_000_000
OCTOBER = {'from_': '2026-10-01T00:00:00Z', 'to': '2026-11-01T00:00:00Z'}
BEGIN = instants.parse('2026-10-01T00:00:00Z')


def stay(resource_type, project_id, type_, days, state='active', **measures):
    """A resource from the second of October on, for some days."""
    return base.Stay(
        BEGIN + DAY,
        BEGIN + DAY + int(days * DAY),
        {
            'resource_type': resource_type,
            'project_id': project_id,
            'type': type_,
            'state': state,
        },
        measures,
    )


class TestUsage(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.storage.stays = [
            stay('instance', 'acme', 'm1.small', 1, vcpus=1, ram_mib=2048),
            stay('instance', 'acme', 'm1.small', 2, vcpus=1, ram_mib=2048),
            stay('instance', 'acme', 'm1.large', 0.5, vcpus=4, ram_mib=8192),
            stay('instance', 'acme', 'm1.tiny', 1, state='stopped'),
            stay('instance', 'globex', 'm1.small', 4, vcpus=1),
            stay('volume', 'acme', 'ceph', 1 / DAY, size_gib=10),
        ]

    def test_one_type_of_one_project(self):
        response = self.ask('/v1/instances', state='active', **OCTOBER)
        self.assertEqual(200, response.status_int)
        self.assertEqual('application/json', response.content_type)
        self.assertEqual(
            {
                'period': {
                    'from': '2026-10-01T00:00:00Z',
                    'to': '2026-11-01T00:00:00Z',
                },
                'units': 'seconds',
                'results': [
                    {
                        'type': 'm1.large',
                        'usage': '43200.000000',
                        'measures': {
                            'disk_gib': '0.000000',
                            'ram_mib': '353894400.000000',
                            'vcpus': '172800.000000',
                        },
                    },
                    {
                        'type': 'm1.small',
                        'usage': '259200.000000',
                        'measures': {
                            'disk_gib': '0.000000',
                            'ram_mib': '530841600.000000',
                            'vcpus': '259200.000000',
                        },
                    },
                ],
            },
            response.json,
        )

    def test_all_types_by_type(self):
        response = self.ask('/v1/usage', **OCTOBER)
        self.assertEqual(
            [
                ('instance', {'vcpus', 'ram_mib', 'disk_gib'}),
                ('volume', {'size_gib'}),
            ],
            [
                (result['resource_type'], set(result['measures']))
                for result in response.json['results']
            ],
        )
        self.assertEqual('0.000001', response.json['results'][1]['usage'])

    def test_all_types_together_have_all_measures(self):
        response = self.ask('/v1/usage', group_by='project_id', **OCTOBER)
        [result] = response.json['results']
        self.assertEqual('acme', result['project_id'])
        self.assertEqual(
            {
                measure
                for resource_type in base.DEFINITIONS.resource_types.values()
                for measure in resource_type.measures
                if resource_type.kind is usage.Kind.STATE
            },
            set(result['measures']),
        )
        self.assertEqual('0.000010', result['measures']['size_gib'])

    def test_names_are_shown_beside_ids(self):
        self.storage.stays = [
            base.Stay(
                BEGIN,
                BEGIN + DAY,
                {
                    'resource_type': 'volume',
                    'project_id': 'acme',
                    'project_name': 'Acme',
                    'domain_id': 'd1',
                    'domain_name': 'First',
                    'type': 'ssd',
                },
            )
        ]
        response = self.ask(
            '/v1/volumes', group_by='domain_id,project_id,user_id', **OCTOBER
        )
        self.assertEqual(
            [
                {
                    'domain_id': 'd1',
                    'domain_name': 'First',
                    'project_id': 'acme',
                    'project_name': 'Acme',
                    # Not known, like everything of this user.
                    'user_id': '',
                    'user_name': '',
                    'usage': '86400.000000',
                    'measures': {'size_gib': '0.000000'},
                }
            ],
            response.json['results'],
        )
        [query] = self.storage.questions
        self.assertEqual({'volume': {'type': 'volume_type'}}, query.names)
        [result] = self.ask('/v1/volumes', **OCTOBER).json['results']
        self.assertEqual({'type', 'usage', 'measures'}, set(result))

    def test_a_name_is_no_key_of_its_own(self):
        # Projects of two domains may have the same.
        for parameters in (
            {'group_by': 'project_name'},
            {'project_name': 'Acme'},
        ):
            self.assertEqual(
                400, self.ask('/v1/volumes', **parameters).status_int
            )

    def test_a_type_chosen_among_all_has_its_measures_alone(self):
        response = self.ask(
            '/v1/usage', group_by='state', resource_type='volume', **OCTOBER
        )
        [result] = response.json['results']
        self.assertEqual({'size_gib'}, set(result['measures']))

    def test_the_tenant_filter_follows_what_was_asked(self):
        for token, parameters, expected in (
            ('alice', {}, ('acme',)),
            ('alice', {'project_id': 'acme'}, ('acme',)),
            ('bob', {}, ('globex',)),
            ('admin', {}, ('admin',)),
            ('admin', {'project_id': ['acme', 'x']}, ('acme', 'x')),
            ('admin', {'all_projects': 'true'}, None),
            ('admin', {'all_projects': 'false'}, ('admin',)),
            ('billing', {'all_projects': 'true'}, None),
            ('billing', {'project_id': "it's"}, ("it's",)),
            ('system-admin', {'all_projects': 'true'}, None),
            ('system-admin', {'project_id': 'acme'}, ('acme',)),
        ):
            with self.subTest(token=token, **parameters):
                for path in ('/v1/usage', '/v1/instances', '/v1/volumes'):
                    self.storage.questions.clear()
                    response = self.ask(path, token, **parameters)
                    self.assertEqual(200, response.status_int, response.text)
                    [query] = self.storage.questions
                    self.assertEqual(expected, query.project_ids)

    def test_the_storage_is_asked_for_what_the_caller_asked(self):
        self.ask(
            '/v1/instances',
            group_by='state,name',
            as_of='2026-11-01T00:00:00.000001Z',
            name="O'Neill",
            state=['active', 'stopped'],
            **OCTOBER,
        )
        [query] = self.storage.questions
        self.assertEqual(
            usage.UsageQuery(
                period=usage.Period(BEGIN, BEGIN + 31 * DAY),
                now=query.now,
                resource_types=('instance',),
                group_by=('state', 'name'),
                filters={
                    'name': ("O'Neill",),
                    'state': ('active', 'stopped'),
                },
                names={'instance': {}},
                project_ids=('acme',),
                as_of=BEGIN + 31 * DAY + 1,
                # One more than may be, to see whether there are too many.
                limit=50_001,
            ),
            query,
        )

    def test_as_of_is_repeated_if_it_was_asked(self):
        response = self.ask(
            '/v1/instances', as_of='2026-11-01T02:00:00.5%2B02:00'
        )
        self.assert_error(response, 400, 'invalid-parameter')
        response = self.ask(
            '/v1/instances', as_of='2026-11-01T02:00:00.5+02:00', **OCTOBER
        )
        self.assertEqual('2026-11-01T00:00:00.500000Z', response.json['as_of'])

    def test_nothing_used_is_an_empty_list(self):
        response = self.ask('/v1/volumes', 'bob', **OCTOBER)
        self.assertEqual([], response.json['results'])

    def test_amounts_beyond_floats_are_exact(self):
        self.storage.stays = [
            stay('volume', 'acme', 'huge', 29.5, size_gib=2**62 + 1)
        ]
        response = self.ask('/v1/volumes', **OCTOBER)
        [result] = response.json['results']
        seconds = (2**62 + 1) * 29 * 86_400 + (2**62 + 1) * 43_200
        self.assertEqual(f'{seconds}.000000', result['measures']['size_gib'])

    def test_a_trailing_slash_changes_nothing(self):
        self.assertEqual(
            self.ask('/v1/instances', **OCTOBER).json,
            self.ask('/v1/instances/', **OCTOBER).json,
        )

    def test_head_has_the_headers_alone(self):
        full = self.ask('/v1/instances', **OCTOBER)
        head = self.ask('/v1/instances', method='HEAD', **OCTOBER)
        self.assertEqual(200, head.status_int)
        self.assertEqual(b'', head.body)
        self.assertEqual(
            full.headers['Content-Length'], head.headers['Content-Length']
        )

    def test_answers_are_not_for_caches(self):
        for path in ('/', '/healthcheck', '/v1/', '/v1/usage', '/v1/none'):
            with self.subTest(path):
                self.assertEqual(
                    'no-store', self.ask(path).headers['Cache-Control']
                )


class TestBuckets(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.storage.stays = [
            stay('instance', 'acme', 'm1.small', 1.5, vcpus=2),
            stay('instance', 'acme', 'm1.large', 0.5, vcpus=4),
        ]

    def test_results_are_a_flat_list_by_group_and_bucket(self):
        answer = self.ask(
            '/v1/instances',
            granularity='1d',
            timezone='Asia/Kathmandu',
            **OCTOBER,
        ).json
        self.assertEqual('1d', answer['granularity'])
        self.assertEqual('Asia/Kathmandu', answer['timezone'])
        self.assertEqual(
            [
                # 00:00Z of the second is a quarter to six in the morning.
                ('m1.large', '2026-10-01T18:15:00Z', '43200.000000'),
                ('m1.small', '2026-10-01T18:15:00Z', '65700.000000'),
                ('m1.small', '2026-10-02T18:15:00Z', '63900.000000'),
            ],
            [
                (result['type'], result['begin'], result['usage'])
                for result in answer['results']
            ],
        )
        self.assertEqual(
            {
                'begin': '2026-10-02T18:15:00Z',
                'end': '2026-10-03T18:15:00Z',
                'type': 'm1.small',
                'usage': '63900.000000',
                'measures': {
                    'disk_gib': '0.000000',
                    'ram_mib': '0.000000',
                    'vcpus': '127800.000000',
                },
            },
            answer['results'][2],
        )

    def test_the_first_and_the_last_are_clipped(self):
        [*_, last] = self.ask(
            '/v1/instances',
            granularity='1mo',
            from_='2026-10-02T00:00:00Z',
            to='2026-10-02T18:00:00Z',
        ).json['results']
        self.assertEqual(
            ('2026-10-02T00:00:00Z', '2026-10-02T18:00:00Z', '64800.000000'),
            (last['begin'], last['end'], last['usage']),
        )

    def test_the_calendar_is_told_only_of_buckets(self):
        answer = self.ask('/v1/instances', timezone='UTC', **OCTOBER).json
        self.assertEqual({'period', 'units', 'results'}, set(answer))


class TestLimits(base.ApiTestCase):
    config = """
[api]
max_results = 3
"""

    def setUp(self):
        super().setUp()
        self.storage.stays = [
            stay('instance', 'acme', f'm{number}', 2) for number in range(4)
        ]

    def test_an_answer_that_is_too_large_is_refused(self):
        detail = self.assert_error(
            self.ask('/v1/instances', **OCTOBER), 400, 'query-too-expensive'
        )
        self.assertIn('more than 3 results', detail)
        self.assertIn('limit', detail)
        response = self.ask('/v1/instances', format='csv', **OCTOBER)
        self.assertEqual(5, len(response.text.splitlines()))

    def test_buckets_count(self):
        question = dict(OCTOBER, type=['m0', 'm1'])
        response = self.ask('/v1/instances', granularity='1mo', **question)
        self.assertEqual(2, len(response.json['results']))
        self.assert_error(
            self.ask('/v1/instances', granularity='1d', **question),
            400,
            'query-too-expensive',
        )

    def test_pages_are_not_larger(self):
        response = self.ask('/v1/instances', limit='3', **OCTOBER)
        self.assertEqual(3, len(response.json['results']))
        self.assert_error(
            self.ask('/v1/instances', limit='4', **OCTOBER),
            400,
            'invalid-parameter',
        )

    def test_capabilities_tell_them(self):
        found = self.ask('/v1/').json
        self.assertEqual(3, found['max_results'])
        self.assertEqual(10_000, found['max_buckets'])
        self.assertEqual(
            ['1h', '2h', '3h', '4h', '6h', '8h', '12h', '1d', '1w', '1mo'],
            found['granularities'],
        )


class TestPages(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.storage.stays = [
            stay('instance', 'acme', type_, days, vcpus=vcpus)
            for type_, days, vcpus in (
                ('a', 1, 9),
                ('b', 3, 1),
                ('c', 2, 1),
                ('d & é+', 2, 2),
                ('e', 1, 1),
            )
        ]

    def pages(self, **question):
        """The types of each page, following the links."""
        found = []
        response = self.ask('/v1/instances', **question, **OCTOBER)
        while True:
            self.assertEqual(200, response.status_int, response.text)
            answer = response.json
            found.append([each['type'] for each in answer['results']])
            if 'links' not in answer:
                return found
            [link] = answer['links']
            self.assertEqual('next', link['rel'])
            self.assertTrue(
                link['href'].startswith('http://localhost/v1/instances?')
            )
            response = self.ask(link['href'].removeprefix('http://localhost'))

    def test_each_group_is_on_one_page(self):
        types = ['a', 'b', 'c', 'd & é+', 'e']
        self.assertEqual([types], self.pages())
        self.assertEqual([types], self.pages(limit='5'))
        self.assertEqual([types[:3], types[3:]], self.pages(limit='3'))
        self.assertEqual([[each] for each in types], self.pages(limit='1'))

    def test_in_any_order(self):
        for sort, expected in (
            ('-usage', [['b', 'c'], ['d & é+', 'a'], ['e']]),
            ('usage', [['a', 'e'], ['c', 'd & é+'], ['b']]),
            ('-usage,-type', [['b', 'd & é+'], ['c', 'e'], ['a']]),
            ('-type', [['e', 'd & é+'], ['c', 'b'], ['a']]),
            ('-measures.vcpus', [['a', 'd & é+'], ['b', 'c'], ['e']]),
        ):
            with self.subTest(sort):
                self.assertEqual(expected, self.pages(sort=sort, limit='2'))

    def test_the_top_groups_have_all_their_buckets(self):
        answer = self.ask(
            '/v1/instances',
            granularity='1d',
            sort='-usage',
            limit='2',
            **OCTOBER,
        ).json
        self.assertEqual(
            ['b', 'b', 'b', 'c', 'c'],
            [each['type'] for each in answer['results']],
        )
        self.assertIn('links', answer)

    def test_the_next_page_is_of_the_same_period(self):
        now = timestamps.now()
        self.storage.stays = [
            base.Stay(
                now - DAY,
                now + DAY,
                {
                    'resource_type': 'instance',
                    'project_id': 'acme',
                    'type': type_,
                },
            )
            for type_ in 'ab'
        ]
        answer = self.ask('/v1/instances?limit=1').json
        [link] = answer['links']
        query = parse.parse_qs(parse.urlsplit(link['href']).query)
        self.assertEqual([answer['period']['from']], query['from'])
        self.assertEqual([answer['period']['to']], query['to'])

    def test_a_marker_of_another_question(self):
        [link] = self.ask('/v1/instances', limit='1', **OCTOBER).json['links']
        for more in ('&sort=-usage', '&group_by=state'):
            self.assert_error(
                self.ask(link['href'] + more), 400, 'invalid-parameter'
            )


class TestComparison(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        september = {'begin': BEGIN - 10 * DAY, 'end': BEGIN - 9 * DAY}
        self.storage.stays = [
            stay('instance', 'acme', 'both', 0.5, vcpus=2),
            stay('instance', 'acme', 'new', 1),
            *(
                base.Stay(
                    **september,
                    facts={
                        'resource_type': 'instance',
                        'project_id': 'acme',
                        'type': type_,
                    },
                    measures={'vcpus': 1},
                )
                for type_ in ('both', 'gone')
            ),
        ]

    def test_each_group_has_both_periods_and_the_change(self):
        answer = self.ask(
            '/v1/instances', compare_to='previous', **OCTOBER
        ).json
        self.assertEqual(
            {'from': '2026-09-01T00:00:00Z', 'to': '2026-10-01T00:00:00Z'},
            answer['previous'],
        )
        self.assertEqual(
            [
                ('both', '43200.000000', '86400.000000', '-43200.000000'),
                ('gone', '0.000000', '86400.000000', '-86400.000000'),
                ('new', '86400.000000', '0.000000', '86400.000000'),
            ],
            [
                (
                    each['type'],
                    each['usage'],
                    each['previous']['usage'],
                    each['change']['usage'],
                )
                for each in answer['results']
            ],
        )
        both, gone, _ = answer['results']
        self.assertEqual('86400.000000', both['previous']['measures']['vcpus'])
        self.assertEqual('0.000000', both['change']['measures']['vcpus'])
        self.assertEqual('-86400.000000', gone['change']['measures']['vcpus'])


class TestTable(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.storage.stays = [
            stay('instance', 'acme', type_, 1, vcpus=2)
            for type_ in ('plain', 'a "b", c\r\nd', '=1+1', "'quoted", '-2 x')
        ]

    def read(self, path='/v1/instances', **question):
        response = self.ask(path, **question, **OCTOBER)
        self.assertEqual(200, response.status_int, response.text)
        self.assertEqual('text/csv', response.content_type)
        self.assertEqual('no-store', response.headers['Cache-Control'])
        return response.text

    def test_a_table(self):
        self.assertEqual(
            'type,usage,measures.disk_gib,measures.ram_mib,measures.vcpus\r\n'
            "''quoted,86400.000000,0.000000,0.000000,172800.000000\r\n"
            "'-2 x,86400.000000,0.000000,0.000000,172800.000000\r\n"
            "'=1+1,86400.000000,0.000000,0.000000,172800.000000\r\n"
            '"a ""b"", c\r\nd",86400.000000,0.000000,0.000000,'
            '172800.000000\r\n'
            'plain,86400.000000,0.000000,0.000000,172800.000000\r\n',
            self.read(format='csv'),
        )

    def test_whatever_begins_a_formula_is_protected(self):
        names = [
            '\n=1',
            '\t=1',
            '\r=1',
            '@1',
            '+1',
            '＝1',
            '＋1',
            '－1',
            '＠1',
        ]
        self.storage.stays = [
            stay('instance', 'acme', name, 1) for name in names
        ]
        rows = csv.DictReader(io.StringIO(self.read(format='csv'), newline=''))
        self.assertEqual(
            {f"'{name}" for name in names}, {row['type'] for row in rows}
        )

    def test_it_is_wanted_by_accept_as_well(self):
        response = self.ask(
            '/v1/instances', headers={'Accept': 'text/csv'}, **OCTOBER
        )
        self.assertEqual('text/csv', response.content_type)
        self.assertEqual(
            'application/json', self.ask('/v1/instances').content_type
        )

    def test_columns_of_buckets_and_of_a_comparison(self):
        first, second, *_ = self.read(
            format='csv', granularity='1mo', group_by='project_id'
        ).splitlines()
        self.assertTrue(
            first.startswith('begin,end,project_id,project_name,usage,')
        )
        self.assertTrue(
            second.startswith(
                '2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,acme,,432000.000000'
            )
        )
        [row] = csv.DictReader(
            io.StringIO(
                self.read(
                    format='csv', compare_to='previous', group_by='state'
                )
            )
        )
        # An amount is a number, and is not protected like a text.
        self.assertEqual('864000.000000', row['change.measures.vcpus'])
        self.assertEqual('0.000000', row['previous.usage'])

    def test_a_measure_that_a_type_does_not_have_is_an_empty_cell(self):
        self.storage.stays.append(stay('volume', 'acme', 'x', 1, size_gib=1))
        instance, volume = csv.DictReader(
            io.StringIO(self.read('/v1/usage', format='csv'))
        )
        self.assertEqual('', instance['measures.size_gib'])
        self.assertEqual('', volume['measures.vcpus'])
        self.assertEqual('86400.000000', volume['measures.size_gib'])

    def test_nothing_used_is_a_header(self):
        self.storage.stays = []
        self.assertEqual(1, len(self.read(format='csv').splitlines()))

    def test_what_fails_at_once_is_an_error_like_any_other(self):
        self.storage.breaks_after = 0
        self.assert_error(
            self.ask('/v1/instances', format='csv', **OCTOBER),
            503,
            'unavailable',
        )

    def test_what_fails_later_is_no_complete_table(self):
        self.storage.stays = [
            stay('instance', 'acme', f'{number}', 1) for number in range(1001)
        ]
        response = self.ask('/v1/instances', format='csv', **OCTOBER)
        self.assertEqual(1002, len(response.text.splitlines()))
        self.storage.breaks_after = 1000
        response = self.ask('/v1/instances', format='csv', **OCTOBER)
        self.assertEqual(200, response.status_int)
        self.assertIsNone(response.content_length)
        self.assertRaises(
            storage_errors.StorageUnavailable, lambda: response.body
        )

    def test_head(self):
        response = self.ask(
            '/v1/instances', method='HEAD', format='csv', **OCTOBER
        )
        self.assertEqual('text/csv', response.content_type)
        self.assertEqual(b'', response.body)


class TestConsumption(base.ApiTestCase):
    """The stays of the store last as many microseconds as are consumed."""

    def setUp(self):
        super().setUp()
        self.storage.stays = [
            base.Stay(
                BEGIN,
                BEGIN + count,
                {
                    'resource_type': 'object-request',
                    'project_id': 'acme',
                    'method': method,
                },
                {'bytes_sent': size},
            )
            for method, count, size in (('get', 2, 2**80 + 1), ('put', 1, 0))
        ]

    def test_whole_numbers_that_are_counted(self):
        answer = self.ask('/v1/object-requests', **OCTOBER).json
        self.assertEqual('count', answer['units'])
        self.assertEqual(
            [
                {
                    'method': 'get',
                    'usage': '2',
                    'measures': {
                        'bytes_received': '0',
                        'bytes_sent': str(2**81 + 2),
                        'requests': '0',
                    },
                },
                {
                    'method': 'put',
                    'usage': '1',
                    'measures': {
                        'bytes_received': '0',
                        'bytes_sent': '0',
                        'requests': '0',
                    },
                },
            ],
            answer['results'],
        )

    def test_the_storage_is_told_the_kind(self):
        for path, kind in (
            ('/v1/object-requests', usage.Kind.CONSUMPTION),
            ('/v1/instances', usage.Kind.STATE),
            ('/v1/usage', usage.Kind.STATE),
        ):
            self.assertEqual(200, self.ask(path).status_int)
            self.assertIs(kind, self.storage.questions[-1].kind)

    def test_the_usage_of_all_types_is_time(self):
        response = self.ask('/v1/usage', **OCTOBER)
        self.assertEqual([], response.json['results'])
        self.assertNotIn(
            'object-request', self.storage.questions[-1].resource_types
        )
        for parameters in (
            {'resource_type': 'object-request'},
            {'resource_type': ['instance', 'object-request']},
        ):
            detail = self.assert_error(
                self.ask('/v1/usage', **parameters), 400, 'invalid-parameter'
            )
            self.assertEqual(
                "resource_type 'object-request' is not billed by time: ask "
                '/v1/object-requests about it',
                detail,
            )
        self.assert_error(
            self.ask('/v1/usage', method_='get'), 400, 'unknown-parameter'
        )

    def test_capabilities_tell_kinds_and_units(self):
        found = {
            each['name']: (each['kind'], each['units'])
            for each in self.ask('/v1/').json['resource_types']
        }
        self.assertEqual(('consumption', 'count'), found['object-request'])
        self.assertEqual(('state', 'seconds'), found['instance'])


class TestDocuments(base.ApiTestCase):
    def test_versions_need_no_token(self):
        response = self.ask('/', token=None)
        self.assertEqual(200, response.status_int)
        self.assertEqual(
            {
                'versions': [
                    {
                        'id': 'v1.0',
                        'status': 'CURRENT',
                        'links': [
                            {'rel': 'self', 'href': 'http://localhost/v1/'}
                        ],
                    }
                ]
            },
            response.json,
        )

    def test_capabilities(self):
        for path in ('/v1', '/v1/'):
            response = self.ask(path, 'eve')
            self.assertEqual(200, response.status_int)
            found = response.json
            self.assertEqual(
                metadata.version('stratometrics'), found['release']
            )
            self.assertEqual('seconds', found['units'])
            self.assertEqual('UTC', found['timezone'])
            self.assertEqual(3660, found['max_period_days'])
            by_name = {
                found['name']: found for found in found['resource_types']
            }
            self.assertEqual(
                set(base.DEFINITIONS.resource_types), set(by_name)
            )
            instance = by_name['instance']
            self.assertEqual('instances', instance['collection'])
            self.assertEqual('type', instance['default_group_by'])
            self.assertEqual(
                ['vcpus', 'ram_mib', 'disk_gib'], instance['measures']
            )
            self.assertEqual(
                [{'rel': 'self', 'href': 'http://localhost/v1/instances'}],
                instance['links'],
            )
            for key in instance['keys']:
                response = self.ask('/v1/instances', group_by=key)
                self.assertEqual(200, response.status_int, response.text)

    def test_every_collection_is_there(self):
        for resource_type in base.DEFINITIONS.resource_types.values():
            response = self.ask(f'/v1/{resource_type.collection}')
            self.assertEqual(200, response.status_int)
            self.assertEqual(
                (resource_type.name,),
                self.storage.questions[-1].resource_types,
            )

    def test_parameters_that_mean_nothing_there(self):
        for path in ('/?verbose=1', '/v1/?verbose=1'):
            self.assert_error(self.ask(path), 400, 'unknown-parameter')


class TestBehindAProxy(base.ApiTestCase):
    config = """
[oslo_middleware]
enable_proxy_headers_parsing = true
"""

    def test_links_lead_through_the_proxy(self):
        for prefix in ('/billing', '/billing/'):
            response = self.ask(
                '/',
                headers={
                    'X-Forwarded-Proto': 'https',
                    'X-Forwarded-Host': 'cloud.example.com',
                    'X-Forwarded-Prefix': prefix,
                },
            )
            [version] = response.json['versions']
            self.assertEqual(
                'https://cloud.example.com/billing/v1/',
                version['links'][0]['href'],
            )


class TestNotBehindAProxy(base.ApiTestCase):
    def test_such_headers_mean_nothing(self):
        response = self.ask('/', headers={'X-Forwarded-Host': 'evil'})
        self.assertNotIn('evil', response.text)


class TestNoAuthentication(base.ApiTestCase):
    config = """
[api]
auth_strategy = noauth
timezone = Asia/Tokyo
max_period_days = 7
"""

    def test_everybody_is_an_administrator(self):
        response = self.ask('/v1/usage?all_projects=true', token=None)
        self.assert_error(response, 400, 'invalid-period')
        period = {
            'from_': '2026-10-01T00:00:00Z',
            'to': '2026-10-02T00:00:00Z',
        }
        response = self.ask(
            '/v1/usage', token=None, all_projects='true', **period
        )
        self.assertEqual(200, response.status_int)
        self.assertIsNone(self.storage.questions[-1].project_ids)
        response = self.ask(
            '/v1/usage',
            token=None,
            headers={'X-Project-Id': 'mine'},
            **period,
        )
        self.assertEqual(('mine',), self.storage.questions[-1].project_ids)
        self.assert_error(
            self.ask('/v1/usage', token=None, **period), 400, 'no-project'
        )

    def test_the_log_warns(self):
        self.assertIsNotNone(self.application)
        self.assertRegex(self.log.output, 'WARNING .* noauth')

    def test_capabilities_tell_the_limits(self):
        found = self.ask('/v1/', token=None).json
        self.assertEqual('Asia/Tokyo', found['timezone'])
        self.assertEqual(7, found['max_period_days'])
