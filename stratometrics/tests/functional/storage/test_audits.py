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
"""An audit heals what was lost, from its own time on (R14)."""

from collections.abc import Iterable

from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.tests.functional import base
from stratometrics.tests.unit.notifications import base as messages

#: A server whose flavor changes between two audits, and another that is
#: deleted; a volume that is resized and retyped before its audit.
RESIZED = '007628e1-995f-411c-815a-55c817d98ef6'
DELETED = '6de8a33e-4f8e-46d7-b459-c558bf97f720'
VOLUME = 'c1f0aa55-552e-4a7d-b175-43ba56b6883b'

BEGIN = messages.moment('06:00:00')
END = messages.moment('08:00:00')

Answer = list[usage.UsageRow]


class AuditTest(base.StorageTestCase):
    """What is lost between two moments, and what is known after it."""

    def ask(self, resource_id: str, begin: int, end: int) -> Answer:
        return self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(begin, end),
                now=END,
                resource_types=('instance', 'volume'),
                group_by=('state', 'type', 'type_id'),
                filters={'resource_id': (resource_id,)},
            )
        )

    def store(self, events: Iterable[event_model.Event]) -> None:
        found = list(events)
        births = [birth for one in found if (birth := one.birth())]
        self.storage.write_events([*births, *found], 1)

    def answers(
        self, resource_id: str, lost_after: str, audit: str
    ) -> tuple[list[Answer], list[Answer]]:
        """The answers before and after an audit, and what they should be.

        :param lost_after: all that is after this time of the day and before
            the audit never came.
        :param audit: the time of the audit, which did.
        """
        after, at = messages.moment(lost_after), messages.moment(audit)
        life = messages.life(resource_id)
        lost = [one for one in life if after < one.event_time < at]
        self.assertTrue(lost)
        [audited] = [one for one in life if one.event_time == at]
        self.assertEqual('exists', audited.event_type.split('.')[-1])
        periods = ((BEGIN, at), (at, END))
        self.store(one for one in life if one not in lost)
        healed = [self.ask(resource_id, *period) for period in periods]
        self.store(lost)
        whole = [self.ask(resource_id, *period) for period in periods]
        return healed, whole

    def test_a_lost_resize_of_a_server(self) -> None:
        healed, whole = self.answers(
            RESIZED, '07:00:08.660000', '07:00:15.142196'
        )
        self.assertEqual(whole[1], healed[1])
        self.assertIn(
            ('resized', 'm1.small'), {row.group[:2] for row in healed[1]}
        )
        self.assertNotEqual(whole[0], healed[0])

    def test_a_lost_resize_and_retype_of_a_volume(self) -> None:
        healed, whole = self.answers(VOLUME, '06:59:24', '07:19:15.604424')
        self.assertEqual(whole[1], healed[1])
        [row] = healed[1]
        self.assertEqual({'size_gib': 15 * row.usage}, row.measures)
        self.assertNotEqual(whole[0], healed[0])

    def test_a_lost_deletion_of_a_server(self) -> None:
        """The audit tells when, to the second."""
        life = messages.life(DELETED)
        deletion = messages.moment('06:59:57.805949')
        end = messages.moment('06:59:57.999999')
        self.store(one for one in life if one.event_time < deletion)
        running = self.ask(DELETED, end + 1, END)
        self.assertTrue(running)
        self.store(one for one in life if one.event_time == end)
        self.assertEqual([], self.ask(DELETED, end, END))
        self.assertTrue(self.ask(DELETED, deletion, end))
