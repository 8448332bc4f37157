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
"""Writers that are held up anywhere, while others and a derivation go on."""

import itertools

from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional.storage import steps
from stratometrics.tests.functional.storage import test_openings
from stratometrics.tests.functional.storage.test_openings import seen

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER, JANUARY = test_openings.MONTHS

#: What may be between two steps: each call to the store.
_CALLS = ('$database.events', '$database.deaths', '$database.months')


class HeldUpTest(test_openings.OpeningsTestCase):
    """An end, a straggler, and the derivation of December."""

    END = seen(SEPTEMBER + 5, 'deleted', 'm2')

    def setUp(self) -> None:
        super().setUp()
        self._examples = itertools.count(1)
        self.writers = [driver.get_storage(self.conf) for _ in range(2)]
        for each in self.writers:
            self.addCleanup(each.close)
        # There are many short writes, and none has to survive a crash.
        for table in ('events', 'deaths', 'months'):
            self.pool.execute(
                f'ALTER TABLE $database.{table} MODIFY SETTING '
                'fsync_after_insert = 0, fsync_part_directory = 0'
            )
        patch = steps.patch()
        patch.start()
        self.addCleanup(patch.stop)

    def begin(self) -> None:
        """What there is before: October and November are opened."""
        self.resource_type = f'type{next(self._examples)}'
        self.told = []
        self.pool.execute('TRUNCATE TABLE $database.months')
        self.tell(seen(SEPTEMBER + 1))
        self.storage.open_month(OCTOBER)
        self.storage.open_month(NOVEMBER)

    def check_each(self, straggler) -> None:
        """Hold the writers up before any two of their calls."""
        held_up = 0
        ending = True
        for ending_goes in itertools.count(1):
            for straggling_goes in itertools.count(1):
                self.begin()
                straggling = self.writing(straggler, 0)
                ending = self.writing(self.END, 1)
                _go(straggling, straggling_goes)
                _go(ending, ending_goes)
                was_held_up = not straggling.done
                end_was_held_up = not ending.done
                self.storage.open_month(DECEMBER)
                for each in (ending, straggling):
                    _go(each)
                self.check_answers((NOVEMBER, DECEMBER, JANUARY))
                held_up += 1
                if not was_held_up:
                    break
            if not end_was_held_up:
                break
        self.assertGreater(held_up, 15)

    def writing(self, observation, number: int) -> steps.Actor:
        return steps.Actor(
            lambda: self.tell(observation, by=self.writers[number]), _CALLS
        )

    def test_a_late_straggler(self) -> None:
        self.check_each(seen(OCTOBER + 5, message_id='m3'))

    def test_a_straggler_of_now(self) -> None:
        self.check_each(seen(DECEMBER + 5, message_id='m3'))


def _go(actor: steps.Actor, number: int = 1000) -> None:
    for _ in range(number):
        if actor.done:
            break
        actor.step()
