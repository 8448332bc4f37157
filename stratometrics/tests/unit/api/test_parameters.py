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
import dataclasses
from urllib import parse
import zoneinfo

import testtools

from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import parameters
from stratometrics.model import instants
from stratometrics.model import usage
from stratometrics.notifications import definitions

NOW = instants.parse('2026-11-20T12:00:00.000001Z')
RULES = parameters.Rules(
    zone=zoneinfo.ZoneInfo('Europe/Berlin'),
    max_period_days=3660,
    settling_time=60_000_000,
)


def resource_type(name, attributes):
    return definitions.ResourceType(
        name=name,
        collection=f'{name}s',
        group_by='type',
        attributes=attributes,
        measures=('vcpus',),
        terminal=(),
        unbilled=(),
    )


INSTANCES = collection.Collection(
    name='instances',
    resource_types={'instance': resource_type('instance', ('host',))},
    default_group_by='type',
)
EVERYTHING = collection.Collection(
    name='usage',
    resource_types={
        'instance': resource_type('instance', ('host',)),
        'volume': resource_type('volume', ('pool', 'host')),
    },
    default_group_by='resource_type',
)


class ParametersTestCase(testtools.TestCase):
    def read(self, *pairs, asked=INSTANCES, rules=RULES, now=NOW):
        """Read parameters, given as (name, value) or as a query string."""
        query = pairs[0] if isinstance(pairs[0], str) else None
        if query is None:
            query = parse.urlencode(pairs)
        return parameters.question(query, asked, rules, now)

    def refused(self, *pairs, kind=errors.InvalidParameter, **kwargs):
        """The detail of the error that reading them raises."""
        error = self.assertRaises(kind, self.read, *pairs, **kwargs)
        self.assertIs(kind, type(error))
        self.assertEqual(400, error.status)
        return error.detail


class TestPeriod(ParametersTestCase):
    def check(self, expected_begin, expected_end, *pairs):
        self.assertEqual(
            usage.Period(
                instants.parse(expected_begin), instants.parse(expected_end)
            ),
            self.read(*pairs).period if pairs else self.read('').period,
        )

    def test_by_default_the_current_month_of_the_time_zone(self):
        self.check('2026-11-01T00:00:00+01:00', '2026-12-01T00:00:00+01:00')

    def test_both_ends(self):
        self.check(
            '2026-10-01T00:00:00Z',
            '2026-10-01T00:00:00.000001Z',
            ('from', '2026-10-01T00:00:00Z'),
            ('to', '2026-10-01T00:00:00.000001Z'),
        )

    def test_from_alone_reaches_until_now(self):
        self.check(
            '2026-02-01T00:00:00Z',
            '2026-11-20T12:00:00.000001Z',
            ('from', '2026-02-01T00:00:00Z'),
        )

    def test_to_alone_begins_with_its_month(self):
        self.check(
            '2026-10-01T00:00:00+02:00',
            '2026-10-09T00:00:00Z',
            ('to', '2026-10-09T00:00:00Z'),
        )

    def test_the_end_of_a_month_belongs_to_that_month(self):
        self.check(
            '2026-10-01T00:00:00+02:00',
            '2026-11-01T00:00:00+01:00',
            ('to', '2026-11-01T00:00:00+01:00'),
        )

    def test_the_future_may_be_asked_about(self):
        self.check(
            '2026-10-01T00:00:00Z',
            '2031-01-01T00:00:00Z',
            ('from', '2026-10-01T00:00:00Z'),
            ('to', '2031-01-01T00:00:00Z'),
        )

    def test_periods_that_are_refused(self):
        for begin, end, reason in (
            ('2026-10-02T00:00:00Z', '2026-10-01T00:00:00Z', 'earlier'),
            ('2026-10-01T00:00:00Z', '2026-10-01T00:00:00Z', 'earlier'),
            ('2026-10-01T02:00:00+02:00', '2026-10-01T00:00:00Z', 'earlier'),
            ('2026-11-21T00:00:00Z', None, 'not in the past'),
            ('2026-11-20T12:00:00.000001Z', None, 'not in the past'),
            ('1969-12-31T23:59:59.999999Z', '1971-01-01T00:00:00Z', '1970'),
            ('2199-12-31T00:00:00Z', '2200-01-01T00:00:00.000001Z', '2200'),
            (None, '1970-01-01T00:00:00Z', '1970'),
            (None, '9999-12-31T23:59:59Z', '2200'),
            ('0001-01-01T00:00:00Z', None, '1970'),
            ('1926-10-01T00:00:00Z', '2026-10-01T00:00:00Z', '1970'),
            ('2000-01-01T00:00:00Z', '2100-01-01T00:00:00Z', '3660 days'),
        ):
            given = [('from', begin), ('to', end)]
            with self.subTest(begin=begin, end=end):
                detail = self.refused(
                    *(pair for pair in given if pair[1]),
                    kind=errors.InvalidPeriod,
                )
                self.assertIn(reason, detail)

    def test_the_longest_period_is_allowed(self):
        rules = dataclasses.replace(RULES, max_period_days=1)
        day = [
            ('from', '2026-10-01T00:00:00Z'),
            ('to', '2026-10-02T00:00:00Z'),
        ]
        self.read(*day, rules=rules)
        day[1] = ('to', '2026-10-02T00:00:00.000001Z')
        self.assertIn(
            '1 days',
            self.refused(*day, rules=rules, kind=errors.InvalidPeriod),
        )

    def test_instants_that_are_none_name_their_parameter(self):
        for name in parameters.PERIOD:
            for value in ('2026-10-01', '2026-10-01T00:00:00', 'x', '1'):
                with self.subTest(name=name, value=value):
                    self.assertTrue(
                        self.refused((name, value)).startswith(name)
                    )

    def test_a_plus_that_became_a_space(self):
        detail = self.refused('from=2026-10-01T00:00:00+02:00')
        self.assertIn('%2B', detail)
        self.read('from=2026-10-01T00:00:00%2B02:00')

    def test_as_of(self):
        self.assertIsNone(self.read('').as_of)
        self.assertEqual(
            NOW - RULES.settling_time,
            self.read(('as_of', '2026-11-20T11:59:00.000001Z')).as_of,
        )
        self.assertIn(
            '60 seconds',
            self.refused(('as_of', '2026-11-20T11:59:00.000002Z')),
        )
        self.refused(
            ('as_of', '1969-01-01T00:00:00Z'), kind=errors.InvalidPeriod
        )


