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
"""openstack billing usage, before the real API."""

import csv
import io

import yaml

from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

SECOND = test_usage.SECOND
HOUR = test_usage.HOUR
DAY = test_usage.DAY
RECEIVED = test_usage.OCTOBER + 40 * DAY

OCTOBER = ('--month', '2026-10')
PERIOD = {'from_': '2026-10-01T00:00:00Z', 'to': '2026-11-01T00:00:00Z'}
VOLUMES = 45

HEADS = {
    'project_id': 'Project ID',
    'project_name': 'Project Name',
    'resource_id': 'Resource ID',
    'resource_type': 'Resource Type',
    'state': 'State',
    'type': 'Type',
    'availability_zone': 'Availability Zone',
    'method': 'Method',
    'begin': 'Begin',
    'end': 'End',
    'usage': 'Usage',
}
MEASURES = {
    'vcpus': 'vCPUs',
    'ram_mib': 'RAM MiB',
    'disk_gib': 'Disk GiB',
    'size_gib': 'Size GiB',
    'requests': 'Requests',
    'bytes_sent': 'Bytes Sent',
    'bytes_received': 'Bytes Received',
}


def row(result):
    """A result of the API, as JSON of the command has it."""
    found = {HEADS[key]: result[key] for key in HEADS if key in result}
    for key, head in MEASURES.items():
        if key in result['measures']:
            found[head] = result['measures'][key]
    for name in ('previous', 'change'):
        if name in result:
            amounts = result[name]
            title = name.capitalize()
            found[title] = amounts['usage']
            for key, head in MEASURES.items():
                if key in amounts['measures']:
                    found[f'{title} {head}'] = amounts['measures'][key]
    return found


def known(rows):
    """The rows without what is unknown of them."""
    return [
        {head: value for head, value in each.items() if value is not None}
        for each in rows
    ]


