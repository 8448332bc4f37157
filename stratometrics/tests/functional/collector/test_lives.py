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
"""The life of each resource type, from messages in RabbitMQ to usage."""

from collections import defaultdict
import random

from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.notifications import decoder
from stratometrics.tests import observed
from stratometrics.tests import oracle
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.unit.notifications import base as messages

#: From before the first message until after the last.
PERIOD = usage.Period(messages.moment('06:00:00'), messages.moment('13:00:00'))


class LivesTest(bed.CollectorTestCase):
    """All that services sent or build, out of order, a tenth of it twice."""

    def setUp(self) -> None:
        super().setUp()
        definitions = messages.every_definition()
        #: The resource types that notifications tell of.
        self.told = {
            name: resource_type
            for name, resource_type in definitions.resource_types.items()
            if resource_type.kind is usage.Kind.STATE
            and not resource_type.observed
        }
        decode = decoder.Decoder(definitions, messages.REGION).decode
        arriving = [
            recorded.message for _name, recorded in messages.recordings()
        ]
        self.events: dict[str, list[event_model.Event]] = defaultdict(list)
        for message in arriving:
            for event in decode(message):
                self.events[event.resource_type].append(event)
        chance = random.Random(3)
        arriving += chance.sample(arriving, len(arriving) // 10)
        chance.shuffle(arriving)
        (self.folder / 'all.yaml').write_text(messages.EVERYTHING_ON)
        self.configure('definitions', directory=self.folder)
        self.publish(map(bed.envelope, arriving))
        self.start_and_wait()
        self.wait_stored(
            {
                event.message_id
                for events in self.events.values()
                for event in events
            }
        )

    def ask(
        self, resource_type: str, *group_by: str
    ) -> dict[tuple[str, ...], tuple[int, dict[str, int]]]:
        rows = self.storage.usage(
            usage.UsageQuery(
                period=PERIOD,
                now=PERIOD.end,
                resource_types=(resource_type,),
                group_by=group_by,
            )
        )
        return {row.group: (row.usage, dict(row.measures)) for row in rows}

    def test_each_type_is_billed_as_the_oracle_says(self) -> None:
        for name, resource_type in self.told.items():
            events = self.events[name]
            expected: dict[tuple[str, ...], list[int]] = defaultdict(
                lambda: [0, 0]
            )
            for facts, time in oracle.usage(
                observed.observations(events),
                PERIOD.begin,
                PERIOD.end,
                observed.unbilled(events),
                observed.pending(events),
            ).items():
                amounts = expected[facts[:3]]
                amounts[0] += time
                amounts[1] += time * facts.size
            self.assertNotEqual({}, expected, name)
            first, *_others = (*resource_type.measures, 'none')
            self.assertEqual(
                {group: tuple(sums) for group, sums in expected.items()},
                {
                    group: (time, measures.get(first, 0))
                    for group, (time, measures) in self.ask(
                        name, 'state', 'project_id', 'type'
                    ).items()
                },
                name,
            )

    def test_each_type_can_be_grouped_by_all_that_it_has(self) -> None:
        for name, resource_type in self.told.items():
            ((_group, whole),) = self.ask(name).items()
            for key in {resource_type.group_by, *resource_type.attributes}:
                parts = self.ask(name, key)
                told = {
                    getattr(event, key, None) or event.attributes.get(key, '')
                    for event in self.events[name]
                }
                self.assertLessEqual({group for (group,) in parts}, told, key)
                self.assertEqual(
                    whole[0], sum(time for time, _amounts in parts.values())
                )
                for measure, amount in whole[1].items():
                    self.assertEqual(
                        amount,
                        sum(
                            amounts.get(measure, 0)
                            for _time, amounts in parts.values()
                        ),
                        (name, key, measure),
                    )

    def test_what_was_consumed_counts_once(self) -> None:
        events = self.events['object-request']
        expected: dict[tuple[str, ...], list[int]] = defaultdict(
            lambda: [0, 0]
        )
        for event in events:
            sums = expected[(event.project_id, event.attributes['method'])]
            sums[0] += 1
            sums[1] += event.measures['bytes_sent']
        rows = self.storage.usage(
            usage.UsageQuery(
                period=PERIOD,
                now=PERIOD.end,
                resource_types=('object-request',),
                group_by=('project_id', 'method'),
                kind=usage.Kind.CONSUMPTION,
            )
        )
        self.assertEqual(
            dict(expected),
            {
                row.group: [row.usage, row.measures['bytes_sent']]
                for row in rows
            },
        )
        self.assertEqual({}, self.ask('object-request', 'project_id'))
