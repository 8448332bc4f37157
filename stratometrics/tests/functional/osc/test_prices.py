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
"""openstack billing price, before the real API."""

import json

from stratometrics.model import timestamps
from stratometrics.pricing import documents
from stratometrics.rating import ledger
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

HOUR = 3600 * timestamps.MICROSECONDS

SMALL = {
    'resource_type': 'instance',
    'match': {'type': ['m1.small', 'm1.tiny'], 'state': 'active'},
    'price': '0.0250',
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00.000001+02:00',
    'valid_to': '2027-01-01T00:00:00Z',
    'equivalents': {'aws': {'name': 't3a', 'price': '0.0397'}},
    'description': 'Kleiner Server – günstig',
}
SSD = {
    'resource_type': 'volume',
    'measure': 'size_gib',
    'match': {'type': 'ssd'},
    'tiers': [{'up_to': '1000', 'price': '0.10'}, {'price': '0.08'}],
    'tier_mode': 'volume',
    'included': '10',
    'minimum': '0.5',
    'per': 'month',
    'currency': 'USD',
    'valid_from': '2026-10-01T00:00:00Z',
}

FILE = """\
currency: EUR
prices:
- resource_type: instance
  match:
    type: m1.small
  price: "0.0250"
  per: hour
  valid_from: 2026-10-01T00:00:00+02:00
  description: Kleiner Server – günstig
- resource_type: volume
  measure: size_gib
  tiers:
  - {up_to: "100", price: "0.10"}
  - {price: "0.08"}
  per: month
  valid_from: 2026-10-01T00:00:00Z
"""

#: What is told of a price in a table, and its member in the API.
MEMBERS = {
    'ID': 'id',
    'Resource Type': 'resource_type',
    'Measure': 'measure',
    'Match': 'match',
    'Per': 'per',
    'Currency': 'currency',
    'Valid From': 'valid_from',
    'Valid To': 'valid_to',
    'Project ID': 'project_id',
    'Domain ID': 'domain_id',
    'Tiers': 'tiers',
    'Tier Mode': 'tier_mode',
    'Included': 'included',
    'Minimum': 'minimum',
    'Equivalents': 'equivalents',
    'Description': 'description',
}


class PriceTestCase(base.CommandTestCase):
    @classmethod
    def add(cls, *entries):
        """Write prices into the list; returns their ids."""
        added = ledger.Ledger(cls.storage).add(
            [documents.read_price(entry) for entry in entries], 'test'
        )
        return [price.id for price in added]

    def price(self, cloud, *words, **variables):
        return self.billing(cloud, 'price', *words, **variables)

    def prices(self, cloud, *words):
        """What ``price list`` says to programs."""
        return self.price(cloud, 'list', '-f', 'json', *words).json()

    def refused(self, cloud, *words):
        return self.refusal(cloud, 'price', *words)

    def assert_told(self, told, shown):
        """See that a command shows what the API tells."""
        self.assertEqual(
            [
                {head: each[member] for head, member in MEMBERS.items()}
                for each in told
            ],
            [{head: each[head] for head in MEMBERS} for each in shown],
        )

    def write(self, text, name='prices.yaml'):
        (self.home / name).write_text(text, encoding='utf-8')
        return name

    def manage(self, *words, status=0):
        """Run ``stratometrics-manage prices`` on the same database."""
        done = programs.manage(self.server.config_file, 'prices', *words)
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stdout