class TestKeys(ParametersTestCase):
    def test_the_default_group(self):
        self.assertEqual(('type',), self.read('').group_by)
        self.assertEqual(
            ('resource_type',), self.read('', asked=EVERYTHING).group_by
        )

    def test_groups_repeated_and_with_commas(self):
        self.assertEqual(
            ('state', 'host', 'type'),
            self.read('group_by=state,host&group_by=type').group_by,
        )

    def test_groups_that_are_refused(self):
        for value in (
            'flavor',
            'type,',
            ',type',
            'type,,state',
            'type,type',
            ' type',
            'from',
            'group_by',
            'all_projects',
            'pool',
        ):
            with self.subTest(value):
                self.assertIn('group_by', self.refused(('group_by', value)))
        self.refused('group_by=type&group_by=type')

    def test_everything_has_the_attributes_of_all(self):
        self.assertEqual(
            ('pool', 'host'),
            self.read('group_by=pool,host', asked=EVERYTHING).group_by,
        )

    def test_filters_are_values_and_nothing_else(self):
        for value in (
            "it's",
            '"',
            "'; DROP TABLE events; --",
            '\\',
            "\\'",
            'a\nb\tc',
            'nul\0',
            '{p1:String}',
            '%(name)s',
            'ünïcode 🐧',
            '+',
            'a,b',
            ' ',
            'x' * 255,
        ):
            with self.subTest(value):
                question = self.read(
                    ('name', value), ('project_id', value), ('host', value)
                )
                self.assertEqual(
                    {'name': (value,), 'host': (value,)}, question.filters
                )
                self.assertEqual((value,), question.project_ids)

    def test_raw_utf8_is_read_as_utf8(self):
        raw = 'name=gr\xfcn'.encode().decode('latin-1')
        self.assertEqual({'name': ('gr\xfcn',)}, self.read(raw).filters)

    def test_any_of_several_values(self):
        question = self.read('state=active&state=stopped&state=active')
        self.assertEqual({'state': ('active', 'stopped')}, question.filters)

    def test_none_of_several_values(self):
        question = self.read(
            'state!=shelved&state%21=error&state!=error&host=a&host!=b'
        )
        self.assertEqual({'host': ('a',)}, question.filters)
        self.assertEqual(
            {'state': ('shelved', 'error'), 'host': ('b',)}, question.excluded
        )

    def test_projects_that_are_left_out_narrow_the_question_only(self):
        question = self.read('all_projects=true&project_id!=a')
        self.assertEqual({'project_id': ('a',)}, question.excluded)
        self.assertEqual((), question.project_ids)

    def test_resource_types_that_are_left_out(self):
        question = self.read('resource_type!=volume', asked=EVERYTHING)
        self.assertEqual(('instance',), question.resource_types)
        self.assertEqual({}, question.excluded)
        self.assertIn(
            'instance, volume',
            self.refused('resource_type!=server', asked=EVERYTHING),
        )
        self.assertIn('leaves no', self.refused('resource_type!=instance'))

    def test_what_is_no_key_cannot_be_negated(self):
        for name in ('from!', 'group_by!', 'all_projects!', '!', 'state!!'):
            with self.subTest(name):
                self.refused((name, 'x'), kind=errors.UnknownParameter)

    def test_resource_types_are_chosen_by_name(self):
        self.assertEqual(
            ('instance', 'volume'),
            self.read('', asked=EVERYTHING).resource_types,
        )
        question = self.read('resource_type=volume', asked=EVERYTHING)
        self.assertEqual(('volume',), question.resource_types)
        self.assertEqual({}, question.filters)
        self.assertIn(
            'instance, volume',
            self.refused('resource_type=server', asked=EVERYTHING),
        )
        self.refused('resource_type=volume', asked=INSTANCES)

    def test_projects(self):
        question = self.read('project_id=a&project_id=b&project_id=a')
        self.assertEqual(('a', 'b'), question.project_ids)
        self.assertFalse(question.all_projects)
        self.assertTrue(self.read('all_projects=True').all_projects)
        self.assertFalse(self.read('all_projects=false').all_projects)
        self.read('all_projects=false&project_id=a')
        self.refused('all_projects=true&project_id=a')
        for value in ('1', 'yes', 'on', 'truee', '0'):
            with self.subTest(value):
                self.refused(('all_projects', value))


