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
"""stratometrics-manage prices, as an operator runs it."""

import json
import pathlib

from oslo_middleware import opts

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional.cmd import test_manage

HOUR = 3600 * timestamps.MICROSECONDS

FILE = """\
currency: EUR
prices:
- resource_type: instance
  match:
    type: m1.small
  price: "0.0250"
  per: hour
  valid_from: 2026-10-01T00:00:00+02:00
  equivalents:
    aws: {name: t3a.medium, price: "0.0397"}
- resource_type: volume
  measure: size_gib
  tiers:
  - {up_to: "100", price: "0.10"}
  - {price: "0.08"}
  per: month
  valid_from: 2026-10-01T00:00:00Z
"""


class PricesTest(test_manage.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.manage('db', 'sync')

    def write(self, text: str, name: str = 'prices.yaml') -> str:
        path = self.file.parent / name
        path.write_text(text)
        return str(path)

    def prices(self, *arguments: str, status: int = 0) -> str:
        return self.manage('prices', *arguments, status=status)

    def listed(self, *arguments: str) -> list[dict]:
        shown = self.prices('list', '--format', 'json', *arguments)
        return json.loads(shown)['prices']

    def test_a_file_can_be_imported_again(self) -> None:
        file = self.write(FILE)
        dry = self.prices('import', file, '--dry-run')
        self.assertIn('type=m1.small', dry)
        self.assertIn(
            '2 created, 0 amended, 0 withdrawn (dry run)', dry.splitlines()
        )
        self.assertEqual([], self.listed())
        done = self.prices('import', file)
        self.assertIn('2 created, 0 amended, 0 withdrawn', done.splitlines())
        listed = self.listed()
        self.assertEqual(2, len(listed))
        again = self.prices('import', file)
        self.assertEqual('0 created, 0 amended, 0 withdrawn\n', again)
        self.assertEqual(listed, self.listed())

    def test_a_file_that_the_api_would_not_take(self) -> None:
        # YAML can be written as JSON.
        text = json.dumps(
            {
                'currency': 'EUR',
                'prices': [
                    {
                        'resource_type': 'instance',
                        'match': {'type': f'm{number}'},
                        'price': '0.0250',
                        'per': 'hour',
                        'valid_from': '2026-10-01T00:00:00Z',
                    }
                    for number in range(2000)
                ],
            }
        )
        [limits] = (options for _, options in opts.list_opts_sizelimit())
        self.assertLess(limits[0].default, len(text))
        done = self.prices('import', self.write(text))
        self.assertIn(
            '2000 created, 0 amended, 0 withdrawn', done.splitlines()
        )
        self.assertEqual(
            {f'm{number}' for number in range(2000)},
            {each['match']['type'][0] for each in self.listed()},
        )

    def test_what_is_exported_gives_the_same_list(self) -> None:
        self.prices('import', self.write(FILE))
        exported = self.prices('export')
        listed = self.listed()
        again = self.prices('import', self.write(exported))
        self.assertEqual('0 created, 0 amended, 0 withdrawn\n', again)
        # In another database as well.
        self.manage('db', 'downgrade', '0', '--yes')
        self.manage('db', 'sync')
        self.prices('import', self.write(exported))
        for each in (*listed, *(found := self.listed())):
            del each['id']
        self.assertEqual(listed, found)
        self.assertEqual(exported, self.prices('export'))

    def test_a_new_list_from_a_time_on(self) -> None:
        self.prices('import', self.write(FILE))
        volume = FILE.index('- resource_type: volume')
        dearer = (
            FILE[:volume]
            .replace('0.0250', '0.03')
            .replace('2026-10-01', '2027-01-01')
        )
        file = self.write(dearer)
        refused = self.prices('import', file, status=1)
        self.assertIn('the new price (instance, type m1.small', refused)
        self.assertIn('conflicts with the price ', refused)
        told = self.prices(
            'import', file, '--replace-from', '2027-01-01T00:00:00+02:00'
        )
        self.assertIn('1 created, 2 amended, 0 withdrawn', told.splitlines())
        self.assertEqual(
            [
                ('instance', '2026-12-31T22:00:00Z', '0.025'),
                ('instance', None, '0.03'),
                ('volume', '2026-12-31T22:00:00Z', '0.1'),
            ],
            [
                (
                    each['resource_type'],
                    each['valid_to'],
                    each['tiers'][0]['price'],
                )
                for each in self.listed()
            ],
        )
        [now] = self.listed('--valid-at', '2027-01-01T00:00:00Z')
        self.assertEqual('0.03', now['tiers'][0]['price'])
        self.assertEqual(1, len(self.listed('--resource-type', 'volume')))

    def test_the_history_is_kept(self) -> None:
        self.prices('import', self.write(FILE))
        ended = FILE.replace(
            '  per: month', '  per: month\n  valid_to: 2027-01-01T00:00:00Z'
        )
        self.prices('import', self.write(ended))
        history = json.loads(self.prices('history', '--format', 'json'))
        self.assertEqual(
            ['created', 'created', 'amended'],
            [each['change'] for each in history['history']],
        )
        first, _, last = history['history']
        self.assertTrue(first['by'].startswith('stratometrics-manage: '))
        text = self.prices('history', '--price', last['price']['id'])
        self.assertEqual(3, len(text.splitlines()), text)
        self.assertIn('amended', text)
        earlier = self.prices('export', '--as-of', first['at'])
        self.assertNotIn('valid_to', earlier)
        self.assertIn('valid_to', self.prices('export'))
        self.assertEqual(
            'prices: []\n',
            self.prices('export', '--as-of', '2026-01-01T00:00:00Z'),
        )

    def test_files_that_cannot_be_used(self) -> None:
        good = self.write(FILE)
        for command, text, problem in (
            (
                ['import'],
                FILE.replace('"0.0250"', '0.0250'),
                'prices[0].price: ',
            ),
            (
                ['check', good],
                FILE.replace('instance', 'server'),
                'prices[0].resource_type: ',
            ),
        ):
            with self.subTest(command):
                file = self.write(text, 'bad.yaml')
                refused = self.prices(*command, file, status=1)
                self.assertIn(f'{file}: {problem}', refused)
                self.assertEqual(1, len(refused.splitlines()), refused)
        self.assertEqual([], self.listed())
        refused = self.prices('check', good, good, status=1)
        self.assertIn(f'price {good}: prices[0] (', refused)
        missing = str(pathlib.Path(good).parent / 'missing.yaml')
        self.assertIn(missing, self.prices('import', missing, status=1))
        done = self.run_manage('prices', 'export', '--as-of', '2026-01-01')
        self.assertEqual(2, done.returncode)
        self.assertIn("'2026-01-01' is not an RFC 3339", done.stderr)

    def test_a_check_compares_with_usage(self) -> None:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        now = timestamps.now()
        storage.write_events(
            [
                event_model.Event(
                    resource_type='instance',
                    resource_id=type_,
                    event_time=now - 50 * HOUR,
                    message_id=type_,
                    rank=event_model.RANK_EVENT,
                    phase=event_model.Phase.BILLED,
                    state='active',
                    type=type_,
                    project_id='p',
                    event_type='test',
                )
                for type_ in ('m1.small', 'm1.large')
            ],
            now,
        )
        file = self.write(FILE)
        done = self.run_manage('prices', 'check', file)
        self.assertEqual((1, ''), (done.returncode, done.stderr))
        self.assertIn('2 prices can be used', done.stdout)
        [unused] = [
            line for line in done.stdout.splitlines() if 'size_gib' in line
        ]
        self.assertTrue(unused.startswith(f'{file}: prices[1] '), unused)
        self.assertNotIn('m1.small', done.stdout)
        [unpriced] = [
            line for line in done.stdout.splitlines() if 'm1.large' in line
        ]
        self.assertEqual(
            ['instance', 'm1.large', 'active', '2', 'd', '2', 'h'],
            unpriced.split(),
        )
        general = self.write(
            FILE.replace('  match:\n    type: m1.small\n', '')
        )
        self.assertNotIn('instance', self.prices('check', general))
        # The list itself, which is empty.
        listed = self.run_manage('prices', 'check', '--days', '1')
        self.assertEqual(1, listed.returncode, listed.stderr)
        for type_ in ('m1.small', 'm1.large'):
            self.assertRegex(listed.stdout, f'{type_} +active +1 d 0 h')

    def test_a_check_needs_no_clickhouse(self) -> None:
        file = self.write(FILE)
        self.file.write_text('[clickhouse]\nhosts = 127.0.0.2\nport = 9\n')
        done = self.run_manage('prices', 'check', file)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('2 prices can be used', done.stdout)
        self.assertIn('not compared with the usage', done.stderr)
        self.prices('check', status=1)
