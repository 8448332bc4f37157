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
"""Usage by domain and by name, out of a real ClickHouse."""

import dataclasses

from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import usage
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse import reader
from stratometrics.tests.functional import base

NAMED = {
    'volume': {'type': names.VOLUME_TYPE},
    'share': {'type': names.SHARE_TYPE, 'pool': names.FLAVOR},
}

#: A thousand microseconds each; the ids of volume types and of share types
#: are the same on purpose, and one has no name.
VOLUMES = (
    ('p1', 't1'),
    ('p1', 't2'),
    ('p2', 't1'),
    ("p'3", 't3'),
)


def event(number, resource_type, project_id, type_id, **facts):
    return event_model.Event(
        resource_type=resource_type,
        resource_id=f'r{number}',
        event_time=0,
        message_id=f'm{number}',
        rank=event_model.RANK_EVENT,
        phase=event_model.Phase.BILLED,
        state='active',
        project_id=project_id,
        user_id='u1',
        event_type='test',
        type=type_id,
        type_id=type_id,
        measures={'size_gib': 2},
        **facts,
    )


def name(kind, id_, called, parent_id=''):
    return names.Name(kind=kind, id=id_, name=called, parent_id=parent_id)


class TestNamedUsage(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(
            [
                *(
                    event(number, 'volume', *each)
                    for number, each in enumerate(VOLUMES)
                ),
                event(10, 'share', 'p1', 't1', attributes={'pool': 'f1'}),
                event(11, 'instance', 'p2', 't1'),
            ],
            received_at=1,
        )
        self.storage.write_names(
            [
                name(names.VOLUME_TYPE, 't1', 'ssd'),
                name(names.VOLUME_TYPE, 't2', 'hdd'),
                name(names.SHARE_TYPE, 't1', 'nfs'),
                name(names.FLAVOR, 'f1', 'gold'),
                name(names.PROJECT, 'p1', 'acme', 'd1'),
                name(names.PROJECT, 'p2', 'globex', "d'2"),
                name(names.DOMAIN, 'd1', 'first'),
                name(names.USER, 'u1', 'alice', 'd1'),
            ],
            known_at=2,
        )

    def usage(self, *group_by, types=('volume',), **facts):
        """Usage by group; microseconds."""
        query = usage.UsageQuery(
            period=usage.Period(0, 1000),
            now=1000,
            resource_types=types,
            group_by=group_by,
            names=NAMED,
        )
        rows = self.storage.usage(dataclasses.replace(query, **facts))
        found = {row.group: row.usage for row in rows}
        self.assertEqual(len(rows), len(found))
        self.assertEqual(sorted(found), [row.group for row in rows])
        return found

    def test_a_type_is_shown_by_its_name_or_else_its_id(self) -> None:
        self.assertEqual(
            {('ssd',): 2000, ('hdd',): 1000, ('t3',): 1000},
            self.usage('type'),
        )

    def test_the_id_of_a_type_stays_one(self) -> None:
        self.assertEqual(
            {('t1', 'ssd'): 2000, ('t2', 'hdd'): 1000, ('t3', 't3'): 1000},
            self.usage('type_id', 'type'),
        )

    def test_what_is_left_out_is_what_a_filter_gives(self) -> None:
        self.assertEqual(
            {('hdd',): 1000, ('t3',): 1000},
            self.usage('type', excluded={'type': ('ssd',)}),
        )
        # What has a name is not called by its id.
        self.assertEqual(
            {('ssd',): 2000, ('hdd',): 1000},
            self.usage('type', excluded={'type': ('t1', 't3')}),
        )
        self.assertEqual(
            {('hdd',): 1000},
            self.usage(
                'type',
                filters={'type': ('hdd', 'ssd')},
                excluded={'type': ('ssd',)},
            ),
        )
        # A project whose domain is not known is not of this one.
        self.assertEqual(
            {('p2',): 1000, ("p'3",): 1000},
            {
                group[:1]: time
                for group, time in self.usage(
                    'project_id', excluded={'domain_id': ('d1',)}
                ).items()
            },
        )

    def test_buckets_order_and_comparison_are_of_what_is_shown(self) -> None:
        query = usage.UsageQuery(
            period=usage.Period(0, 1000),
            boundaries=(0, 400, 1000),
            now=1000,
            resource_types=('volume',),
            group_by=('type',),
            names=NAMED,
            order=(
                usage.Order('usage', descending=True),
                usage.Order('type', descending=True),
            ),
            limit=2,
        )
        first, second = usage.Period(0, 400), usage.Period(400, 1000)
        ssd, t3 = self.storage.usage(query)
        self.assertEqual(
            {
                first: usage.Amounts(800, {'size_gib': 1600}),
                second: usage.Amounts(1200, {'size_gib': 2400}),
            },
            ssd.buckets,
        )
        self.assertEqual([('ssd',), ('t3',)], [ssd.group, t3.group])
        query = dataclasses.replace(query, after=query.position(t3))
        self.assertEqual(
            [('hdd',)], [row.group for row in self.storage.usage(query)]
        )
        query = dataclasses.replace(
            query, after=(), boundaries=(), period=second, previous=first
        )
        ssd, _ = self.storage.usage(query)
        self.assertEqual(
            (('ssd',), 1200, usage.Amounts(800, {'size_gib': 1600})),
            (ssd.group, ssd.usage, ssd.previous),
        )

    def test_each_resource_type_has_names_of_its_own(self) -> None:
        everything = ('volume', 'share', 'instance')
        self.assertEqual(
            {
                ('ssd',): 2000,
                ('hdd',): 1000,
                ('t3',): 1000,
                ('nfs',): 1000,
                # An instance's type is a name already.
                ('t1',): 1000,
            },
            self.usage('type', types=everything),
        )
        for accepted, expected in (
            ('nfs', 1000),
            ('ssd', 2000),
            ('t1', 1000),
            ('t3', 1000),
        ):
            self.assertEqual(
                {(accepted,): expected},
                self.usage(
                    'type', types=everything, filters={'type': (accepted,)}
                ),
            )

    def test_an_attribute_of_a_definition_is_named_too(self) -> None:
        self.assertEqual(
            {('gold', 'nfs'): 1000},
            self.usage('pool', 'type', types=('share',)),
        )

    def test_a_filter_takes_what_is_shown_and_nothing_else(self) -> None:
        shown = self.usage('type')
        for accepted, time in shown.items():
            self.assertEqual(
                {accepted: time},
                self.usage('type', filters={'type': accepted}),
            )
        self.assertEqual({}, self.usage('type', filters={'type': ('t1',)}))
        self.assertEqual(
            {('ssd',): 2000}, self.usage('type', filters={'type_id': ('t1',)})
        )
        self.assertEqual(
            {('ssd',): 2000, ('t3',): 1000},
            self.usage('type', filters={'type': ('ssd', 't3', "it's")}),
        )

    def test_two_types_of_one_name_are_one_row_or_two(self) -> None:
        self.storage.write_names([name(names.VOLUME_TYPE, 't2', 'ssd')], 3)
        self.assertEqual({('ssd',): 3000, ('t3',): 1000}, self.usage('type'))
        self.assertEqual(
            {('t1', 'ssd'): 2000, ('t2', 'ssd'): 1000, ('t3', 't3'): 1000},
            self.usage('type_id', 'type'),
        )
        self.assertEqual(
            {('ssd',): 3000}, self.usage('type', filters={'type': ('ssd',)})
        )

    def test_a_rename_changes_what_is_shown_and_not_what_was_used(self):
        before = self.usage('type_id')
        self.storage.write_names([name(names.VOLUME_TYPE, 't1', 'fast')], 3)
        self.assertEqual(
            {('fast',): 2000, ('hdd',): 1000, ('t3',): 1000},
            self.usage('type'),
        )
        self.assertEqual(before, self.usage('type_id'))

    def test_as_of_a_time_names_are_those_of_then(self) -> None:
        self.storage.write_names([name(names.VOLUME_TYPE, 't1', 'fast')], 3)
        for as_of, called in ((1, 't1'), (2, 'ssd'), (3, 'fast')):
            self.assertEqual(
                {(called,)},
                set(
                    self.usage(
                        'type',
                        filters={'type': (called,), 'type_id': ('t1',)},
                        period=usage.Period(0, 1),
                        as_of=as_of,
                    )
                ),
            )
        # An answer never holds what was learnt after it.
        self.assertEqual(
            {('p1', '')},
            set(
                self.usage(
                    'project_id',
                    'project_name',
                    project_ids=('p1',),
                    as_of=1,
                )
            ),
        )

    def test_what_is_gone_keeps_its_name(self) -> None:
        self.storage.write_names(
            [names.Name(kind=names.PROJECT, id='p1', found=False)], 3
        )
        self.assertEqual(
            {('p1', 'acme', 'd1', 'first'): 2000},
            self.usage(
                'project_id',
                'project_name',
                'domain_id',
                'domain_name',
                project_ids=('p1',),
            ),
        )

    def test_by_domain(self) -> None:
        self.assertEqual(
            {('d1', 'first'): 2000, ("d'2", ''): 1000, ('', ''): 1000},
            self.usage('domain_id', 'domain_name'),
        )

    def test_domains_and_projects_sum_up_to_the_cloud(self) -> None:
        whole = sum(self.usage('resource_type').values())
        for keys in (
            ('domain_id',),
            ('project_id', 'project_name'),
            ('type',),
        ):
            self.assertEqual(whole, sum(self.usage(*keys).values()))

    def test_of_a_domain(self) -> None:
        for domain_ids, expected in (
            (('d1',), {'p1': 2000}),
            (("d'2",), {'p2': 1000}),
            (('d1', "d'2"), {'p1': 2000, 'p2': 1000}),
            (('d3',), {}),
        ):
            found = self.usage('project_id', filters={'domain_id': domain_ids})
            self.assertEqual(
                expected, {project: time for (project,), time in found.items()}
            )

    def test_a_domain_does_not_widen_what_may_be_seen(self) -> None:
        self.assertEqual(
            {},
            self.usage(
                'project_id',
                filters={'domain_id': ("d'2",)},
                project_ids=('p1',),
            ),
        )

    def test_measures_are_summed_by_name(self) -> None:
        self.storage.write_names([name(names.VOLUME_TYPE, 't2', 'ssd')], 3)
        query = usage.UsageQuery(
            period=usage.Period(0, 1000),
            now=1000,
            resource_types=('volume',),
            group_by=('user_id', 'user_name', 'type'),
            names=NAMED,
        )
        self.assertEqual(
            [
                usage.UsageRow(
                    ('u1', 'alice', 'ssd'), 3000, {'size_gib': 6000}
                ),
                usage.UsageRow(
                    ('u1', 'alice', 't3'), 1000, {'size_gib': 2000}
                ),
            ],
            self.storage.usage(query),
        )

    def test_what_is_consumed_has_names_too(self) -> None:
        consumed = dataclasses.replace(
            event(20, 'requests', 'p1', 't1'),
            phase=event_model.Phase.CONSUMED,
        )
        self.storage.write_events([consumed, consumed], received_at=1)
        self.assertEqual(
            {('p1', 'acme', 'd1', 'first', 'ssd'): 1},
            self.usage(
                'project_id',
                'project_name',
                'domain_id',
                'domain_name',
                'type',
                types=('requests',),
                filters={'type': ('ssd',), 'domain_id': ('d1',)},
                names={'requests': {'type': names.VOLUME_TYPE}},
                kind=usage.Kind.CONSUMPTION,
            ),
        )

    def test_joins_that_make_nulls_elsewhere_make_none_here(self) -> None:
        pool = self.storage._pool
        asked = reader.Reader(pool, months.Months(pool), {'join_use_nulls': 1})
        query = usage.UsageQuery(
            period=usage.Period(0, 1000),
            now=1000,
            resource_types=('volume',),
            group_by=('domain_id', 'domain_name', 'type'),
            filters={'type': ('t3',)},
            names=NAMED,
        )
        self.assertEqual(
            [usage.UsageRow(('', '', 't3'), 1000, {'size_gib': 2000})],
            asked.usage(query),
        )
