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
"""openstack billing statement, before the real API."""

import contextlib
import json
import signal
import time

import requests

from stratometrics.storage.clickhouse import driver
from stratometrics.tests import focus
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_statements
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

DAY = test_usage.DAY
OCTOBER = test_usage.OCTOBER
event = test_usage.event


class StatementCase(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.acme = api_base.project_id('alice', 'acme')
        cls.globex = api_base.project_id('bob', 'globex')
        test_statements.fill_since_july(cls.storage, cls.globex, '0.0251')

    def issue(self, month, project_id=None, **changes):
        """Issue a statement by the API itself."""
        response = requests.post(
            f'{self.server.url}/v1/statements',
            json={
                'month': month,
                'project_id': project_id or self.acme,
                **changes,
            },
            headers={'X-Auth-Token': api_base.admin()},
            timeout=30,
        )
        self.assertIn(response.status_code, (200, 201), response.text)
        return response.json()

    def store(self, *events, received_at):
        conf = self.server._conf
        with contextlib.closing(driver.get_storage(conf)) as storage:
            storage.write_events(events, received_at=received_at)


class TestShow(StatementCase):
    def test_lines_are_those_of_the_api(self):
        asked = ('statement', 'show', '--month', '2026-10', '--detail')
        shown = self.billing('alice', *asked, '-f', 'json').json()
        told = self.told(
            'alice', '/v1/statements', month='2026-10', detail='true'
        )['statement']
        self.assertEqual(
            [
                {
                    'Resource Type': each['resource_type'],
                    'Type': each['type'],
                    'State': each['state'],
                    'Resource ID': each['resource_id'],
                    'Name': each['name'],
                    'Charge': each['kind'],
                    'Measure': each['measure'],
                    'Quantity': each['quantity'],
                    'Per': each['per'],
                    'Unit Price': each['unit_price'],
                    'Amount': each['amount'],
                    'Currency': each['currency'],
                    'Facts': each['facts'],
                    'Description': each['description'],
                    'Price ID': each['price_id'],
                    'From': each['period']['from'],
                    'To': each['period']['to'],
                    'Quantity As Fraction': each['quantity_exact'],
                    'Amount As Fraction': each['amount_exact'],
                    'Adjusts': '',
                }
                for each in told['lines']
            ],
            shown,
        )
        self.assertEqual(['web'], [each['Name'] for each in shown])

    def test_people_see_what_it_is_and_what_it_comes_to(self):
        said = self.billing(
            'alice', 'statement', 'show', '--month', '2026-10', width=80
        )
        self.assertEqual('', said.errors)
        before, table, after = _parts(said.output)
        self.assertIn('Preview: not issued', before)
        self.assertIn(f'Project {self.acme}, 2026-10 (UTC)\nAs of 20', before)
        self.assertIn('| EUR 0.0251 | EUR 18.67 |', table)
        self.assertEqual('\nTotal: EUR 18.67', after)
        self.assertTrue(all(len(line) <= 80 for line in table.splitlines()))
        self.assertNotIn('Adjusts', table)

    def test_one_that_was_issued(self):
        number = self.issue('2026-09')['number']
        said = self.billing('alice', 'statement', 'show', number).output
        self.assertIn(f'Statement {number}, issued 20', said)
        detailed = self.billing(
            'alice', 'statement', 'show', number, '--detail', '-f', 'json'
        ).json()
        self.assertEqual(['web'], [each['Resource ID'] for each in detailed])
        daily = self.billing(
            'alice', 'statement', 'show', number, '--daily', '-f', 'json'
        ).json()
        told = self.told('alice', f'/v1/statements/{number}')['statement']
        self.assertEqual(30, len(daily))
        self.assertEqual(
            [(each['day'], each['amount']) for each in told['daily']],
            [(each['Day'], each['Amount']) for each in daily],
        )
        said = self.refusal(
            'alice', 'statement', 'show', number, '--month', '2026-09'
        )
        self.assertIn('--month is for a preview', said)

    def test_the_name_of_a_file_is_not_empty(self):
        self.refusal('alice', 'statement', 'save', '--file', '')

    def test_usage_without_a_price_is_told(self):
        said = self.billing('alice', 'statement', 'show', '--month', '2026-08')
        self.assertIn('floating-ip active: 1 d', said.errors)

    def test_who_may_see_what(self):
        number = self.issue('2026-07')['number']
        said = self.refusal('bob', 'statement', 'show', number)
        self.assertIn(f'there is no statement {number!r}', said)
        asked = ('statement', 'show', '--month', '2026-07')
        said = self.refusal('bob', *asked, '--project', self.acme)
        self.assertIn('role', said)
        self.refusal('otto', *asked)
        mine, theirs = (
            self.billing(cloud, *asked, *more, '-f', 'json').json()
            for cloud, more in (
                ('alice', ()),
                ('admin', ('--project', 'acme')),
            )
        )
        self.assertEqual(mine, theirs)


class TestList(StatementCase):
    def test_those_that_were_issued(self):
        empty = self.billing('bob', 'statement', 'list', '-f', 'json')
        self.assertEqual([], empty.json())
        empty = self.billing('bob', 'statement', 'list')
        self.assertIn('No statement was issued', empty.errors)
        for month in ('2026-07', '2026-08'):
            self.issue(month, allow_unpriced=True)
        self.issue('2026-08', self.globex)
        told = self.told('admin', '/v1/statements', all_projects='true')
        shown = self.billing(
            'admin', 'statement', 'list', '--all-projects', '-f', 'json'
        ).json()
        self.assertEqual(
            [
                {
                    'Number': each['number'],
                    'Project ID': each['project_id'],
                    'From': each['period']['from'],
                    'To': each['period']['to'],
                    'As Of': each['as_of'],
                    'Issued At': each['issued_at'],
                    'Issued By': each['issued_by'],
                    'SHA-256': each['sha256'],
                }
                for each in told['statements']
            ],
            shown,
        )
        self.assertEqual(3, len(shown))
        for cloud, words, months in (
            ('alice', (), ['2026-07', '2026-08']),
            ('alice', ('--month', '2026-08'), ['2026-08']),
            ('admin', ('--project', 'globex'), ['2026-08']),
        ):
            text = self.billing(
                cloud,
                'statement',
                'list',
                *words,
                '-f',
                'value',
                '-c',
                'Number',
            ).output
            self.assertEqual(months, [line[:7] for line in text.splitlines()])
        for words in (('--all-projects',), ('--project', self.acme)):
            self.refusal('bob', 'statement', 'list', *words)


class TestIssue(StatementCase):
    # Pages are not longer than that, be there ever so many projects.
    options = 'max_results = 1'

    def numbers(self):
        return [
            each['number']
            for each in self.told(
                'admin', '/v1/statements', all_projects='true'
            )['statements']
        ]

    def test_all_projects(self):
        issue = ('statement', 'issue', '--month', '2026-08', '--all-projects')
        both = sorted(f'2026-08-{each}' for each in (self.acme, self.globex))
        # Only the other has nothing without a price.
        said = self.run_command('admin', *issue, '--dry-run', '-f', 'json')
        self.assertEqual(1, said.status)
        [row] = said.json()
        preview = self.told(
            'admin',
            '/v1/statements',
            month='2026-08',
            project_id=self.globex,
        )['statement']
        self.assertEqual(
            (f'2026-08-{self.globex}', preview['totals'][0]['amount'], 'EUR'),
            (row['Number'], row['Amount'], row['Currency']),
        )
        self.assertIn(f'Not issued to {self.acme}:', said.errors)
        self.assertIn('floating-ip active: 1 d', said.errors)
        self.assertEqual([], self.numbers())
        said = self.run_command('admin', *issue, '-f', 'json')
        self.assertEqual(1, said.status)
        self.assertIn('1 issued, 0 issued before, 1 refused.', said.errors)
        self.assertIn(f'Not issued to {self.acme}:', said.errors)
        self.assertIn('no price is for', said.errors)
        self.assertEqual(
            [f'2026-08-{self.globex}'],
            [each['Number'] for each in said.json()],
        )
        said = self.billing(
            'admin',
            *issue,
            *('--allow-unpriced', '-f', 'json'),
            *('--as-of', '2026-10-02T00:00:00Z'),
        )
        self.assertIn('1 issued, 1 issued before, 0 refused.', said.errors)
        [row] = said.json()
        [told] = [
            each
            for each in self.told(
                'admin', '/v1/statements', all_projects='true'
            )['statements']
            if each['project_id'] == self.acme
        ]
        self.assertEqual(
            (told['number'], told['sha256'], '2026-10-02T00:00:00Z'),
            (row['Number'], row['SHA-256'], row['As Of']),
        )
        self.assertEqual(both, sorted(self.numbers()))
        said = self.billing('admin', *issue, '-f', 'json')
        self.assertEqual([], said.json())
        self.assertIn('0 issued, 2 issued before, 0 refused.', said.errors)

    def test_who_may(self):
        for cloud in ('alice', 'bob', 'otto'):
            said = self.refusal(
                cloud,
                *('statement', 'issue', '--month', '2026-07'),
                *('--project', self.acme),
            )
            self.assertIn('not allowed', said)

    def test_what_is_wrong_is_named(self):
        issue = ('statement', 'issue', '--month')
        said = self.refusal('admin', *issue, '2026-07')
        self.assertIn('--all-projects', said)
        said = self.billing('admin', *issue, '2025-07', '--all-projects')
        self.assertIn('No project used something', said.errors)
        said = self.refusal('admin', *issue, 'this', '--all-projects')
        self.assertIn('is not over before', said)
        said = self.refusal(
            'admin',
            *(*issue, '2026-07', '--all-projects', '--as-of', '2026-07-02'),
        )
        self.assertIn('--as-of must not be before the end', said)


class TestAdjustments(StatementCase):
    def test_who_used_nothing_is_issued_what_is_adjusted(self):
        initech = 'initech'
        self.store(
            event('late', -70 * DAY, 5, project_id=initech, type='m1.small'),
            event(
                'late',
                -69 * DAY,
                6,
                'deleted',
                project_id=initech,
                type='m1.small',
            ),
            received_at=OCTOBER - 60 * DAY,
        )
        self.issue('2026-07', initech, as_of='2026-08-20T00:00:00Z')
        issue = ('statement', 'issue', '--all-projects', '-f', 'json')
        numbers = {
            each['Number']
            for each in self.billing(
                'admin', *issue, '--month', '2026-09'
            ).json()
        }
        # Nothing was used, and nothing is to be adjusted.
        self.assertEqual(
            {f'2026-09-{each}' for each in (self.acme, self.globex)}, numbers
        )
        # It is known only now that another one was there, for a day.
        self.store(
            event('more', -70 * DAY, 7, project_id=initech, type='m1.small'),
            event(
                'more',
                -69 * DAY,
                8,
                'deleted',
                project_id=initech,
                type='m1.small',
            ),
            received_at=OCTOBER + DAY,
        )
        numbers = [
            each['Number']
            for each in self.billing(
                'admin', *issue, '--month', '2026-10'
            ).json()
        ]
        number = f'2026-10-{initech}'
        self.assertIn(number, numbers)
        [line] = self.billing(
            'admin', 'statement', 'show', number, '-f', 'json'
        ).json()
        self.assertEqual(
            ('2026-07', '24', '0.602400000000'),
            (line['Adjusts'], line['Quantity As Fraction'], line['Amount']),
        )
        table = self.billing('admin', 'statement', 'show', number).output
        self.assertIn('| Adjusts |', table)
        self.assertIn('| 2026-07 |', table)


class TestCredits(StatementCase):
    def test_what_was_charged_too_much_is_less_than_nothing(self):
        hooli = {'project_id': 'hooli', 'type': 'm1.small'}
        self.store(
            event('late', -70 * DAY, 5, **hooli),
            event('late', -69 * DAY, 6, 'deleted', **hooli),
            received_at=OCTOBER - 60 * DAY,
        )
        self.issue('2026-07', 'hooli', as_of='2026-08-20T00:00:00Z')
        # It is known only now that it was there for half of the day.
        self.store(
            event('late', -69 * DAY - DAY // 2, 7, 'deleted', **hooli),
            received_at=OCTOBER + DAY,
        )
        number = self.issue('2026-10', 'hooli')['number']
        asked = ('statement', 'show', number)
        [line] = self.billing('admin', *asked, '-f', 'json').json()
        self.assertEqual(
            ('2026-07', '-12', '0.0251', '-0.301200000000'),
            (
                line['Adjusts'],
                line['Quantity As Fraction'],
                line['Unit Price'],
                line['Amount'],
            ),
        )
        _, table, after = _parts(self.billing('admin', *asked).output)
        self.assertIn(
            '|      -12 | hour | EUR 0.0251 | EUR -0.30 | 2026-07 |', table
        )
        self.assertEqual('\nTotal: EUR -0.30', after)
        exact = self.billing('admin', *asked, '--exact').output
        self.assertIn('| EUR -0.301200000000 |', exact)


class TestInterruption(StatementCase):
    @classmethod
    def fill(cls):
        super().fill()
        # Enough of them that it lasts.
        cls.storage.write_events(
            [
                event(
                    f'i{number}',
                    -80 * DAY,
                    number,
                    project_id=f'p{number:03}',
                    type='m1.small',
                )
                for number in range(10, 40)
            ],
            received_at=OCTOBER - 80 * DAY,
        )

    def issued(self):
        found = self.told(
            'admin', '/v1/statements', all_projects='true', limit='1000'
        )
        return {each['number'] for each in found['statements']}

    def test_what_was_issued_stays_issued(self):
        issue = (
            *('statement', 'issue', '--month', '2026-10'),
            *('--all-projects', '-f', 'json'),
        )
        with self.begin('admin', *issue) as child:
            deadline = time.monotonic() + 60
            while not self.issued():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            output, said = child.communicate(timeout=60)
        self.assertEqual(130, child.returncode, said)
        self.assertNotIn('Traceback', said)
        self.assertIn('Stopped at ', said)
        listed = {each['Number'] for each in json.loads(output)}
        # The one under way may have been issued as well.
        self.assertLessEqual(listed, self.issued())
        self.assertLessEqual(len(self.issued() - listed), 1)
        self.assertLess(len(listed), 32)
        said = self.billing('admin', *issue).errors
        self.assertIn(' 0 refused', said)
        self.assertEqual(32, len(self.issued()))


class TestSave(StatementCase):
    def setUp(self):
        super().setUp()
        # The folder in which the command runs.
        self.addCleanup(self.empty)

    def empty(self):
        for path in self.saved():
            path.unlink()

    def saved(self):
        return [
            path
            for path in self.home.iterdir()
            if path.is_file() and path.name != 'clouds.yaml'
        ]

    def save(self, cloud, *words):
        """Save a file that there was none of."""
        self.empty()
        said = self.billing(cloud, 'statement', 'save', *words).output
        [path] = self.saved()
        self.assertEqual(f'Saved {path.name}\n', said)
        return path

    def asked(self, cloud, path, **params):
        response = self.get(path, api_base.token(*base.CALLERS[cloud]), params)
        self.assertEqual(200, response.status_code, response.text)
        return response.content

    def test_every_form_of_one_that_was_issued(self):
        number = self.issue('2026-09')['number']
        for form in ('html', 'pdf', 'csv', 'json'):
            path = self.save('alice', number, '--format', form)
            self.assertEqual(f'statement-{number}.{form}', path.name)
            self.assertEqual(
                self.asked('alice', f'/v1/statements/{number}', format=form),
                path.read_bytes(),
            )
        path = self.save('admin', number, '--locale', 'de-CH')
        self.assertIn('lang="de-CH"', path.read_text())
        self.empty()
        said = self.refusal('bob', 'statement', 'save', number)
        self.assertIn(f'there is no statement {number!r}', said)

    def test_a_preview(self):
        when = '2026-11-20T00:00:00Z'
        asked = ('--month', '2026-10', '--as-of', when, '--format', 'json')
        path = self.save('alice', *asked, '--detail')
        self.assertEqual('preview-2026-10.json', path.name)
        told = self.asked(
            'alice',
            '/v1/statements',
            month='2026-10',
            as_of=when,
            detail='true',
            format='json',
        )
        self.assertEqual(told, path.read_bytes())
        path = self.save('admin', *asked, '--project', 'acme')
        self.assertEqual(f'preview-2026-10-{self.acme}.json', path.name)
        self.empty()
        said = self.refusal(
            'bob', 'statement', 'save', *asked, '--project', self.acme
        )
        self.assertIn('not allowed', said)

    def test_focus(self):
        rows = focus.read(
            self.save(
                'admin',
                *('--format', 'focus-csv', '--month', '2026-10'),
                *('--all-projects', '--focus-version', '1.3'),
            ).read_text()
        )
        self.assertEqual(
            {self.acme, self.globex}, {row['BillingAccountId'] for row in rows}
        )
        path = self.save(
            'alice',
            *('--format', 'focus-parquet', '--month', '2026-10'),
            *('--granularity', '1h'),
        )
        self.assertEqual('focus-2026-10.parquet', path.name)
        self.assertEqual(b'PAR1', path.read_bytes()[:4])
        said = self.refusal(
            'bob',
            *('statement', 'save', '--format', 'focus-csv'),
            *('--all-projects',),
        )
        self.assertIn('not allowed', said)

    def test_nothing_is_overwritten_unless_asked_for(self):
        save = ('statement', 'save', '--month', '2026-10', '--file', 'x.csv')
        path = self.home / 'x.csv'
        path.write_text('mine')
        said = self.refusal('alice', *save, '--format', 'csv')
        self.assertIn('x.csv is there already', said)
        self.assertEqual('mine', path.read_text())
        self.billing('alice', *save, '--format', 'csv', '--force')
        self.assertTrue(path.read_text().startswith('statement,'))
        self.assertEqual([path], self.saved())

    def test_to_the_standard_output(self):
        said = self.billing(
            'alice',
            *('statement', 'save', '--month', '2026-10'),
            *('--format', 'json', '--file', '-'),
        )
        self.assertEqual('preview', said.json()['status'])
        self.assertEqual([], self.saved())

    def test_what_does_not_fit_is_named(self):
        for words, text in (
            (('x', '--month', '2026-10'), '--month is for a preview'),
            (('x', '--all-projects'), '--all-projects is for a preview'),
            (('x', '--format', 'focus-csv'), 'FOCUS is of a --month'),
            (('--all-projects',), 'a statement is of one project'),
            (('--format', 'csv', '--locale', 'de'), '--locale is for'),
            (('--granularity', '1h'), 'are for FOCUS'),
            (('--locale', 'tlh'), 'tlh'),
            (('',), 'is no id, number or name'),
            (('--project', ''), 'of a project is empty'),
            (('--file', '/nowhere/x'), '/nowhere/x cannot be written'),
        ):
            said = self.refusal('alice', 'statement', 'save', *words)
            self.assertIn(text, said)
        self.assertEqual([], self.saved())


def _parts(output):
    """What stands before a table, the table, and what stands after it."""
    lines = output.splitlines()
    edges = [
        number for number, line in enumerate(lines) if line.startswith('+')
    ]
    first, last = edges[0], edges[-1]
    return (
        '\n'.join(lines[:first]),
        '\n'.join(lines[first : last + 1]),
        '\n'.join(lines[last + 1 :]),
    )