class ListTest(PriceTestCase):
    @classmethod
    def fill(cls):
        acme = api_base.project_id('alice', 'acme')
        globex = api_base.project_id('bob', 'globex')
        cls.small, cls.ssd, cls.acme, cls.globex = cls.add(
            SMALL,
            SSD,
            {**SSD, 'project_id': acme, 'currency': 'EUR'},
            {**SSD, 'project_id': globex},
        )

    def test_each_sees_what_the_api_tells_him(self):
        for cloud, count in (('alice', 3), ('bob', 3), ('admin', 4)):
            with self.subTest(cloud):
                shown = self.prices(cloud)
                self.assertEqual(count, len(shown))
                self.assert_told(
                    self.told(cloud, '/v1/prices')['prices'], shown
                )

    def test_a_stranger_is_told_what_to_do(self):
        said = self.refused('otto', 'list')
        self.assertIn('role "reader"', said)
        said = self.refused('otto', 'show', self.small)
        self.assertIn('role "reader"', said)

    def test_people_see_all_digits(self):
        table = self.price('alice', 'list').output
        [small] = [line for line in table.splitlines() if self.small in line]
        self.assertEqual(
            [
                self.small,
                'instance',
                '-',
                'state=active type=m1.small,m1.tiny',
                'EUR 0.025',
                'hour',
            ],
            [cell.strip() for cell in small.strip('|').split('|')],
        )
        self.assertIn('USD 0.1 to 1000, 0.08', table)

    def test_what_is_asked_for(self):
        for words, expected in (
            (['--resource-type', 'instance'], {self.small}),
            (['--currency', 'EUR'], {self.small, self.acme}),
            (
                ['--currency', 'EUR', '--resource-type', 'volume'],
                {self.acme},
            ),
            (['--project', 'acme'], {self.acme}),
            (
                ['--project', 'acme', '--project', 'globex'],
                {self.acme, self.globex},
            ),
            (
                ['--valid-at', '2027-01', '--timezone', 'UTC'],
                {self.ssd, self.acme, self.globex},
            ),
            (['--valid-at', '2026-09-30T21:59:59Z'], set()),
            (['--as-of', '2026-10'], set()),
        ):
            with self.subTest(words):
                self.assertEqual(
                    expected,
                    {each['ID'] for each in self.prices('admin', *words)},
                )
        self.assertIn(
            '--valid-at: ', self.refused('alice', 'list', '--valid-at', 'x')
        )

    def test_one(self):
        shown = self.price('alice', 'show', self.small, '-f', 'json').json()
        self.assert_told(
            [self.told('alice', f'/v1/prices/{self.small}')], [shown]
        )
        self.assertEqual('0.025', shown['Price'])
        self.assertNotIn('History', shown)
        said = self.refused('alice', 'show', self.globex)
        self.assertIn(f"no price with the ID '{self.globex}'", said)


