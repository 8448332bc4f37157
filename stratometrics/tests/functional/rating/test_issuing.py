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
"""Statements are issued out of a real ClickHouse, and adjusted by later ones.

The figures are derived by hand.
"""

import dataclasses
import decimal
import fractions
import threading
from typing import Any
import zoneinfo

from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import corrections
from stratometrics.rating import issuing
from stratometrics.rating import runs
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering import document
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.functional.rating import test_billing

at = test_billing.at
event = test_billing.event
price = test_billing.price

JULY = usage.Period(at(7, 1), at(8, 1))
AUGUST = usage.Period(at(8, 1), at(9, 1))
SEPTEMBER = usage.Period(at(9, 1), at(10, 1))
#: When the months are issued.
IN_AUGUST, IN_SEPTEMBER, IN_OCTOBER = at(8, 4), at(9, 4), at(10, 4)

SERVER = {'type': 'm1.small', 'name': 'web', 'measures': {'vcpus': 2}}
PRICES = [
    price('vcpu', 'instance', '0.01', measure='vcpus'),
    price('disk', 'volume', '0.10', match={'type': ('gold',)}),
]
EVENTS = [
    event('instance', 'i1', 'p', at(6, 20), **SERVER),
    event('instance', 'i2', 'q', at(6, 20), **SERVER),
]


def released(address):
    """The end of a floating IP at noon of the last day of July."""
    return event(
        'floating-ip',
        address,
        'p',
        at(7, 31, 12),
        rank=event_model.RANK_DELETION,
        phase=event_model.Phase.ENDED,
        state='deleted',
    )


def told(lines):
    """Of each line what is charged, when, and for how much."""
    return [
        (line.price_id, line.period, line.quantity, line.amount)
        for line in lines
    ]


