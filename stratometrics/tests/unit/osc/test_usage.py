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
"""What usage is asked for, how much of it is fetched, and how it looks."""

import datetime
import decimal
import io
import json
import os
import types
import unittest
from unittest import mock
import zoneinfo

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.osc.charts import buckets
from stratometrics.osc.options import periods
from stratometrics.osc.options import subjects
from stratometrics.osc.tables import heads
from stratometrics.osc.v1 import usage

D = decimal.Decimal
UTC = datetime.UTC
ZURICH = zoneinfo.ZoneInfo('Europe/Zurich')
BEGIN = datetime.datetime(2026, 10, 1, tzinfo=UTC)
END = datetime.datetime(2026, 10, 5, tzinfo=UTC)
DAY = datetime.timedelta(days=1)


def resource_type(name, measures=(), kind='state', **more):
    return answers.ResourceType(
        **{
            'name': name,
            'collection': f'{name}s',
            'default_group_by': 'type',
            'keys': ('resource_type', 'project_id', 'state', 'type'),
            'measures': measures,
            'kind': kind,
            'units': 'seconds' if kind == 'state' else 'count',
            **more,
        }
    )


CAPABILITIES = answers.Capabilities(
    resource_types=(
        resource_type('instance', ('vcpus', 'ram_mib')),
        resource_type(
            'floating-ip', keys=('resource_type', 'project_id', 'address')
        ),
        resource_type('object-request', ('bytes_sent',), 'consumption'),
    ),
    units='seconds',
    timezone='UTC',
    granularities=('1h', '1d', '1w', '1mo'),
    max_period_days=3660,
    max_buckets=10_000,
    max_results=10,
    settling_time=120,
)


def used(seconds, number=0, **keys):
    """A result; with a number, that of one of the days."""
    return answers.Usage(
        usage=D(seconds),
        measures={'vcpus': 2 * D(seconds), 'odd': D(1)},
        keys=keys,
        begin=BEGIN + number * DAY,
        end=BEGIN + (number + 1) * DAY,
    )


class Pages:
    """Pages that are there already, and tell how many were asked for."""

    def __init__(self, head, pages):
        self.head = head
        self.first = pages[0]
        self._pages = pages
        self.fetched = 1

    def __iter__(self):
        yield from self.first
        for page in self._pages[1:]:
            self.fetched += 1
            yield from page


class Service:
    """Answers what a test wants, and keeps what was asked for.

    What the real one answers, the functional tests see.
    """

    def __init__(self, *pages, **head):
        self.pages = Pages(
            answers.UsageHead(
                **{
                    'period': answers.Period(begin=BEGIN, end=END),
                    'units': 'seconds',
                    **head,
                }
            ),
            pages or ((),),
        )
        self.asked = None

    def capabilities(self):
        return CAPABILITIES

    def usage(self, collection, **question):
        self.asked = {'collection': collection, **question}
        return self.pages


class Case(unittest.TestCase):
    def show(self, service, *words, width=60):
        self.app = types.SimpleNamespace(
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            cloud=types.SimpleNamespace(config={'auth_type': 'none'}),
            prepare_to_run_command=lambda command: None,
            client_manager=types.SimpleNamespace(
                billing=service,
                # Keystone is not asked for projects.
                session=None,
                interface=None,
                region_name=None,
            ),
        )
        command = usage.ShowUsage(self.app, None)
        parsed = command.get_parser('openstack').parse_args(words)
        with mock.patch.dict(os.environ, {'COLUMNS': str(width)}):
            command.run(parsed)
        return self.app.stdout.getvalue()


