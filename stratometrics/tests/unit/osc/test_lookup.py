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
"""Resources by name."""

import datetime
import decimal

from osc_lib import exceptions
import testtools

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.osc import lookup

BEGIN = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def resource(identity, name, resource_type='instance'):
    return answers.Resource(
        resource_type=resource_type,
        resource_id=identity,
        region='',
        project_id='p',
        user_id='',
        name=name,
        state='active',
        type='',
        usage=decimal.Decimal(1),
        begin=BEGIN,
        end=END,
    )


class _Client:
    """Stands for a client, to see what is asked of a service."""

    def __init__(self, *found, code='stratometrics.not-found'):
        self.found = found
        self.code = code
        self.asked = []

    def timeline(self, resource_id, **question):
        self.asked.append((resource_id, question))
        if resource_id not in [each.resource_id for each in self.found]:
            raise errors.NotFound(404, self.code, 'Not Found', '', None)
        return resource_id

    def resources(self, *, names, **question):
        self.asked.append((names, question))
        return iter([each for each in self.found if each.name in names])


class TestLookup(testtools.TestCase):
    def said(self, client, text):
        return str(
            self.assertRaises(
                exceptions.CommandError, lookup.timeline, client, text
            )
        )

    def test_who_knows_the_id_asks_once(self):
        client = _Client(resource('a', 'b'), resource('b', 'a'))
        self.assertEqual('a', lookup.timeline(client, 'a', begin=BEGIN))
        self.assertEqual([('a', {'begin': BEGIN})], client.asked)

    def test_a_name_is_looked_for_in_the_same_period(self):
        client = _Client(resource('1', 'web', 'volume'), resource('2', 'db'))
        self.assertEqual('1', lookup.timeline(client, 'web', begin=BEGIN))
        self.assertEqual(
            [
                ('web', {'begin': BEGIN}),
                (['web'], {'begin': BEGIN, 'page_size': 1000}),
                ('1', {'begin': BEGIN, 'resource_types': ['volume']}),
            ],
            client.asked,
        )

    def test_what_nobody_is_called(self):
        said = self.said(_Client(resource('1', 'Web')), 'web')
        self.assertIn("no resource with the ID 'web' is known", said)

    def test_what_many_are_called(self):
        client = _Client(*(resource(f'id-{n}', 'web') for n in range(12)))
        said = self.said(client, 'web')
        self.assertIn("12 resources were called 'web'", said)
        self.assertIn('instance id-9, 2026-10-01', said)
        self.assertNotIn('id-10', said)
        self.assertIn('and 2 more', said)

    def test_an_id_cannot_steer_the_terminal(self):
        said = self.said(
            _Client(resource('\x1b[2J', 'web'), resource('2', 'web')), 'web'
        )
        self.assertNotIn('\x1b', said)

    def test_something_else_that_finds_nothing(self):
        client = _Client(resource('1', 'web'), code='')
        self.assertRaises(errors.NotFound, lookup.timeline, client, 'web')
