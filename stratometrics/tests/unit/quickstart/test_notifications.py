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

"""Recorded notifications as the quickstart publishes them."""

import json
import re
import unittest

from stratometrics.model import timestamps
from stratometrics.notifications import timestamps as notified
from stratometrics.tests import fixtures
from stratometrics.tests.quickstart import notifications
from stratometrics.tests.quickstart import today

HOUR = 3600
IDS = {'acme': 'a' * 32, 'globex': 'b' * 32, 'admin': 'c' * 32}


class MovedTest(unittest.TestCase):
    def test_spelling_stays(self) -> None:
        for before, after in (
            ('2026-11-23 06:54:19.226731', '2026-11-24 05:54:19.226731'),
            ('2026-11-23T06:54:15Z', '2026-11-24T05:54:15Z'),
            ('2026-11-23 06:54:15+00:00', '2026-11-24 05:54:15+00:00'),
            (
                '2026-11-23T06:54:35.114404+0000',
                '2026-11-24T05:54:35.114404+0000',
            ),
            ('2026-11-23T06:54:19.000000', '2026-11-24T05:54:19.000000'),
        ):
            with self.subTest(before):
                self.assertEqual(after, today.moved(before, 23 * HOUR))

    def test_whatever_is_no_timestamp_stays(self) -> None:
        for value in (
            '',
            'at 2026-11-23T06:54:15Z',
            '2026-11-23',
            20261123,
            1.5,
            None,
            True,
        ):
            with self.subTest(value):
                self.assertIs(value, today.moved(value, HOUR))

    def test_everything_inside_moves(self) -> None:
        self.assertEqual(
            {'a': [{'b': '2026-01-01T00:00:00Z'}], 'c': 3},
            today.moved({'a': [{'b': '2025-12-31T23:00:00Z'}], 'c': 3}, HOUR),
        )

    def test_each_recorded_timestamp_moves_as_far(self) -> None:
        # Found by another way than that of the code under test.
        loose = re.compile(r'"(2026-11-\d\d[T ]\d\d:[^"]*)"')
        seconds = 400 * 24 * HOUR + 12345
        count = 0
        for name in notifications.RECORDINGS:
            for recorded in fixtures.load(name):
                before = json.dumps(recorded.message)
                after = json.dumps(today.moved(recorded.message, seconds))
                pairs = zip(
                    loose.findall(before),
                    re.findall(r'"(202[78]-\d\d-\d\d[T ]\d\d:[^"]*)"', after),
                    strict=True,
                )
                for old, new in pairs:
                    count += 1
                    self.assertEqual(
                        notified.parse(old) + seconds * 1_000_000,
                        notified.parse(new),
                    )
        self.assertGreater(count, 2000)


class PreparedTest(unittest.TestCase):
    def test_the_last_message_is_sent_at_the_end(self) -> None:
        end = timestamps.now()
        moved = notifications.prepared(notifications.distance(end), IDS)
        last = max(message.sent_at for message in moved)
        self.assertLessEqual(last, end)
        self.assertLess(end - last, timestamps.MICROSECONDS)

    def test_projects_are_those_that_are_here(self) -> None:
        moved = notifications.prepared(0, IDS)
        text = ''.join(message.body for message in moved)
        for there, name in notifications.PROJECTS.items():
            self.assertNotIn(there, text)
            self.assertIn(IDS[name], text)

    def test_the_body_is_what_the_driver_expects(self) -> None:
        for message in notifications.prepared(0, IDS):
            envelope = json.loads(message.body)
            self.assertEqual('2.0', envelope['oslo.version'])
            self.assertEqual(
                message.message, json.loads(envelope['oslo.message'])
            )

    def test_nothing_else_changes(self) -> None:
        same = {name: there for there, name in notifications.PROJECTS.items()}
        recorded = [
            (each.exchange, each.routing_key, each.message)
            for name in notifications.RECORDINGS
            for each in fixtures.load(name)
        ]
        self.assertEqual(
            recorded,
            [
                (each.exchange, each.routing_key, each.message)
                for each in notifications.prepared(0, same)
            ],
        )
