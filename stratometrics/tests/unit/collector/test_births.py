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
from hypothesis import given
from hypothesis import strategies as st
import testtools

from stratometrics.collector import births
from stratometrics.model import event as event_model
from stratometrics.tests.unit.collector import fakes

EVENTS = st.lists(
    st.builds(
        fakes.make_event,
        resource_id=st.sampled_from(['r1', 'r2', 'r3']),
        event_time=st.integers(1, 6),
        # Two that are told apart by their digests alone.
        message_id=st.sampled_from(['a', 'b', 'message-1', 'message-2']),
        created_at=st.none() | st.integers(0, 3),
        type=st.sampled_from(['small', 'large']),
        phase=st.sampled_from(event_model.Phase),
    ),
    # One message tells one thing of a resource.
    unique_by=lambda e: (e.resource_id, e.event_time, e.message_id),
    max_size=30,
)


def effective(stored):
    """The birth that counts at each creation, by the order of R10."""
    last = {}
    for birth in sorted(
        stored,
        key=lambda b: (b.rank, event_model.message_order(b.message_id)),
    ):
        last[birth.resource_id, birth.event_time] = birth
    return last


class TestBirths(testtools.TestCase):
    @given(st.data(), EVENTS, st.integers(0, 4))
    def test_no_cache_changes_an_answer(self, data, events, size):
        expected = effective(
            birth for event in events if (birth := event.birth())
        )
        repeats = (
            data.draw(st.lists(st.sampled_from(events))) if events else []
        )
        arrivals = data.draw(st.permutations(events + repeats))
        known = births.Births(size)
        stored = []
        while arrivals:
            length = data.draw(st.integers(1, len(arrivals)))
            batch, arrivals = arrivals[:length], arrivals[length:]
            missing = known.missing(batch)
            if data.draw(st.booleans(), label='insert fails at first'):
                missing = known.missing(batch)
            stored += missing
            known.stored(missing)
        self.assertEqual(expected, effective(stored))

    def test_stored_birth_is_not_stored_again(self):
        known = births.Births(10)
        first = fakes.make_event(created_at=1, event_time=5)
        known.stored(known.missing([first]))
        later = fakes.make_event(
            created_at=1, event_time=6, message_id='m2', type='large'
        )
        self.assertEqual([], known.missing([first, later]))

    def test_earlier_event_bears_better_witness(self):
        known = births.Births(10)
        known.stored(
            known.missing([fakes.make_event(created_at=1, event_time=6)])
        )
        earlier = fakes.make_event(created_at=1, event_time=5, type='small')
        self.assertEqual([earlier.birth()], known.missing([earlier]))

    def test_not_stored_is_not_remembered(self):
        known = births.Births(10)
        event = fakes.make_event(created_at=1)
        self.assertEqual([event.birth()], known.missing([event]))
        self.assertEqual([event.birth()], known.missing([event]))

    def test_one_birth_of_a_batch(self):
        events = [
            fakes.make_event(created_at=1, event_time=time)
            for time in (9, 5, 7)
        ]
        self.assertEqual([events[1].birth()], births.Births(0).missing(events))

    def test_forgets_what_is_oldest(self):
        known = births.Births(2)
        a, b, c = (
            fakes.make_event(resource_id=name, created_at=1) for name in 'abc'
        )
        known.stored(known.missing([a, b]))
        self.assertEqual([], known.missing([a]))
        known.stored(known.missing([c]))
        self.assertEqual([], known.missing([a, c]))
        self.assertEqual([b.birth()], known.missing([b]))

    def test_event_at_its_creation_needs_no_birth(self):
        event = fakes.make_event(created_at=7, event_time=7)
        self.assertEqual([], births.Births(2).missing([event]))