class IssuingTestCase(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(EVENTS, received_at=at(6, 20))
        self.enter(prices.Change.CREATED, PRICES, at(6, 1))
        self.issuer = self.issuer_at(at(11, 1))
        self.runs = self.runs_at(at(11, 1))

    def enter(self, change, listed, when):
        self.storage.record_prices(
            [
                prices.Entry(change=change, at=when, by='alice', price=each)
                for each in listed
            ]
        )

    def issuer_at(self, now, storage=None, zone=test_billing.ZONE):
        return issuing.Issuer(
            storage or self.storage,
            definitions.Definitions.load(None),
            issuing.Terms(zone=zone, rounding='half_up', settling_time=0),
            lambda: now,
        )

    def runs_at(self, now, storage=None, zone=test_billing.ZONE):
        return runs.Runs(self.issuer_at(now, storage, zone))

    def issue(self, month, as_of, project_id='p', **options):
        found, new = self.issuer.issue(
            project_id, month, 'alice', as_of, **options
        )
        self.assertTrue(new)
        return canonical.read(found.content)


class IssuingTest(IssuingTestCase):
    def test_a_statement_is_issued_once(self) -> None:
        first, new = self.issuer.issue('p', JULY, 'alice', IN_AUGUST)
        self.assertTrue(new)
        self.assertEqual(
            ('2026-07-p', 'p', JULY, IN_AUGUST, 'alice'),
            (
                first.number,
                first.project_id,
                first.period,
                first.as_of,
                first.issued_by,
            ),
        )
        self.assertEqual(canonical.digest(first.content), first.sha256)
        # Two vCPUs for 744 hours.
        [total] = document.of(first).statement.totals
        self.assertEqual(('EUR', '14.88'), (total.currency, str(total.amount)))
        self.storage.write_events(
            [event('instance', 'i3', 'p', at(7, 2), **SERVER)], at(8, 5)
        )
        again, new = self.issuer.issue('p', JULY, 'bob')
        self.assertFalse(new)
        self.assertEqual(first, again)
        self.assertEqual([], self.issuer.verify('2026-07-p'))

    def test_a_preview_is_what_is_issued(self) -> None:
        self.issue(JULY, IN_AUGUST)
        self.storage.write_events(
            [event('instance', 'i3', 'p', at(7, 2), **SERVER)], at(8, 5)
        )
        before = self.issuer.preview('p', AUGUST, IN_SEPTEMBER, daily=True)
        self.assertTrue(before.adjustments)
        issued = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual(before, issued)
        # R15: to the byte, whatever came and was issued since.
        self.storage.write_events(
            [event('instance', 'i4', 'p', at(7, 9), **SERVER)], at(9, 8)
        )
        self.issue(SEPTEMBER, IN_OCTOBER)
        for number in ('2026-07-p', '2026-08-p', '2026-09-p'):
            self.assertEqual([], self.issuer.verify(number))
        self.assertEqual(
            canonical.text(issued),
            canonical.text(
                self.issuer.preview('p', AUGUST, IN_SEPTEMBER, daily=True)
            ),
        )

    def test_a_late_event_is_an_adjustment_once(self) -> None:
        july = self.issue(JULY, IN_AUGUST)
        # It ended a day before July did, and that is heard of in August.
        self.storage.write_events(
            [
                event(
                    'instance',
                    'i1',
                    'p',
                    at(7, 31),
                    rank=event_model.RANK_DELETION,
                    phase=event_model.Phase.ENDED,
                    state='deleted',
                )
            ],
            at(8, 10),
        )
        august = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual((), august.lines)
        self.assertEqual(
            [('vcpu', JULY, -48, fractions.Fraction('-0.48'))],
            told(august.adjustments),
        )
        self.assertEqual('-0.48', str(august.totals[0].amount))
        # There is nothing that September could say.
        self.assertRaises(
            issuing.NothingUsed, self.issue, SEPTEMBER, IN_OCTOBER
        )
        # What was charged is what July comes to.
        self.assertEqual(
            self.issuer.preview('p', JULY, IN_OCTOBER).totals[0].exact,
            july.totals[0].exact + august.totals[0].exact,
        )

    def test_what_was_heard_before_is_no_adjustment(self) -> None:
        self.issue(JULY, IN_AUGUST)
        # A copy, and what is of August alone.
        self.storage.write_events(
            [EVENTS[0], event('instance', 'i3', 'p', at(8, 2), **SERVER)],
            at(8, 10),
        )
        self.assertEqual((), self.issue(AUGUST, IN_SEPTEMBER).adjustments)

    def test_months_issued_out_of_order(self) -> None:
        self.issue(JULY, IN_AUGUST)
        self.storage.write_events(
            [event('instance', 'i3', 'p', at(8, 31), **SERVER)], at(9, 20)
        )
        self.issue(SEPTEMBER, IN_OCTOBER)
        # August is issued as of a time before it was heard of this, and
        # September had no statement of August to adjust.
        august = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual((), august.adjustments)
        october = usage.Period(at(10, 1), at(11, 1))
        found = self.issuer.preview('p', october, at(11, 1))
        self.assertEqual(
            [('vcpu', AUGUST, 48, fractions.Fraction('0.48'))],
            told(found.adjustments),
        )

    def test_a_transfer_that_is_heard_of_late(self) -> None:
        """R6: it concerns the former owner, of whom the event is silent."""
        self.issue(JULY, IN_AUGUST, 'p')
        self.issue(JULY, IN_AUGUST, 'q')
        self.storage.write_events(
            [event('instance', 'i1', 'q', at(7, 31), **SERVER)], at(8, 10)
        )
        for project_id, hours in (('p', -48), ('q', 48)):
            found = self.issuer.preview(project_id, AUGUST, IN_SEPTEMBER)
            self.assertEqual(
                [('vcpu', JULY, hours, fractions.Fraction(hours, 100))],
                told(found.adjustments),
            )

    def succeed(self, **changes: Any) -> None:
        """End the price of vCPUs on 31 July, and enter another one for it.

        :param changes: what that has not in common with it.
        """
        [vcpu, _] = PRICES
        self.enter(
            prices.Change.AMENDED,
            [dataclasses.replace(vcpu, valid_to=at(7, 31))],
            at(8, 10),
        )
        self.enter(
            prices.Change.CREATED,
            [dataclasses.replace(vcpu, id='successor', **changes)],
            at(8, 10) + 1,
        )

    def test_a_price_that_is_changed_for_the_past(self) -> None:
        self.issue(JULY, IN_AUGUST)
        self.succeed(
            valid_from=at(7, 31),
            tiers=(prices.Tier(decimal.Decimal('0.02')),),
        )
        august = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual(
            fractions.Fraction('0.48'),
            sum(line.amount for line in august.adjustments),
        )
        self.assertEqual(
            {JULY.begin, at(7, 31)},
            {line.period.begin for line in august.adjustments},
        )
        self.assertEqual((), self.issue(SEPTEMBER, IN_OCTOBER).adjustments)

    def test_a_price_that_is_ended_for_the_past(self) -> None:
        self.issue(JULY, IN_AUGUST)
        self.succeed(valid_from=at(8, 1))
        august = self.issue(AUGUST, IN_SEPTEMBER, allow_unpriced=True)
        self.assertEqual(
            fractions.Fraction('-0.48'),
            sum(line.amount for line in august.adjustments),
        )
        self.assertEqual([JULY], [each.period for each in august.unpriced])

    def test_no_more_is_computed_than_may_have_changed(self) -> None:
        known = definitions.Definitions.load(None).resource_types
        finder = corrections.Corrections(
            self.storage,
            billing.Biller(self.storage, known, test_billing.ZONE, 'half_up'),
            known,
        )
        settled = {'p': {JULY: IN_AUGUST}}
        # One of somebody who used nothing since was settled long ago.
        marks = {**settled, 'gone': {JULY: at(8, 1)}}

        def suspects():
            return [
                finder.suspects(marks, IN_SEPTEMBER, AUGUST.begin, every)
                for every in (False, True)
            ]

        self.storage.write_events(
            [event('instance', 'i1', 'p', at(7, 30), **SERVER)], IN_AUGUST
        )

        self.enter(
            prices.Change.CREATED,
            [
                price('agreed', 'instance', '5', project_id='q'),
                price('new', 'instance', '5', valid_from=at(8, 1)),
            ],
            at(8, 10),
        )
        self.storage.write_events(
            [
                event('instance', 'i2', 'q', at(7, 2), **SERVER),
                event('instance', 'i1', 'p', at(8, 2), **SERVER),
            ],
            at(8, 10),
        )
        self.assertEqual([{}, {}], suspects())
        self.storage.write_events(
            [event('instance', 'i1', 'p', at(7, 31), **SERVER)], at(8, 10)
        )
        self.assertEqual([settled, settled], suspects())

    def test_a_name_by_which_a_price_is_found(self) -> None:
        self.storage.write_events(
            [event('volume', 'v', 'p', at(7, 31), type='type-1')], at(7, 31)
        )
        self.issue(JULY, IN_AUGUST, allow_unpriced=True)
        self.storage.write_names(
            [names.Name(kind=names.VOLUME_TYPE, id='type-1', name='gold')],
            at(8, 10),
        )
        self.assertEqual(
            [('disk', JULY, 24, fractions.Fraction('2.4'))],
            told(self.issue(AUGUST, IN_SEPTEMBER).adjustments),
        )

    def test_another_name_changes_no_month_that_was_issued(self) -> None:
        def called(volume_type, domain, when):
            self.storage.write_names(
                [
                    names.Name(
                        kind=names.VOLUME_TYPE, id='type-1', name=volume_type
                    ),
                    names.Name(
                        kind=names.PROJECT, id='p', name='p', parent_id=domain
                    ),
                ],
                when,
            )

        volume = {'type': 'type-1', 'message_id': 'v'}
        self.storage.write_events(
            [event('volume', 'v', 'p', at(7, 31), **volume)], at(7, 31)
        )
        self.enter(
            prices.Change.CREATED,
            [
                price('agreed', 'instance', '1', domain_id='d1'),
                price(
                    *('premium', 'volume', '0.20'),
                    match={'type': ('premium',)},
                    valid_from=AUGUST.begin,
                ),
            ],
            at(7, 1),
        )
        called('gold', 'd1', at(7, 31))
        july = self.issue(JULY, IN_AUGUST)
        self.assertIn('agreed', [line.price_id for line in july.lines])
        called('premium', 'd2', at(8, 10))
        august = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual((), august.adjustments)
        self.assertEqual(
            ['vcpu', 'premium'], [line.price_id for line in august.lines]
        )
        # What is known late has the price that it had then.
        self.storage.write_events(
            [event('volume', 'w', 'p', at(7, 31), **volume)], at(9, 10)
        )
        called('dear', 'd3', at(9, 11))
        october = self.issue(SEPTEMBER, IN_OCTOBER, allow_unpriced=True)
        self.assertEqual(
            [
                ('disk', JULY, 24, fractions.Fraction('2.4')),
                ('premium', AUGUST, 744, fractions.Fraction('148.8')),
            ],
            told(october.adjustments),
        )
        self.assertEqual([], self.issuer.verify('2026-08-p'))
        self.assertEqual([], self.issuer.verify('2026-09-p'))

    def test_a_name_that_was_learnt_late_is_kept(self) -> None:
        self.storage.write_events(
            [event('volume', 'v', 'p', at(7, 31), type='type-1')], at(7, 31)
        )
        self.issue(JULY, IN_AUGUST, allow_unpriced=True)
        for name, when in (('gold', at(8, 10)), ('dear', at(9, 10))):
            self.storage.write_names(
                [names.Name(kind=names.VOLUME_TYPE, id='type-1', name=name)],
                when,
            )
        august = self.issue(AUGUST, IN_SEPTEMBER)
        self.assertEqual(
            [('disk', JULY, 24, fractions.Fraction('2.4'))],
            told(august.adjustments),
        )
        october = self.issue(SEPTEMBER, IN_OCTOBER, allow_unpriced=True)
        self.assertEqual((), october.adjustments)

    def test_usage_without_a_price_is_refused(self) -> None:
        self.storage.write_events(
            [event('floating-ip', 'f', 'p', at(7, 31))], at(7, 31)
        )
        refused = self.assertRaises(
            issuing.NoPrice, self.issue, JULY, IN_AUGUST
        )
        [unpriced] = refused.unpriced
        self.assertEqual('floating-ip', unpriced.resource_type)
        self.assertIsNone(self.storage.issued('2026-07-p'))
        found = self.issue(JULY, IN_AUGUST, allow_unpriced=True)
        self.assertEqual((unpriced,), found.unpriced)

    def test_usage_without_a_price_that_is_heard_of_late(self) -> None:
        self.issue(JULY, IN_AUGUST)
        address = event('floating-ip', 'f', 'p', at(7, 31))
        self.storage.write_events([address, released('f')], at(8, 10))
        for refuse in (
            lambda: self.issue(AUGUST, IN_SEPTEMBER),
            lambda: self.runs.issue(AUGUST, 'alice', IN_SEPTEMBER),
        ):
            refused = self.assertRaises(issuing.NoPrice, refuse)
            self.assertEqual(
                [('floating-ip', JULY, 12)],
                [
                    (each.resource_type, each.period, each.quantity)
                    for each in refused.unpriced
                ],
            )
        self.assertEqual([], self.storage.receipts(month='2026-08'))
        august = self.issue(AUGUST, IN_SEPTEMBER, allow_unpriced=True)
        self.assertEqual(
            [(JULY, 12)],
            [(each.period, each.quantity) for each in august.unpriced],
        )
        self.assertEqual([], self.issuer.verify('2026-08-p'))
        # It is told once.
        self.assertEqual((), self.issue(SEPTEMBER, IN_OCTOBER).unpriced)

    def test_usage_that_lost_its_price(self) -> None:
        self.issue(JULY, IN_AUGUST)
        [vcpu, _] = PRICES
        self.enter(prices.Change.WITHDRAWN, [vcpu], at(8, 10))
        refused = self.assertRaises(
            issuing.NoPrice, self.issue, AUGUST, IN_SEPTEMBER
        )
        self.assertEqual(
            [AUGUST, JULY], [each.period for each in refused.unpriced]
        )

    def test_when_a_month_can_be_issued(self) -> None:
        early = self.issuer_at(at(8, 1) - 1)
        with self.assertRaisesRegex(issuing.NotOver, '2026-07-31T22:00:00Z'):
            early.issue('p', JULY, 'alice')
        for as_of in (at(8, 1) - 1, at(11, 1) + 1):
            self.assertRaises(issuing.WrongWatermark, self.issue, JULY, as_of)
        self.assertRaises(
            issuing.NothingUsed, self.issue, JULY, IN_AUGUST, 'nobody'
        )
        self.assertEqual([], self.storage.receipts())

    def test_months_of_another_calendar(self) -> None:
        """They overlap, or leave a gap, in which nothing is charged."""
        self.issue(JULY, IN_AUGUST)
        for name in ('UTC', 'Asia/Tokyo'):
            zone = zoneinfo.ZoneInfo(name)
            issuer = self.issuer_at(at(11, 1), zone=zone)
            for month in ('2026-08', '2026-06'):
                period = months.read(month, zone)
                with self.assertRaisesRegex(
                    issuing.OtherCalendar, '2026-07-p'
                ):
                    issuer.issue('p', period, 'alice')
                with self.assertRaisesRegex(
                    issuing.OtherCalendar, '2026-07-p'
                ):
                    self.runs_at(at(11, 1), zone=zone).issue(period, 'alice')
        self.assertEqual(1, len(self.storage.receipts()))

    def test_a_text_that_was_altered(self) -> None:
        first, _ = self.issuer.issue('p', JULY, 'alice', IN_AUGUST)
        self.storage.record_statements(
            [
                dataclasses.replace(
                    first,
                    issued_at=first.issued_at - 1,
                    content=first.content.replace('14.88', '24.88'),
                )
            ]
        )
        [problem] = self.issuer.verify('2026-07-p')
        self.assertIn('SHA-256', problem)
        self.assertRaises(
            issuing.UnknownStatement, self.issuer.verify, '2026-07-x'
        )

    def test_the_first_that_was_issued_counts(self) -> None:
        first, _ = self.issuer.issue('p', JULY, 'alice', IN_AUGUST)
        other = dataclasses.replace(
            first, issued_at=first.issued_at + 1, issued_by='bob'
        )
        self.storage.record_statements([other])
        for _ in range(2):
            self.assertEqual(first, self.storage.issued('2026-07-p'))
            [receipt] = self.storage.receipts(('p',), '2026-07')
            self.assertEqual('alice', receipt.issued_by)
            self.storage._pool.execute_on_shards(
                'OPTIMIZE TABLE $database.statements FINAL'
            )


class ManyTest(IssuingTestCase):
    def test_all_projects_get_what_each_gets_alone(self) -> None:
        self.issue(JULY, IN_AUGUST, 'q')
        self.storage.write_events(
            [
                event('instance', 'i3', 'r', at(7, 2), **SERVER),
                # q used nothing in August, but less in July.
                event(
                    'instance',
                    'i2',
                    'q',
                    at(7, 31),
                    rank=event_model.RANK_DELETION,
                    phase=event_model.Phase.ENDED,
                ),
            ],
            at(8, 10),
        )
        alone = {
            project_id: self.issuer.preview(
                project_id, AUGUST, IN_SEPTEMBER, daily=True
            )
            for project_id in ('p', 'q', 'r')
        }
        planned = self.runs.issue(AUGUST, 'alice', IN_SEPTEMBER, dry_run=True)
        self.assertEqual(['2026-07-q'], self.numbers())
        done = self.runs.issue(AUGUST, 'alice', IN_SEPTEMBER)
        self.assertEqual(planned, done)
        self.assertEqual((3, 0, 1), (done.issued, done.skipped, done.adjusted))
        # Two servers of 14.88 each, and a day less of one.
        self.assertEqual({'EUR': fractions.Fraction('29.28')}, done.totals)
        for project_id, expected in alone.items():
            issued = self.storage.issued(f'2026-08-{project_id}')
            self.assertEqual(expected, canonical.read(issued.content))
        again = self.runs.issue(AUGUST, 'bob')
        self.assertEqual((0, 3), (again.issued, again.skipped))

    def numbers(self):
        return [receipt.number for receipt in self.storage.receipts()]

    def test_nothing_is_issued_if_any_usage_has_no_price(self) -> None:
        self.storage.write_events(
            [event('floating-ip', 'f', 'q', at(7, 31))], at(7, 31)
        )
        refused = self.assertRaises(
            issuing.NoPrice, self.runs.issue, JULY, 'alice'
        )
        self.assertEqual(
            ['floating-ip'], [each.resource_type for each in refused.unpriced]
        )
        self.assertEqual([], self.numbers())
        done = self.runs.issue(JULY, 'alice', allow_unpriced=True)
        self.assertEqual((2, 1), (done.issued, done.unpriced))

    def test_some_projects(self) -> None:
        # What others used without a price is not in question, nor what was
        # heard of later.
        for project_id, received_at in (('p', at(7, 31)), ('q', at(9, 1))):
            self.storage.write_events(
                [event('floating-ip', project_id, project_id, at(7, 31))],
                received_at,
            )
        self.runs.issue(JULY, 'alice', IN_AUGUST, project_ids=['q', 'nobody'])
        self.assertEqual(['2026-07-q'], self.numbers())

    def test_who_lost_the_right_to_issue_issues_nothing_twice(self) -> None:
        first, _ = self.issuer.issue('p', JULY, 'alice', IN_AUGUST)
        rivals = dataclasses.replace(
            first, number='2026-08-q', project_id='q', period=AUGUST
        )
        done = self.runs.issue(AUGUST, 'bob', progress=self.rival(rivals))
        self.assertEqual(1, done.issued)
        self.assertEqual(rivals, self.storage.issued('2026-08-q'))

    def test_who_lost_the_right_to_issue_adjusts_nothing_twice(self) -> None:
        first, _ = self.issuer.issue('q', JULY, 'alice', IN_AUGUST)
        # It may have adjusted July as well.
        rivals = dataclasses.replace(
            first,
            number='2026-09-q',
            period=SEPTEMBER,
            as_of=IN_OCTOBER,
            issued_at=first.issued_at + 1,
        )
        done = self.runs.issue(AUGUST, 'bob', progress=self.rival(rivals))
        self.assertEqual(1, done.issued)
        self.assertIsNone(self.storage.issued('2026-08-q'))
        again = self.runs.issue(AUGUST, 'bob')
        self.assertEqual((1, 1), (again.issued, again.skipped))

    def rival(self, issued):
        storage = self.storage

        class Rival(runs.Progress):
            """Issues a statement in the meantime."""

            def begin(self, expected):
                storage.record_statements([issued])

        return Rival()

    def test_one_connection_will_do(self) -> None:
        self.runs.issue(JULY, 'alice', IN_AUGUST)
        self.storage.write_events(
            [
                event('instance', f'{project_id}2', project_id, at(7, 31))
                for project_id in ('p', 'q')
            ],
            at(8, 10),
        )
        for name, value in (('pool_size', 1), ('pool_timeout', 1)):
            self.conf.set_override(name, value, group='clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        done = self.runs_at(at(11, 1), storage).issue(
            AUGUST, 'alice', IN_SEPTEMBER
        )
        self.assertEqual(2, done.issued)

    def test_what_belongs_to_nobody(self) -> None:
        self.storage.write_events(
            [event('instance', 'i3', '', at(7, 2), **SERVER)], at(7, 2)
        )
        with self.assertLogs(runs.__name__, 'WARNING') as logged:
            self.runs.issue(JULY, 'alice')
        self.assertIn('2026-07 belongs to no project', logged.output[0])
        self.assertEqual(['2026-07-p', '2026-07-q'], self.numbers())

    def test_months_that_lack_a_statement_are_told(self) -> None:
        done = self.runs.issue(JULY, 'alice', IN_AUGUST)
        self.assertEqual({}, done.missing)
        # Nothing was known of r when July was issued, and August never was.
        self.storage.write_events(
            [event('instance', 'i3', 'r', at(7, 2), **SERVER)], at(8, 10)
        )
        for some, missing in (
            ((), {JULY: 1, AUGUST: 3}),
            (('p',), {AUGUST: 1}),
        ):
            done = self.runs.issue(
                SEPTEMBER, 'alice', IN_OCTOBER, some, dry_run=True
            )
            self.assertEqual(missing, done.missing)
        self.runs.issue(JULY, 'alice', IN_OCTOBER)
        self.runs.issue(AUGUST, 'alice', IN_OCTOBER)
        done = self.runs.issue(SEPTEMBER, 'alice', IN_OCTOBER)
        self.assertEqual({}, done.missing)

    def test_any_number_of_projects(self) -> None:
        """Nobody waits for an answer of a few groups, as a caller does.

        For months without a statement is only looked where that is cheap.
        """
        self.runs.issue(JULY, 'alice', IN_AUGUST)
        self.conf.set_override('query_max_result_rows', 1, 'clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        with self.assertLogs(runs.__name__, 'WARNING') as logged:
            done = self.runs_at(at(11, 1), storage).issue(
                AUGUST, 'alice', IN_SEPTEMBER
            )
        self.assertEqual((2, {}), (done.issued, done.missing))
        self.assertIn('which earlier months lack', logged.output[0])

    def test_two_runs_at_once(self) -> None:
        self.patch(runs, '_TOGETHER', 1)
        done, refused = [], []

        def run():
            storage = driver.get_storage(self.conf)
            try:
                done.append(self.runs_at(at(11, 1), storage).issue(JULY, 'me'))
            except issuing.Busy as error:
                refused.append(error)
            finally:
                storage.close()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], refused)
        self.assertEqual([0, 2], sorted(each.issued for each in done))
        self.assertEqual([0, 2], sorted(each.skipped for each in done))
        [(rows,)] = self.storage._pool.execute(
            'SELECT count() FROM $database.statements'
        )
        self.assertEqual(2, rows)