class LifeTest(PriceTestCase):
    def create(self, *words, cloud='admin'):
        return self.price(cloud, 'create', '-f', 'json', *words).json()

    def test_from_its_creation_to_its_end(self):
        created = self.create(
            *('--resource-type', 'volume', '--measure', 'size_gib'),
            *('--match', 'type=ssd', '--match', 'type=a=b,c'),
            *('--match', 'region=r1', '--tier', '1000:0.10'),
            *('--tier', '0.08', '--tier-mode', 'volume', '--included', '10'),
            *('--minimum', '0.50', '--per', 'month', '--currency', 'EUR'),
            *('--valid-from', '2026-10', '--valid-to', '2027-01-15'),
            *('--timezone', 'Europe/Zurich', '--project', 'acme'),
            *('--equivalent', 'aws=0.0952:gp3', '--equivalent', 'own=0.2'),
            *('--description', 'Günstig'),
        )
        id_ = created['ID']
        path = f'/v1/prices/{id_}'
        told = self.told('admin', path)
        self.assertEqual(
            {
                'id': id_,
                'resource_type': 'volume',
                'measure': 'size_gib',
                'match': {'region': ['r1'], 'type': ['a=b,c', 'ssd']},
                'tiers': [
                    {'up_to': '1000', 'price': '0.1'},
                    {'price': '0.08'},
                ],
                'tier_mode': 'volume',
                'included': '10',
                'minimum': '0.5',
                'per': 'month',
                'currency': 'EUR',
                'valid_from': '2026-09-30T22:00:00Z',
                'valid_to': '2027-01-14T23:00:00Z',
                'project_id': api_base.project_id('alice', 'acme'),
                'domain_id': '',
                'equivalents': {
                    'aws': {'name': 'gp3', 'price': '0.0952'},
                    'own': {'name': 'own', 'price': '0.2'},
                },
                'description': 'Günstig',
            },
            told,
        )
        self.assert_told([told], [created])

        done = self.price(
            'admin', 'set', id_, '--valid-to', '2027-02-01T00:00Z'
        )
        self.assertEqual('', done.output)
        self.price('admin', 'set', id_, '--no-valid-to', '--description', '')
        self.assertEqual(
            {**told, 'valid_to': None, 'description': ''},
            self.told('admin', path),
        )
        self.assertIn('nothing to set', self.refused('admin', 'set', id_))
        history = self.price(
            'admin', 'show', id_, '--history', '-f', 'json'
        ).json()['History']
        self.assertEqual(
            self.told('admin', path, history='true')['history'], history
        )
        self.assertEqual(
            ['created', 'amended', 'amended'],
            [each['change'] for each in history],
        )
        table = self.price('admin', 'show', id_, '--history').output
        self.assertRegex(table, r'\d amended by \w+, valid to 2027-02-01 00:')

        said = self.refused('admin', 'delete', 'none', id_)
        self.assertIn('1 of 2 prices failed to delete', said)
        self.assertIn("no price with the ID 'none'", said)
        self.assertEqual(
            [],
            [
                each
                for each in self.told('admin', '/v1/prices')['prices']
                if each['id'] == id_
            ],
        )
        changes = self.prices(
            'admin', '--history', '--resource-type', 'volume'
        )
        self.assertEqual(
            ['created', 'amended', 'amended', 'withdrawn'],
            [each['Change'] for each in changes if each['ID'] == id_],
        )

    def test_for_a_domain(self):
        words = (
            *('--resource-type', 'image', '--price', '0', '--per', 'hour'),
            *('--currency', 'EUR', '--valid-from', '2026-10'),
        )
        created = self.create(*words, '--domain', 'Default')
        self.assertEqual('default', created['Domain ID'])
        said = self.refused('admin', 'create', *words, '--domain', 'Default')
        self.assertIn(created['ID'], said)
        said = self.refused('admin', 'create', *words, '--project', 'nobody')
        self.assertIn("no project with the name or ID 'nobody'", said)

    def test_what_a_reader_may_not(self):
        [id_] = self.add({**SMALL, 'resource_type': 'instance'})
        for words in (
            ['set', id_, '--no-valid-to'],
            [
                *('create', '--resource-type', 'image', '--price', '1'),
                *('--per', 'hour', '--currency', 'EUR'),
                *('--valid-from', '2026-10'),
            ],
            ['show', id_, '--history'],
            ['delete', id_],
        ):
            with self.subTest(words):
                said = self.refused('alice', *words)
                self.assertIn('not allowed', said)
                self.assertIn('takes more', said)

    def test_what_cannot_be_a_price(self):
        words = (
            *('--per', 'hour', '--currency', 'EUR', '--valid-from', '2026-10'),
            *('--resource-type', 'image'),
        )
        said = self.refused('admin', 'create', *words, '--price', '-1')
        self.assertIn('price: must not be negative', said)
        # As of variables that are not set.
        for option, told in (
            ('--valid-to', "--valid-to: '' is not a time"),
            ('--project', 'of a project is empty'),
            ('--domain', 'of a domain is empty'),
        ):
            said = self.refused(
                'admin', 'create', *words, '--price', '1', option, ''
            )
            self.assertIn(told, said)
        for more in (
            ['--price', '1', '--match', 'type'],
            ['--price', '1', '--equivalent', 'aws'],
            ['--price', '1', '--tier', '1'],
            [],
        ):
            with self.subTest(more):
                done = self.run_command(
                    'admin', 'price', 'create', *words, *more
                )
                self.assertEqual(2, done.status, done.errors)


