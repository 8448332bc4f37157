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
"""Whether a price list fits what is used."""

import functools
import unittest

from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import book
from stratometrics.rating import survey
from stratometrics.tests import priced

FOUND = definitions.Definitions.load(None)
PERIOD = usage.Period(1000, 2000)


class Reader:
    """Knows usage that is spread evenly over the period."""

    def __init__(self, *used):
        self._used = used
        self.questions = []

    def stream_usage(self, query, limited):
        self.questions.append(query)
        length = query.period.end - query.period.begin
        amounts = {}
        for facts in self._used:
            if facts['resource_type'] in query.resource_types:
                group = tuple(facts.get(key, '') for key in query.group_by)
                amounts[group] = amounts.get(group, 0) + length
        return [
            usage.UsageRow(group, amount, {})
            for group, amount in sorted(amounts.items())
        ]


def instance(**facts):
    return {'resource_type': 'instance', 'state': 'active', **facts}


#: From the beginning on.
price = functools.partial(priced.price, valid_from=0)


def report(used, *listed):
    return survey.survey(
        Reader(*used),
        book.PriceBook(priced.created(each) for each in listed),
        FOUND,
        PERIOD,
    )


def unpriced(amount, type_='', state='active', resource_type='instance'):
    return statements.Unpriced(
        period=PERIOD,
        resource_type=resource_type,
        type=type_,
        state=state,
        usage=amount,
    )


class SurveyTest(unittest.TestCase):
    def assert_report(self, used, listed, unused=(), missing=()):
        found = report(used, *listed)
        self.assertEqual(
            (list(unused), list(missing)),
            ([each.id for each in found.unused], list(found.unpriced)),
        )

    def test_all_is_well(self):
        self.assert_report([instance(type='a')], [price('p')])
        self.assert_report([], [])

    def test_usage_without_a_price(self):
        small = price('p', match={'type': ('a',)})
        self.assert_report(
            [
                instance(type='a'),
                instance(type='b'),
                instance(type='b', state='shelved'),
                {'resource_type': 'volume', 'type': 'ssd', 'state': 'x'},
            ],
            [small],
            missing=[
                unpriced(1000, 'b'),
                unpriced(1000, 'b', 'shelved'),
                unpriced(1000, 'ssd', 'x', 'volume'),
            ],
        )

    def test_consumption_too(self):
        self.assert_report(
            [{'resource_type': 'object-request', 'method': 'get'}],
            [],
            missing=[unpriced(1000, state='', resource_type='object-request')],
        )

    def test_a_price_of_any_measure_is_one(self):
        self.assert_report(
            [instance()], [price('p', measure='vcpus'), price('q')]
        )
        self.assert_report([instance()], [price('p', measure='vcpus')])

    def test_a_price_that_nothing_had(self):
        shadowed = price('shadowed', match={'type': ('a',)})
        self.assert_report(
            [instance(type='a', availability_zone='z')],
            [
                price('general'),
                shadowed,
                price(
                    'narrow',
                    match={'type': ('a',), 'availability_zone': ('z',)},
                ),
                price('elsewhere', match={'availability_zone': ('y',)}),
                price('disk', resource_type='volume'),
            ],
            unused=['general', 'elsewhere', 'shadowed', 'disk'],
        )

    def test_a_price_of_another_time_is_not_missed(self):
        self.assert_report(
            [instance()],
            [
                price('past', valid_to=1000),
                price('p', valid_from=1000, valid_to=2000),
                price('future', valid_from=2000),
            ],
        )

    def test_scopes(self):
        self.assert_report(
            [
                instance(project_id='p1', domain_id='d1'),
                instance(project_id='p2', domain_id='d2'),
            ],
            [
                price('project', project_id='p1'),
                price('other', project_id='p3'),
                price('domain', domain_id='d2'),
                price('shadowed', domain_id='d1'),
            ],
            unused=['shadowed', 'other'],
        )

    def test_a_part_of_the_period(self):
        self.assert_report(
            [instance()],
            [price('p', valid_from=1300, valid_to=1500)],
            missing=[unpriced(800)],
        )

    def test_no_more_is_asked_than_the_prices_do(self):
        reader = Reader()
        survey.survey(reader, book.PriceBook([]), FOUND, PERIOD)
        self.assertEqual(
            {('type', 'state')}, {each.group_by for each in reader.questions}
        )
        self.assertEqual(len(FOUND.resource_types), len(reader.questions))