class AskingTest(Case):
    def asked(self, *words):
        service = Service()
        self.show(service, *words)
        return {
            name: value
            for name, value in service.asked.items()
            if value not in (None, (), {})
        }

    def test_by_default_all_are_asked_for(self):
        self.assertEqual(
            {
                'collection': 'usage',
                'group_by': ('resource_type',),
                'limit': 10,
            },
            self.asked(),
        )

    def test_types(self):
        for words, collection, named in (
            (['instance'], 'instances', None),
            (['instances'], 'instances', None),
            (['instance', 'instances'], 'instances', None),
            (['floating_ip'], 'floating-ips', None),
            (
                ['instance', 'floating-ips'],
                'usage',
                ('instance', 'floating-ip'),
            ),
        ):
            found = self.asked(*words, '--group-by', 'project')
            self.assertEqual(collection, found['collection'])
            self.assertEqual(named, found.get('resource_types'))

    def test_everything_at_once(self):
        self.assertEqual(
            {
                'collection': 'instances',
                'begin': datetime.datetime(2026, 9, 30, 22, tzinfo=UTC),
                'end': datetime.datetime(2026, 10, 31, 23, tzinfo=UTC),
                'as_of': datetime.datetime(2026, 11, 4, 23, tzinfo=UTC),
                'all_projects': True,
                'filters': {'state': ['active', 'a=b']},
                'excluded': {'type': ['m1.tiny']},
                'group_by': ('project_id', 'type', 'state'),
                'timezone': 'Europe/Zurich',
                'compare_to': '2026-08-31T22:00:00Z/2026-09-30T22:00:00Z',
                'sort': ('-measures.vcpus', 'project_id'),
                'limit': 5,
            },
            self.asked(
                *('instance', '--month', '2026-10', '--as-of', '2026-11-05'),
                *('--all-projects', '--filter', 'state=active'),
                *('--filter', 'type!=m1.tiny', '--filter', 'state=a=b'),
                *('--group-by', 'project,type', '--group-by', 'state,type'),
                *('--timezone', 'Europe/Zurich', '--compare-to', '2026-09'),
                *('--sort', 'vcpus:desc,project:asc', '--top', '5'),
            ),
        )

    def test_no_more_is_asked_for_than_the_service_tells_at_once(self):
        for words, limit in (
            (['--top', '3'], 3),
            (['--top', '30'], 10),
            # Two buckets each, five, and more than there may be.
            (['--month', '2026-10', '--granularity', '1mo'], 10),
            (['--month', '2026-10', '--granularity', '1w'], 2),
            (['--month', '2026-10', '--granularity', '1d'], 1),
        ):
            self.assertEqual(limit, self.asked('instance', *words)['limit'])


class RefusingTest(Case):
    def test_what_cannot_be_asked(self):
        for words, expected in (
            (['disk'], 'but floating-ip, instance, object-request'),
            (['instance', 'object-request'], 'ask for it alone'),
            (['--group-by', 'address'], None),
            (['instance', '--group-by', 'address'], 'but by resource_type'),
            (['--filter', '=x'], 'is neither'),
            (['--filter', 'state='], 'is neither'),
            (['--filter', 'state!active'], 'is neither'),
            (['--filter', 'project_id=7'], 'with --project'),
            (['--chart', '-f', 'csv'], 'leave out -f csv'),
            (
                ['--granularity', '1d', '--compare-to', 'previous'],
                'exclude each other',
            ),
            (['--granularity', '5d'], "'5d' is none of 1h, 1d, 1w, 1mo"),
            (['--compare-to', '2026-13'], 'is not a month'),
            (['--compare-to', 'now'], 'is neither "previous"'),
            (['--compare-to', 'now/then'], "--compare-to: 'then' is not"),
            (['--from', '-7d', '--month', 'last'], 'excludes'),
            (['--month', 'soon'], "--month: 'soon' is not a month"),
            (['--from', ''], '--from'),
            (['--timezone', '../x'], '--timezone'),
            (['--sort', 'usage:'], None),
            (['--sort', 'name'], 'is none of usage'),
        ):
            if expected is None:
                self.show(Service(), *words)
                continue
            with self.assertRaises(exceptions.CommandError, msg=words) as it:
                self.show(Service(), *words)
            self.assertIn(expected, str(it.exception))