class FilesTest(PriceTestCase):
    def tearDown(self):
        kept = ledger.Ledger(self.storage)
        for price in kept.read().prices:
            kept.withdraw(price.id, 'test')
        super().tearDown()

    def bring(self, text, *words, cloud='admin'):
        """Import a file; returns the changes, and the line below them."""
        file = self.write(text)
        done = self.price(cloud, 'import', file, '-f', 'json', *words)
        return done.json(), done.errors.splitlines()[-1]

    def test_a_file_can_be_imported_again(self):
        changes, told = self.bring(FILE, '--dry-run')
        self.assertEqual('2 created, 0 amended, 0 withdrawn (dry run)', told)
        self.assertEqual(
            [('created', '', 'instance'), ('created', '', 'volume')],
            [
                (each['Change'], each['ID'], each['Resource Type'])
                for each in changes
            ],
        )
        self.assertEqual([], self.prices('admin'))
        changes, told = self.bring(FILE)
        self.assertEqual('2 created, 0 amended, 0 withdrawn', told)
        listed = self.told('admin', '/v1/prices')['prices']
        self.assertEqual(
            [each['id'] for each in listed], [each['ID'] for each in changes]
        )
        changes, told = self.bring(FILE)
        self.assertEqual(
            ([], '0 created, 0 amended, 0 withdrawn'), (changes, told)
        )
        self.assertEqual(listed, self.told('admin', '/v1/prices')['prices'])

    def test_a_new_list_from_a_time_on(self):
        self.bring(FILE)
        volume = FILE.index('- resource_type: volume')
        dearer = FILE[:volume].replace('0.0250', '0.03')
        dearer = dearer.replace(
            '2026-10-01T00:00:00+02', '2027-01-01T00:00:00+01'
        )
        said = self.refused('admin', 'import', self.write(dearer))
        self.assertIn('the new price (instance, type m1.small', said)
        changes, told = self.bring(
            dearer, '--replace-from', '2027-01', '--timezone', 'Europe/Zurich'
        )
        self.assertEqual('1 created, 2 amended, 0 withdrawn', told)
        self.assertEqual(
            [
                ('amended', 'instance', '2026-12-31T23:00:00Z'),
                ('amended', 'volume', '2026-12-31T23:00:00Z'),
                ('created', 'instance', None),
            ],
            [
                (each['Change'], each['Resource Type'], each['Valid To'])
                for each in changes
            ],
        )

    def test_export_writes_what_the_operator_would(self):
        self.add(SMALL, SSD)
        exported = self.price('admin', 'export').output
        self.assertEqual(self.manage('export'), exported)
        self.assertIn('günstig', exported)
        changes, _ = self.bring(exported)
        self.assertEqual([], changes)
        self.price('admin', 'export', '--file', 'out.yaml')
        written = (self.home / 'out.yaml').read_text(encoding='utf-8')
        self.assertEqual(exported, written)
        said = self.refused('admin', 'export', '--file', 'out.yaml')
        self.assertIn('replace it with --force', said)
        self.assertEqual(
            'prices: []\n',
            self.price('admin', 'export', '--as-of', '2026-10').output,
        )
        said = self.refused('admin', 'export', '--file', 'no/out.yaml')
        self.assertIn('no/out.yaml', said)

    def test_an_error_names_the_place_in_the_file(self):
        self.bring(FILE)
        wrong = FILE.replace('"0.10"', '0.10')
        said = self.refused('admin', 'import', self.write(wrong))
        self.assertIn('prices.yaml: prices[1].tiers[0].price: expected', said)
        said = self.refused('admin', 'import', 'missing.yaml')
        self.assertIn('missing.yaml: ', said)

    def test_a_file_that_is_too_long_for_a_request(self):
        many = {
            'prices': [
                {**SSD, 'match': {'type': f'type-{number}'}}
                for number in range(1000)
            ]
        }
        file = self.write(json.dumps(many))
        for words in ((), ('--dry-run',)):
            said = self.refused('admin', 'import', file, *words)
            self.assertIn('larger than the service takes', said)
            self.assertIn('max_request_body_size', said)
            self.assertIn('"stratometrics-manage prices import"', said)
        self.assertEqual([], self.prices('admin'))

    def test_a_reader_changes_nothing(self):
        said = self.refused('alice', 'import', self.write(FILE))
        self.assertIn('not allowed', said)
        said = self.refused('alice', 'import', self.write(FILE), '--dry-run')
        self.assertIn('not allowed', said)
        self.assertEqual([], self.prices('alice'))

    def test_files_are_checked_without_being_imported(self):
        self.add({**SMALL, 'match': {'type': 'm1.small'}})
        file = self.write(FILE)
        done = self.price('admin', 'check', file, '-f', 'json')
        self.assertEqual([], done.json())
        self.assertIn('2 prices can be used', done.errors)
        self.assertEqual(1, len(self.prices('admin')))
        said = self.refused('admin', 'check', file, file)
        self.assertIn('conflicts with the new price', said)
        wrong = self.write(FILE.replace('instance', 'server'), 'wrong.yaml')
        said = self.refused('admin', 'check', file, wrong)
        self.assertIn('wrong.yaml: prices[0].resource_type: ', said)


