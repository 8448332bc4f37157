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
"""openstack billing timeline, before the real API."""

import re

from stratometrics.model import event as event_model
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

DAY = test_usage.DAY
HOUR = test_usage.HOUR
event = test_usage.event

OCTOBER = ('--month', '2026-10', '--timezone', 'UTC')
SMALL = {'type': 'm1.small', 'measures': {'vcpus': 2}}


class TimelineTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        globex = api_base.project_id('bob', 'globex')
        web = event(
            'web-id',
            DAY,
            1,
            name='web',
            created_at=test_usage.OCTOBER + HOUR,
            attributes={'host': 'a'},
            **SMALL,
        )
        cls.storage.write_events(
            [
                web,
                web.birth(),
                event(
                    'web-id',
                    2 * DAY,
                    2,
                    'shelved',
                    name='web',
                    phase=event_model.Phase.UNBILLED,
                    **SMALL,
                ),
                event('web-id', 2 * DAY + 1, 3, name='web', **SMALL),
                event('web-id', 5 * DAY, 4, 'deleted', name='web', **SMALL),
                event('web-id', 6 * DAY, 5, name='web', **SMALL),
                event('twin-1', 0, 6, name='twin'),
                event('twin-2', 0, 7, name='twin', resource_type='volume'),
                event('both', 0, 8),
                event('both', 0, 9, resource_type='volume'),
                event('theirs', 0, 10, name='secret', project_id=globex),
                event(
                    'account',
                    HOUR,
                    14,
                    '',
                    resource_type='object-request',
                    phase=event_model.Phase.CONSUMED,
                    attributes={'method': 'get'},
                    measures={'requests': 1, 'bytes_sent': 2**62},
                ),
            ],
            test_usage.OCTOBER + 40 * DAY,
        )

    def shown(self, cloud, resource, *words):
        return self.billing(
            cloud,
            *('timeline', 'show', resource, *OCTOBER, '-f', 'json', *words),
        ).json()

    def told_of(self, cloud, resource_id, **params):
        return self.told(
            cloud,
            f'/v1/resources/{resource_id}/timeline',
            from_=test_usage.PERIOD['from'],
            to=test_usage.PERIOD['to'],
            **params,
        )

    def said(self, cloud, *words):
        return self.refusal(cloud, 'timeline', 'show', *words, *OCTOBER)

    def test_it_is_what_the_api_tells(self):
        names = {
            'from': 'From',
            'to': 'To',
            'state': 'State',
            'type': 'Type',
            'usage': 'Usage',
            'billed': 'Billed',
            'resource_type': 'Resource Type',
            'name': 'Name',
            'project_id': 'Project ID',
            'attributes': 'Attributes',
            'measures': 'Measures',
        }
        told = self.told_of('alice', 'web-id')['intervals']
        self.assertEqual(4, len(told))
        shown = self.shown('alice', 'web-id')
        self.assertEqual(
            [{names[name]: each[name] for name in names} for each in told],
            [{name: each[name] for name in names.values()} for each in shown],
        )
        self.assertEqual(
            ['82800.000000', '86400.000000', '0.000001', '259199.999999'],
            [each['Duration'] for each in shown],
        )

    def test_by_name(self):
        self.assertEqual(
            self.shown('alice', 'web-id'), self.shown('alice', 'web')
        )

    def test_a_name_that_is_that_of_several(self):
        said = self.said('alice', 'twin')
        self.assertIn("2 resources were called 'twin' in that period", said)
        self.assertIn(
            'instance twin-1, 2026-10-01 00:00:00 to 2026-11-01 00:00:00', said
        )
        self.assertIn('volume twin-2', said)
        self.assertEqual(
            self.shown('alice', 'twin-2'),
            self.shown('alice', 'twin', '--resource-type', 'volume'),
        )

    def test_an_id_that_is_that_of_several(self):
        said = self.said('alice', 'both')
        self.assertIn(
            'name one with --resource-type, of instance, volume', said
        )
        [only] = self.shown('alice', 'both', '--resource-type', 'volume')
        self.assertEqual('volume', only['Resource Type'])

    def test_those_of_others_are_as_if_they_were_not(self):
        for text in ('theirs', 'secret', 'nothing'):
            said = self.said('alice', text)
            self.assertIn(f'no resource with the ID {text!r} is known', said)
            self.assertIn('resource list', said)

    def test_admin_finds_them(self):
        told = self.told_of('bob', 'theirs')['intervals']
        for scope in (('--all-projects',), ('--project', 'globex')):
            [only] = self.shown('admin', 'secret', *scope)
            self.assertEqual(told[0]['usage'], only['Usage'])

    def test_a_stranger_is_told_why_not(self):
        self.assertIn('role "reader"', self.said('otto', 'web-id'))

    def test_the_events_behind_it(self):
        told = self.told_of('alice', 'web-id')
        every = [
            (each, void)
            for events, void in (
                *((each['events'], False) for each in told['intervals']),
                (told['void'], True),
            )
            for each in events
        ]
        self.assertEqual(6, len(every))
        self.assertEqual(
            [
                {
                    'Event Time': each['event_time'],
                    'Received At': each['received_at'],
                    'Event Type': each['event_type'],
                    'Source': each['source'],
                    'Birth': each['birth'],
                    'State': each['state'],
                    'Void': void,
                    'Message ID': each['message_id'],
                }
                for each, void in every
            ],
            self.shown('alice', 'web-id', '--events'),
        )

    def test_what_is_consumed_is_counted(self):
        [only] = self.shown('alice', 'account')
        self.assertEqual('1', only['Usage'])
        self.assertEqual('0.000000', only['Duration'])
        self.assertEqual(
            {'requests': '1', 'bytes_sent': str(2**62)}, only['Measures']
        )
        table = self.billing('alice', 'timeline', 'show', 'account', *OCTOBER)
        self.assertRegex(table.output, r'\| +1 \|\n')

    def test_people_see_a_table_that_is_narrow(self):
        table = self.billing(
            'alice', 'timeline', 'show', 'web', *OCTOBER, width=80
        ).output
        self.assertIn(
            '| 2026-10-02 00:00:00 | 2026-10-03 00:00:00 | active  | m1.small '
            '|      1 d |',
            table,
        )
        self.assertIn('|      0 s |', table)

    def test_a_chart(self):
        chart = self.billing(
            'alice',
            *('timeline', 'show', 'web', '--chart', *OCTOBER),
            width=80,
        ).output
        head, active, shelved, *_, labels, legend = chart.splitlines()
        self.assertEqual('instance web, 2026-10-01 to 2026-11-01 (UTC)', head)
        self.assertRegex(active, r'^active +\|#######\+ +\|   4 d 22 h$')
        self.assertRegex(shelved, r'^shelved \(not billed\) \|  *\. *\| ')
        self.assertEqual(80, len(active))
        self.assertTrue(labels.split()[0].startswith('10-01'), labels)
        self.assertRegex(legend, r'^# billed   \+ \. less than half of ')
        self.assertTrue(chart.isascii())

    def test_a_chart_by_type(self):
        chart = self.billing(
            'alice',
            *('timeline', 'show', 'web', '--chart', '--chart-by', 'type'),
            *OCTOBER,
        ).output
        self.assertRegex(chart, r'\nm1\.small +\|#')
        self.assertRegex(chart, r'\nm1\.small \(not billed\) +\| +\. ')

    def test_programs_get_no_chart(self):
        said = self.said('alice', 'web', '--chart', '-f', 'json')
        self.assertIn('--chart draws for people', said)

    def test_where_it_was_not_there_is_told(self):
        words = ('timeline', 'show', 'web-id', '--from', '2026-10-20')
        words = (*words, '--to', '2026-10-21')
        for more in ((), ('--chart',)):
            answer = self.billing('alice', *words, *more)
            self.assertIn('not there in that period', answer.errors)
        answer = self.billing('alice', *words, '-f', 'json')
        self.assertEqual([], answer.json())

    def test_a_chart_on_a_terminal(self):
        words = ('timeline', 'show', 'web', '--chart', *OCTOBER)
        shown = self.on_terminal('alice', *words)
        self.assertIn('\x1b[32m\u2588\u2588', shown)
        plain = re.sub(r'\x1b\[[0-9;]*m', '', shown)
        self.assertEqual(
            plain, self.on_terminal('alice', *words, NO_COLOR='1')
        )
        self.assertIn('\u2588 billed', plain)
        self.assertLessEqual(max(map(len, plain.splitlines())), 80)