class FetchingTest(Case):
    days = [used(1, day, type=name) for name in 'abc' for day in range(4)]

    def types(self, service, *words):
        text = self.show(service, 'instance', '-f', 'json', *words)
        return [each['Type'] for each in json.loads(text)]

    def test_all_pages(self):
        service = Service(self.days[:4], self.days[4:8], self.days[8:])
        self.assertEqual(
            list('aaaabbbbcccc'),
            self.types(service, '--granularity', '1d'),
        )
        self.assertEqual(3, service.pages.fetched)

    def test_of_the_greatest_no_page_too_many(self):
        rows = [used(9 - number, type=str(number)) for number in range(10)]
        service = Service(rows[:10], rows)
        self.assertEqual(
            list('0123456789'), self.types(service, '--top', '10')
        )
        self.assertEqual(1, service.pages.fetched)
        service = Service(rows, [used(0, type='last')], rows)
        self.assertEqual(
            [*'0123456789', 'last'], self.types(service, '--top', '11')
        )
        self.assertEqual(2, service.pages.fetched)

    def test_of_the_greatest_whole_groups(self):
        period = ('--from', '2026-10-01', '--to', '2026-10-05')
        # As many as wanted are on the first page.
        service = Service(
            self.days[:8], self.days[8:], granularity='1d', timezone='UTC'
        )
        words = ('--granularity', '1d', '--top', '2', *period)
        self.assertEqual(list('aaaabbbb'), self.types(service, *words))
        self.assertEqual(1, service.pages.fetched)
        service = Service(
            self.days[:8], self.days[8:], granularity='1d', timezone='UTC'
        )
        self.assertEqual(
            list('aaaabbbbcccc'),
            self.types(
                service,
                *('--granularity', '1d', '--top', '3', *period),
            ),
        )


class LookingTest(Case):
    def test_json_has_all_keys_whatever_is_there(self):
        service = Service([used('1.000000', type='a')])
        shown = json.loads(self.show(service, 'instance', '-f', 'json'))
        self.assertEqual(
            [
                {
                    'Type': 'a',
                    'Usage': '1.000000',
                    'vCPUs': '2.000000',
                    'RAM MiB': None,
                    'Odd': '1',
                }
            ],
            shown,
        )
        self.assertEqual('', self.app.stderr.getvalue())

    def test_people_see_names_and_what_was_asked(self):
        service = Service(
            [
                used(60, project_id='1', project_name='acme'),
                used(60, project_id='2', project_name=''),
            ],
            as_of=END,
            previous=answers.Period(begin=BEGIN - 4 * DAY, end=BEGIN),
        )
        words = ('instance', '--group-by', 'project')
        text = self.show(service, *words)
        self.assertEqual(
            ['Project Name', 'Usage', 'Previous', 'Change'],
            [each.strip() for each in text.splitlines()[1].split('|')[1:-1]],
        )
        self.assertIn('| acme ', text)
        self.assertIn('| 2 ', text)
        self.assertEqual(
            'Usage from 2026-10-01 to 2026-10-05, compared with that from '
            '2026-09-27 to 2026-10-01, as of 2026-10-05 00:00:00 (UTC)\n',
            self.app.stderr.getvalue(),
        )

    def test_two_of_one_name_have_ids(self):
        for second in ('acme', ''):
            service = Service(
                [
                    used(60, project_id='1', project_name='acme'),
                    used(60, project_id='acme', project_name=second),
                    used(60, project_id='3', project_name='globex'),
                ]
            )
            words = ('instance', '--group-by', 'project')
            self.assertIn('Project ID', self.show(service, *words))
            chart = self.show(service, *words, '--chart')
            self.assertIn('1, acme  ', chart)
            self.assertIn('acme, acme  ', chart)
            self.assertIn('\nglobex  ', chart)


