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
from stratometrics.api import usages
from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions

NOW = instants.parse('2026-11-20T12:00:00.000001Z')
RULES = parameters.Rules(
    zone=zoneinfo.ZoneInfo('Europe/Berlin'),
    max_period_days=3660,
    max_buckets=1000,
    max_results=200,
    max_charges=200,
    max_page_lines=200,
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
        return usages.question(query, asked, rules, now)

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


class TestCalendar(ParametersTestCase):
    """The time zone, buckets, and what a period is compared with."""

    MONTH = (
        ('from', '2026-10-01T00:00:00+02:00'),
        ('to', '2026-11-01T00:00:00+01:00'),
    )

    def previous(self, *pairs):
        """The period that is compared with, as text."""
        period = self.read(*pairs).previous
        return (
            timestamps.isoformat(period.begin),
            timestamps.isoformat(period.end),
        )

    def test_the_default_period_follows_the_time_zone(self):
        question = self.read(('timezone', 'Asia/Kathmandu'))
        self.assertEqual(
            usage.Period(
                instants.parse('2026-11-01T00:00:00+05:45'),
                instants.parse('2026-12-01T00:00:00+05:45'),
            ),
            question.period,
        )
        self.assertEqual('Asia/Kathmandu', question.zone.key)
        self.assertEqual('Europe/Berlin', self.read('').zone.key)

    def test_time_zones_that_are_refused(self):
        for value in (
            'Berlin',
            'europe/berlin',
            '+02:00',
            'CEST',
            '../UTC',
            '/etc/localtime',
            'right/UTC',
            'localtime',
            'Europe',
        ):
            with self.subTest(value):
                self.assertIn('timezone', self.refused(('timezone', value)))

    def test_buckets_follow_the_time_zone(self):
        question = self.read(*self.MONTH, ('granularity', '1h'))
        self.assertEqual('1h', str(question.granularity))
        # October has a day of 25 hours.
        self.assertEqual(31 * 24 + 1, len(question.boundaries) - 1)
        question = self.read(
            *self.MONTH, ('granularity', '1d'), ('timezone', 'UTC')
        )
        self.assertEqual(
            instants.parse('2026-09-30T00:00:00Z'), question.boundaries[0]
        )
        self.assertEqual((), self.read('').boundaries)
        self.assertIsNone(self.read('').granularity)

    def test_granularities_that_are_refused(self):
        for value in ('1m', '5h', '24h', '2d', 'day', '1D', '0h', '-1h', 'h'):
            with self.subTest(value):
                detail = self.refused(('granularity', value))
                self.assertIn('granularity', detail)
                self.assertIn('1h, 2h', detail)

    def test_buckets_are_bounded(self):
        rules = dataclasses.replace(RULES, max_buckets=31)
        self.read(*self.MONTH, ('granularity', '1d'), rules=rules)
        rules = dataclasses.replace(RULES, max_buckets=30)
        detail = self.refused(*self.MONTH, ('granularity', '1d'), rules=rules)
        self.assertIn('granularity 1d', detail)
        self.assertIn('30 buckets', detail)

    def test_the_month_before_a_month(self):
        self.assertEqual(
            ('2026-08-31T22:00:00Z', '2026-09-30T22:00:00Z'),
            self.previous(*self.MONTH, ('compare_to', 'previous')),
        )

    def test_as_long_a_period_before_another(self):
        # In this time zone it is no month.
        self.assertEqual(
            ('2026-08-30T21:00:00Z', '2026-09-30T22:00:00Z'),
            self.previous(
                *self.MONTH, ('compare_to', 'previous'), ('timezone', 'UTC')
            ),
        )

    def test_any_other_period(self):
        self.assertEqual(
            ('2025-09-30T22:00:00Z', '2025-10-31T23:00:00Z'),
            self.previous(
                *self.MONTH,
                (
                    'compare_to',
                    '2025-10-01T00:00:00+02:00/2025-11-01T00:00:00+01:00',
                ),
            ),
        )
        self.assertIsNone(self.read('').previous)

    def test_periods_that_are_refused(self):
        for value in (
            'last',
            '2025-10-01T00:00:00Z',
            '2025-10-01T00:00:00Z/2025-11-01',
            '/',
            '2025-10-01T00:00:00Z/2025-11-01T00:00:00Z/',
        ):
            with self.subTest(value):
                self.assertIn(
                    'compare_to', self.refused(('compare_to', value))
                )
        for value in (
            '2025-10-01T00:00:00Z/2025-10-01T00:00:00Z',
            '1960-10-01T00:00:00Z/1971-10-01T00:00:00Z',
            '1990-10-01T00:00:00Z/2025-10-01T00:00:00Z',
        ):
            with self.subTest(value):
                self.refused(('compare_to', value), kind=errors.InvalidPeriod)
        self.refused(
            ('from', '1970-01-01T00:00:00Z'),
            ('to', '1970-01-02T00:00:00Z'),
            ('compare_to', 'previous'),
            kind=errors.InvalidPeriod,
        )

    def test_a_comparison_has_no_buckets(self):
        detail = self.refused(
            ('compare_to', 'previous'), ('granularity', '1d')
        )
        self.assertIn('granularity and compare_to', detail)


class TestOrder(ParametersTestCase):
    def test_several_names(self):
        question = self.read(
            'sort=-usage,-measures.vcpus,type&group_by=type,state'
        )
        self.assertEqual(
            (
                usage.Order('usage', descending=True),
                usage.Order('measures.vcpus', descending=True),
                usage.Order('type'),
            ),
            question.order,
        )
        self.assertEqual((), self.read('').order)

    def test_names_that_are_refused(self):
        for value in (
            'usage,',
            'state',
            'vcpus',
            'measures.none',
            '--usage',
            '+usage',
            'usage,-usage',
            'project_name',
        ):
            with self.subTest(value):
                self.assertIn('sort', self.refused(('sort', value)))

    def test_limits(self):
        self.assertEqual(200, self.read('limit=200').limit)
        self.assertIsNone(self.read('').limit)
        for value in ('0', '-1', '201', 'x', '1.0', '٣'):
            with self.subTest(value):
                self.assertIn('limit', self.refused(('limit', value)))


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
        for name in (*usages.RESERVED, *usage.COMMON_KEYS, 'host'):
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
            ('granularity', '1d'),
            ('timezone', 'UTC'),
            ('compare_to', 'previous'),
            ('sort', 'usage'),
            ('limit', '1'),
            ('marker', 'x'),
        ):
            with self.subTest(name):
                self.assertIn(
                    f'{name} may be given once',
                    self.refused((name, value), (name, value)),
                )

    def test_empty_values(self):
        for name in (*usages.RESERVED, 'project_id', 'state', 'host'):
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