class CheckTest(PriceTestCase):
    @classmethod
    def fill(cls):
        now = timestamps.now()
        begin = now - 50 * HOUR - test_usage.OCTOBER
        events = [
            test_usage.event(type_, begin, type_, type=type_)
            for type_ in ('m1.small', 'm1.large')
        ]
        events.append(
            test_usage.event(
                'account',
                begin,
                'get',
                '',
                resource_type='object-request',
                phase=test_usage.event_model.Phase.CONSUMED,
                measures={'requests': 1},
            )
        )
        cls.storage.write_events(events, now)
        cls.small, cls.ssd, _, _ = cls.add(
            # Costs nothing, and yet is used.
            {**SMALL, 'match': {'type': 'm1.small'}, 'included': '1000'},
            {**SSD, 'valid_to': '2027-01-01T00:00:00Z'},
            # Neither was valid.
            {**SSD, 'match': {}, 'valid_from': '2030-01-01T00:00:00Z'},
            {
                **SSD,
                'valid_from': '2020-01-01T00:00:00Z',
                'valid_to': '2020-01-02T00:00:00Z',
            },
        )

    def check(self, *words):
        done = self.run_command('admin', 'price', 'check', *words)
        self.assertEqual(1, done.status, done.errors)
        return done

    def test_it_finds_what_the_operator_finds(self):
        found = self.check('-f', 'json').json()
        usage = [each.pop('Usage') for each in found]
        self.assertEqual(
            [
                {
                    'Finding': 'usage without price',
                    'Resource Type': 'instance',
                    'Measure': '',
                    'Match': {'state': ['active'], 'type': ['m1.large']},
                    'Price ID': '',
                },
                {
                    'Finding': 'usage without price',
                    'Resource Type': 'object-request',
                    'Measure': '',
                    'Match': {},
                    'Price ID': '',
                },
                {
                    'Finding': 'price without usage',
                    'Resource Type': 'volume',
                    'Measure': 'size_gib',
                    'Match': {'type': ['ssd']},
                    'Price ID': self.ssd,
                },
            ],
            found,
        )
        self.assertRegex(usage[0], r'^180\d{3}\.\d{6}$')
        self.assertEqual(['1', None], usage[1:])
        told = self.manage('check', status=1)
        for text in ('m1.large', 'object-request', self.ssd):
            self.assertIn(text, told)
        self.assertNotIn(self.small, told)

    def test_people_see_how_much_it_is(self):
        table = self.check().output
        self.assertRegex(table, r'm1.large +\| +2 d 2 h +\|')
        table = self.check('--days', '1').output
        self.assertRegex(table, r'm1.large +\| +1 d +\|')
        self.assertNotIn('object-request', table)

    def test_only_who_sees_all_projects_can_check(self):
        said = self.refused('alice', 'check')
        self.assertIn('not allowed', said)
        said = self.refused('otto', 'check')
        self.assertIn('not allowed', said)


class FittingTest(PriceTestCase):
    @classmethod
    def fill(cls):
        now = timestamps.now()
        cls.storage.write_events(
            [test_usage.event('web', now - HOUR - test_usage.OCTOBER, 1)], now
        )
        cls.add({**SMALL, 'match': {}, 'valid_to': None})

    def test_all_is_well(self):
        done = self.price('admin', 'check', '-f', 'json')
        self.assertEqual([], done.json())
        self.assertIn('All usage has a price', done.errors)