class ChartTest(Case):
    def test_days_without_usage_are_there(self):
        service = Service(
            [used(7200, 1, type='a'), used(3600, 3, type='a')],
            granularity='1d',
            timezone='UTC',
        )
        text = self.show(
            service, 'instance', '--granularity', '1d', '--chart', width=37
        )
        bar = '#' * 20
        self.assertEqual(
            [
                'a',
                '2026-10-01  ' + ' ' * 20 + '  0 s',
                f'2026-10-02  {bar}  2 h',
                '2026-10-03  ' + ' ' * 20 + '  0 s',
                f'2026-10-04  {bar[:10]}{" " * 10}  1 h',
            ],
            text.splitlines(),
        )

    def test_what_it_is_compared_with(self):
        before = answers.Amounts(usage=D(60))
        service = Service(
            [answers.Usage(usage=D(120), keys={'type': 'a'}, previous=before)]
        )
        text = self.show(service, 'instance', '--chart', width=41)
        one, other = text.splitlines()
        self.assertEqual(2 * other.count('-'), one.count('#'))
        self.assertTrue(one.endswith('  2 min'))
        self.assertTrue(other.endswith('  1 min'))
        text = self.show(service, 'instance', '--chart', '--exact')
        self.assertIn('  120\n', text)

    def test_of_nothing_there_is_none(self):
        self.assertEqual('', self.show(Service(), '--chart').strip())
        self.assertIn('Nothing was used', self.app.stderr.getvalue())


class BucketTest(unittest.TestCase):
    def begins(self, begin, end, granularity, zone=UTC):
        return [
            each.isoformat()
            for each in buckets.begins(begin, end, granularity, zone)
        ]

    def test_they_are_those_of_the_calendar(self):
        self.assertEqual(
            [
                '2026-10-24T12:00:00+00:00',
                '2026-10-24T22:00:00+00:00',
                '2026-10-25T23:00:00+00:00',
            ],
            self.begins(
                datetime.datetime(2026, 10, 24, 12, tzinfo=UTC),
                datetime.datetime(2026, 10, 26, 12, tzinfo=UTC),
                '1d',
                ZURICH,
            ),
        )

    def test_a_newer_service_may_have_others(self):
        self.assertEqual([], self.begins(BEGIN, END, '1q'))

    def test_how_many_groups_a_page_has(self):
        at = periods.Clock(zoneinfo.ZoneInfo('UTC'), END)
        for period, granularity, expected in (
            ({}, None, 1000),
            ({'begin': BEGIN, 'end': END}, '1d', 250),
            ({'begin': BEGIN, 'end': END}, '1h', 10),
            # Until the present.
            ({'begin': BEGIN}, '1d', 250),
            # What is not told is at least the month of it.
            ({}, '1d', 1000 // 64),
            ({'end': END}, '1d', 1000 // 32),
            # The service refuses these.
            ({'begin': END, 'end': BEGIN}, '1d', 1000),
            ({'begin': BEGIN - 400 * DAY}, '1h', 1),
        ):
            self.assertEqual(
                expected, buckets.groups_of_page(period, granularity, at, 1000)
            )


class HeadTest(unittest.TestCase):
    def test_they_are_as_those_of_openstack(self):
        for key, expected in (
            ('project_id', 'Project ID'),
            ('resource_type', 'Resource Type'),
            ('vcpus', 'vCPUs'),
            ('ram_mib', 'RAM MiB'),
            ('size_gib', 'Size GiB'),
            ('floating-ip', 'Floating IP'),
        ):
            self.assertEqual(expected, heads.head(key))

    def test_a_measure_may_be_called_as_an_attribute(self):
        asked = subjects.Subject(
            'x', (resource_type('x', ('size',), keys=('size',)),)
        )
        self.assertEqual(('size',), asked.keys)
        self.assertEqual(
            ('measures.size',),
            subjects.order('measures.size', ('size',), asked),
        )
        self.assertEqual(('size',), subjects.order('size', ('size',), asked))