class UsageTest(base.CommandTestCase):
    #: More than the days of October, fewer than the volumes.
    options = 'max_results = 40'

    @classmethod
    def fill(cls):
        small = {'type': 'm1.small', 'measures': {'vcpus': 2, 'ram_mib': 512}}
        large = {'type': 'm1.large', 'measures': {'vcpus': 4}}
        cls.acme = api_base.project_id('alice', 'acme')
        cls.globex = api_base.project_id('bob', 'globex')
        event = test_usage.event
        events = [
            event('web', DAY, 1, **small),
            event('web', 2 * DAY + 12 * HOUR + 1, 2, **large),
            event('web', 2 * DAY + 14 * HOUR, 3, 'stopped', **large),
            event('web', 2 * DAY + 20 * HOUR, 4, **large),
            event('web', 3 * DAY, 5, 'deleted', **large),
            # It lives on.
            event('old', -40 * DAY, 6, **small),
            # Nine seconds are less than a minute, but not as texts.
            event('short', 0, 7, type='m1.tiny'),
            event('short', 9 * SECOND, 8, 'deleted', type='m1.tiny'),
            event('other', 0, 9, project_id=cls.globex, **small),
            event('other', DAY, 10, 'deleted', project_id=cls.globex),
            # Two projects of the same name, and one without.
            event('left', 0, 11, project_id='left', **small),
            event('left', HOUR, 12, 'deleted', project_id='left'),
            event('right', 0, 13, project_id='right', **small),
            event('right', HOUR, 14, 'deleted', project_id='right'),
            event('none', 0, 15, project_id='nameless', **small),
            event('none', HOUR, 16, 'deleted', project_id='nameless'),
        ]
        for number in range(VOLUMES):
            disk = {
                'resource_type': 'volume',
                'project_id': cls.globex,
                'type': 'ceph',
                'measures': {'size_gib': 10},
            }
            name = f'volume-{number:02}'
            events += [
                event(name, 0, 100 + 2 * number, **disk),
                event(
                    name,
                    (number + 1) * HOUR,
                    101 + 2 * number,
                    'deleted',
                    **disk,
                ),
            ]
        for number, method in enumerate(('get', 'get', 'put')):
            events.append(
                event(
                    'account',
                    number * HOUR,
                    300 + number,
                    '',
                    resource_type='object-request',
                    phase=event_model.Phase.CONSUMED,
                    attributes={'method': method},
                    measures={
                        'requests': 1,
                        'bytes_sent': 2**62,
                        'bytes_received': 0,
                    },
                )
            )
        cls.storage.write_events(events, received_at=RECEIVED)
        cls.storage.write_names(
            [
                names.Name(kind=names.PROJECT, id=each, name=name)
                for each, name in (
                    (cls.acme, 'acme'),
                    (cls.globex, 'globex'),
                    ('left', 'twins'),
                    ('right', 'twins'),
                )
            ],
            RECEIVED,
        )

    def json(self, cloud, *words):
        answer = self.billing(cloud, 'usage', 'show', *words, '-f', 'json')
        self.assertEqual('', answer.errors)
        return answer.json()

    def table(self, cloud, *words, **variables):
        return self.billing(cloud, 'usage', 'show', *words, **variables)

    def refused(self, cloud, *words):
        return self.refusal(cloud, 'usage', 'show', *words)

    def assert_told(self, shown, path, cloud='alice', **params):
        """See that the command shows what the API itself answers."""
        told = self.told(cloud, path, **params)['results']
        self.assertTrue(told)
        self.assertEqual([row(each) for each in told], known(shown))
        return told

    def test_one_type(self):
        for name in ('instance', 'instances'):
            self.assert_told(
                self.json('alice', name, *OCTOBER), '/v1/instances', **PERIOD
            )

    def test_all_types(self):
        for cloud in ('alice', 'bob'):
            self.assert_told(
                self.json(cloud, *OCTOBER), '/v1/usage', cloud, **PERIOD
            )

    def test_several_types(self):
        told = self.assert_told(
            self.json('bob', 'volume', 'instances', *OCTOBER),
            '/v1/usage',
            'bob',
            resource_type=['volume', 'instance'],
            **PERIOD,
        )
        self.assertEqual(2, len(told))

    def test_what_is_consumed(self):
        shown = self.json('alice', 'object-request', *OCTOBER)
        self.assert_told(shown, '/v1/object-requests', **PERIOD)
        self.assertEqual(str(2**63), shown[0]['Bytes Sent'])
        table = self.table('alice', 'object-requests', *OCTOBER, '--long')
        self.assertIn('9,223,372,036,854,775,808 |', table.output)
        self.assertIn(
            'object-request is not billed by time',
            self.refused('alice', 'object-request', 'volume'),
        )

    def test_groups(self):
        told = self.assert_told(
            self.json(
                'alice',
                *('instance', *OCTOBER, '--group-by', 'type,state'),
                *('--group-by', 'resource', '--group-by', 'project-id'),
            ),
            '/v1/instances',
            group_by='type,state,resource_id,project_id',
            **PERIOD,
        )
        self.assertEqual('acme', told[0]['project_name'])

    def test_filters(self):
        for words, params in (
            (['state=active'], {'state': 'active'}),
            (
                ['type=m1.small', 'type=m1.tiny', 'state!=stopped'],
                {'type': ['m1.small', 'm1.tiny'], 'state!': 'stopped'},
            ),
            (
                ['resource!=old', 'state!=stopped', 'state!=shelved'],
                {'resource_id!': 'old', 'state!': ['stopped', 'shelved']},
            ),
        ):
            options = [word for each in words for word in ('--filter', each)]
            self.assert_told(
                self.json(
                    'alice',
                    *('instance', *OCTOBER, *options),
                    *('--group-by', 'type,state'),
                ),
                '/v1/instances',
                group_by='type,state',
                **params,
                **PERIOD,
            )

    def test_projects_have_names(self):
        told = self.assert_told(
            self.json(
                'admin',
                *('instance', *OCTOBER, '--all-projects'),
                *('--group-by', 'project'),
            ),
            '/v1/instances',
            'admin',
            all_projects='true',
            group_by='project_id',
            **PERIOD,
        )
        self.assertEqual(5, len(told))
        named = self.table(
            'admin',
            *('instance', *OCTOBER, '--project', 'acme'),
            *('--project', self.globex, '--group-by', 'project'),
        ).output
        self.assertEqual(
            ['', ' Project Name ', ' Usage ', ''],
            named.splitlines()[1].split('|'),
        )
        self.assertIn('| acme ', named)
        self.assertIn('| globex ', named)
        self.assertNotIn(self.globex, named)
        # Where names are not enough, ids are there.
        everyone = self.table(
            'admin',
            *('instance', *OCTOBER, '--all-projects'),
            *('--group-by', 'project', '--filter', 'project!=acme'),
        ).output
        self.assertIn('| left ', everyone)
        self.assertIn('| right ', everyone)
        self.assertRegex(everyone, r'\| nameless +\| nameless ')
        self.assertNotIn('acme', everyone)

    def test_days_of_a_time_zone(self):
        period = ('--from', '2026-10-01', '--to', '2026-10-06')
        shown = self.json(
            'alice',
            *('instance', *period, '--timezone', 'Asia/Kathmandu'),
            *('--granularity', '1d', '--group-by', 'type,state'),
        )
        told = self.assert_told(
            shown,
            '/v1/instances',
            granularity='1d',
            timezone='Asia/Kathmandu',
            group_by='type,state',
            from_='2026-09-30T18:15:00Z',
            to='2026-10-05T18:15:00Z',
        )
        self.assertEqual(
            [each['begin'] for each in told],
            [each['Begin'] for each in shown],
        )
        table = self.table(
            'alice',
            *('instance', *period, '--timezone', 'Asia/Kathmandu'),
            *('--granularity', '1d'),
        )
        self.assertIn('| 2026-10-02 |', table.output)
        self.assertEqual(
            'Usage from 2026-10-01 to 2026-10-06 (Asia/Kathmandu)\n',
            table.errors,
        )

    def test_many_results_come_in_pages(self):
        shown = self.json('bob', 'volume', *OCTOBER, '--group-by', 'resource')
        self.assertEqual(
            [
                (f'volume-{number:02}', f'{3600 * (number + 1)}.000000')
                for number in range(VOLUMES)
            ],
            [(each['Resource ID'], each['Usage']) for each in shown],
        )
        # Days of several groups are more than the service tells at once.
        shown = self.json(
            'alice',
            *('instance', *OCTOBER, '--group-by', 'resource'),
            *('--granularity', '1d'),
        )
        told = [
            each
            for resource_id in ('old', 'short', 'web')
            for each in self.told(
                'alice',
                '/v1/instances',
                resource_id=resource_id,
                group_by='resource_id',
                granularity='1d',
                **PERIOD,
            )['results']
        ]
        self.assertEqual([row(each) for each in told], known(shown))
        self.assertIn(
            'Ask for fewer groups, longer buckets or a shorter period',
            self.refused('alice', 'instance', '--granularity', '1h', *OCTOBER),
        )

    def test_comparisons(self):
        for words, compared in (
            ('previous', 'previous'),
            ('2026-09', '2026-09-01T00:00:00Z/2026-10-01T00:00:00Z'),
            (
                '2026-09-01/2026-W37',
                '2026-09-01T00:00:00Z/2026-09-07T00:00:00Z',
            ),
        ):
            self.assert_told(
                self.json(
                    'alice', 'instance', *OCTOBER, '--compare-to', words
                ),
                '/v1/instances',
                compare_to=compared,
                **PERIOD,
            )
        table = self.table(
            'alice', 'instance', *OCTOBER, '--compare-to', 'previous'
        )
        self.assertRegex(table.output, r'\| m1\.tiny +\| +9 s +\| +0 s +\|')
        self.assertIn(' +9 s |', table.output)
        self.assertIn('compared with that from 2026-09-01', table.errors)

    def test_the_greatest(self):
        shown = self.json(
            'bob',
            *('volume', *OCTOBER, '--group-by', 'resource', '--top', '2'),
        )
        self.assert_told(
            shown,
            '/v1/volumes',
            'bob',
            group_by='resource_id',
            sort='-usage',
            limit=2,
            **PERIOD,
        )
        # More than a page, and in another order.
        shown = self.json(
            'bob',
            *('volume', *OCTOBER, '--group-by', 'resource', '--top', '42'),
            *('--sort', 'size_gib:desc,resource'),
        )
        self.assertEqual(
            [f'volume-{VOLUMES - 1 - number:02}' for number in range(42)],
            [each['Resource ID'] for each in shown],
        )
        # A group has as many results as buckets.
        for top, expected in (
            ('1', ['old'] * 31),
            ('2', ['old'] * 31 + ['web'] * 2),
        ):
            shown = self.json(
                'alice',
                *('instance', *OCTOBER, '--group-by', 'resource'),
                *('--granularity', '1d', '--top', top),
            )
            self.assertEqual(expected, [each['Resource ID'] for each in shown])

    def test_as_of(self):
        shown = self.json(
            'alice', 'instance', *OCTOBER, '--as-of', '2026-11-11'
        )
        self.assert_told(
            shown, '/v1/instances', as_of='2026-11-11T00:00:00Z', **PERIOD
        )
        table = self.table(
            'alice', 'instance', *OCTOBER, '--as-of', '2026-11-09'
        )
        self.assertEqual(
            'Usage from 2026-10-01 to 2026-11-01, as of 2026-11-09 00:00:00 '
            '(UTC)\nNothing was used in that period.\n',
            table.errors,
        )
        self.assertEqual('', table.output.strip())
        self.assertIn(
            'seconds or more in the past',
            self.refused('alice', 'instance', '--as-of', 'now'),
        )

    def test_times_that_go_back(self):
        for words, expected in (
            (['--from', '-2d', '--to', 'now'], '172800.000000'),
            (['--from', '-26h', '--to', '-2h'], '86400.000000'),
            (['--from', 'yesterday', '--to', 'today'], '86400.000000'),
        ):
            [shown] = self.json(
                'alice', 'instance', '--filter', 'resource_id=old', *words
            )
            self.assertEqual(expected, shown['Usage'])
        [shown] = self.json(
            'alice',
            *('instance', '--filter', 'resource_id=old'),
            *('--from', '-2d', '--to', '-1d', '--compare-to', '-3d/-2d'),
        )
        self.assertEqual('0.000000', shown['Change'])
        self.assertIn(
            "--from: 'soon' is not a time, such as 2026-10",
            self.refused('alice', '--from', 'soon'),
        )
        self.assertIn(
            '--month excludes --from',
            self.refused('alice', *OCTOBER, '--from', '-2d'),
        )

    def test_formats(self):
        words = ('instance', *OCTOBER, '--group-by', 'type,state')
        shown = self.json('alice', *words)

        def formatted(form, *more):
            answer = self.table('alice', *words, '-f', form, *more)
            self.assertEqual('', answer.errors)
            return answer.output

        self.assertEqual(shown, yaml.safe_load(formatted('yaml')))
        rows = list(csv.DictReader(io.StringIO(formatted('csv'))))
        self.assertEqual(shown, rows)
        self.assertEqual(
            [f'{each["Type"]} {each["Usage"]}' for each in shown],
            formatted('value', '-c', 'Type', '-c', 'usage').splitlines(),
        )

    def test_columns_and_their_order(self):
        table = self.table(
            'alice',
            *('instance', *OCTOBER, '-c', 'Type', '-c', 'vcpus'),
            *('--sort-column', 'Usage', '--sort-descending'),
        )
        lines = table.output.splitlines()
        self.assertEqual(['Type', 'vCPUs'], lines[1].replace('|', '').split())
        self.assertEqual(
            ['m1.small', 'm1.large', 'm1.tiny'],
            [line.split()[1] for line in lines[3:-1]],
        )
        self.assertIn('|    48 h |', table.output)

    def test_people_see_durations_unless_they_want_all_digits(self):
        words = ('instance', *OCTOBER)
        table = self.table('alice', *words).output
        self.assertIn('| m1.large | 11 h 59 min |', table)
        self.assertIn('| m1.small |   32 d 12 h |', table)
        self.assertNotIn('vCPUs', table)
        exact = self.table('alice', *words, '--exact', '--long').output
        for each in self.told('alice', '/v1/instances', **PERIOD)['results']:
            self.assertIn(f' {each["usage"]} |', exact)
            self.assertIn(f' {each["measures"]["vcpus"]} |', exact)

    def test_charts(self):
        words = ('instance', *OCTOBER, '--chart')
        drawn = self.table('alice', *words, width=60)
        self.assertTrue(drawn.output.isascii())
        lines = drawn.output.splitlines()
        self.assertEqual(
            ['m1.large', 'm1.small', 'm1.tiny'],
            [line.split()[0] for line in lines],
        )
        # 32.5 days and half a day of it.
        self.assertEqual(
            [1, 37, 1], [line.count('#') for line in lines], drawn.output
        )
        self.assertEqual([60] * 3, [len(line) for line in lines])
        self.assertIn('Usage from 2026-10-01', drawn.errors)
        days = self.table(
            'alice',
            *('instance', '--from', '2026-10-01', '--to', '2026-10-06'),
            *('--filter', 'resource=web', '--group-by', 'resource'),
            *('--granularity', '1d', '--chart'),
        ).output.splitlines()
        self.assertEqual('web', days[0])
        self.assertEqual(
            [
                (f'2026-10-{day:02}', value)
                for day, value in (
                    (1, '0 s'),
                    (2, '1 d'),
                    (3, '1 d'),
                    (4, '0 s'),
                    (5, '0 s'),
                )
            ],
            [
                (line.split()[0], ' '.join(line.split()[-2:]))
                for line in days[1:]
            ],
        )
        self.assertIn(
            '--chart draws for people: leave out -f json',
            self.refused('alice', *words, '-f', 'json'),
        )

    def test_charts_on_a_terminal(self):
        words = ('usage', 'show', 'instance', *OCTOBER, '--chart')
        coloured = self.on_terminal('alice', *words, width=60)
        self.assertIn('\x1b[36m', coloured)
        plain = self.on_terminal('alice', *words, width=60, NO_COLOR='1')
        self.assertNotIn('\x1b', plain)
        lines = plain.splitlines()
        self.assertEqual([60] * 3, [len(line) for line in lines])
        self.assertEqual('\u2588' * 37, lines[1][10:47])
        # Half a day of 32.5, of 37 blocks: somewhat more than half of one.
        self.assertEqual('\u258b', lines[0][10])

    def test_who_may_not(self):
        said = self.refused('otto', 'instance')
        self.assertIn('role "reader"', said)
        for words in (('--project', self.acme), ('--all-projects',)):
            said = self.refused('bob', 'instance', *words)
            self.assertIn('req-', said)
            self.assertIn('openstack role add', said)
        self.assertIn(
            "There is no project with the name or ID 'nobody'",
            self.refused('admin', 'instance', '--project', 'nobody'),
        )

    def test_what_is_unknown_is_told_what_there_is(self):
        for words, expected in (
            (['server'], "no resource type 'server', but"),
            (['server'], 'instance, '),
            (
                ['instance', '--group-by', 'flavor'],
                "--group-by: instance cannot be told apart by 'flavor', but "
                'by resource_type, resource_id',
            ),
            (
                ['--filter', 'method=get'],
                "all resource types cannot be told apart by 'method'",
            ),
            (['--filter', 'state'], "'state' is neither <key>=<value>"),
            (['--filter', 'project=acme'], 'with --project'),
            (
                ['instance', '--sort', 'state'],
                "'state' is none of usage, vcpus, ram_mib, disk_gib, type",
            ),
            (['--sort', 'usage:up'], "'up' is neither asc nor desc"),
            (['--granularity', '1m'], "'1m' is none of 1h, "),
            (['--compare-to', 'before'], 'neither "previous" nor a month'),
            (['--timezone', 'Mars'], "'Mars' is not a time zone"),
        ):
            self.assertIn(expected, self.refused('alice', *words))