class PurgedTest(IssuingTestCase):
    """An earlier month was purged after its statement was issued."""

    def setUp(self) -> None:
        super().setUp()
        self.issue(JULY, IN_AUGUST)
        self.conf.set_override('query_timeout', 0.1, group='clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        self.august = months.begin_of(2026, 8)
        storage.open_month(self.august)
        storage.purge(self.august)
        self.issuer = self.issuer_at(timestamps.now())
        self.runs = self.runs_at(timestamps.now())

    def test_what_is_late_for_it_does_not_stop_later_statements(self) -> None:
        self.storage.write_events(
            [released('a1'), event('floating-ip', 'a1', 'p', at(7, 3))],
            timestamps.now(),
        )
        self.issuer = self.issuer_at(timestamps.now())
        with self.assertLogs(corrections.__name__, 'WARNING') as logged:
            statement = self.issue(SEPTEMBER, None)
        self.assertIn('stays as it was settled', logged.output[0])
        self.assertEqual((), statement.adjustments)
        self.assertNotEqual((), statement.lines)
        self.assertRaises(errors.Purged, self.issuer.verify, '2026-09-p')

    def test_its_own_statement_cannot_be_verified_any_more(self) -> None:
        self.assertRaises(errors.Purged, self.issuer.verify, '2026-07-p')

    def test_a_run_over_all_projects(self) -> None:
        """It does not look for statements that lack before the purge."""
        summary = self.runs.issue(SEPTEMBER, 'alice')
        self.assertEqual(2, summary.issued)
        self.assertEqual({}, summary.missing)