class TestRefusals(ParametersTestCase):
    def test_unknown_parameters_are_named_with_the_valid_ones(self):
        detail = self.refused(
            'form=2026-10-01T00:00:00Z&flavour=x&state=active',
            kind=errors.UnknownParameter,
        )
        self.assertIn("'flavour', 'form'", detail)
        unknown, _, valid = detail.partition('; ')
        self.assertNotIn('state', unknown)
        for name in (*parameters.RESERVED, *usage.COMMON_KEYS, 'host'):
            self.assertRegex(valid, rf'\b{name}\b')

    def test_a_name_is_not_repeated_at_any_length(self):
        detail = self.refused('x' * 5000, kind=errors.UnknownParameter)
        self.assertLess(len(detail), 500)
        self.assertNotIn('!', detail)

    def test_names_are_what_they_are(self):
        for name in ('State', 'state[]', 'state ', "state'", 'to\0', ''):
            with self.subTest(name):
                self.refused((name, 'x'), kind=errors.UnknownParameter)

    def test_an_attribute_of_another_type_is_unknown(self):
        self.refused('pool=x', kind=errors.UnknownParameter)

    def test_twice_where_one_is_meant(self):
        for name, value in (
            ('from', '2026-10-01T00:00:00Z'),
            ('to', '2026-10-01T00:00:00Z'),
            ('as_of', '2026-10-01T00:00:00Z'),
            ('all_projects', 'true'),
        ):
            with self.subTest(name):
                self.assertIn(
                    f'{name} may be given once',
                    self.refused((name, value), (name, value)),
                )

    def test_empty_values(self):
        for name in (*parameters.RESERVED, 'project_id', 'state', 'host'):
            for query in (name, f'{name}=', f'{name}=x&{name}='):
                with self.subTest(query):
                    self.assertIn(name, self.refused(query))

    def test_long_values_and_many_values(self):
        self.assertIn('255', self.refused(('state', 'x' * 256)))
        many = [('state', str(number)) for number in range(101)]
        self.read(*many[:100])
        self.assertIn('100', self.refused(*many))

    def test_where_no_parameter_is_expected(self):
        parameters.none_expected('')
        error = self.assertRaises(
            errors.UnknownParameter, parameters.none_expected, 'a=1'
        )
        self.assertIn("'a'", error.detail)
