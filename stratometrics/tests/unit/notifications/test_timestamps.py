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
import unittest

from stratometrics.notifications import timestamps

#: 2026-11-23 06:54:15 UTC, in seconds.
SECONDS = 1_795_416_855


class TimestampTest(unittest.TestCase):
    def test_every_recorded_spelling_is_exact(self) -> None:
        for text, microseconds in (
            ('2026-11-23 06:54:15.932947', 932_947),
            ('2026-11-23T06:54:15.932947', 932_947),
            ('2026-11-23T06:54:15.932947+00:00', 932_947),
            ('2026-11-23T06:54:15.932947+0000', 932_947),
            ('2026-11-23T06:54:15.932947Z', 932_947),
            ('2026-11-23 06:54:15', 0),
            ('2026-11-23 06:54:15+00:00', 0),
            ('2026-11-23T06:54:15Z', 0),
            ('2026-11-23T06:54:15.000000', 0),
        ):
            with self.subTest(text):
                self.assertEqual(
                    SECONDS * 1_000_000 + microseconds, timestamps.parse(text)
                )

    def test_a_fraction_may_have_one_to_nine_digits(self) -> None:
        digits = '123456789'
        for count in range(1, 10):
            text = f'2026-11-23 06:54:15.{digits[:count]}'
            exact = int(digits[:6][:count].ljust(6, '0'))
            with self.subTest(text):
                self.assertEqual(
                    SECONDS * 1_000_000 + exact, timestamps.parse(text)
                )

    def test_an_offset_is_honoured(self) -> None:
        for text in (
            '2026-11-23T08:24:15+01:30',
            '2026-11-23T08:24:15+0130',
            '2026-11-22T23:54:15-07:00',
        ):
            with self.subTest(text):
                self.assertEqual(SECONDS * 1_000_000, timestamps.parse(text))

    def test_the_range_ends_before_2200(self) -> None:
        self.assertEqual(0, timestamps.parse('1970-01-01 00:00:00'))
        self.assertEqual(
            timestamps.LATEST - 1,
            timestamps.parse('2199-12-31 23:59:59.999999'),
        )
        self.assertEqual(7_258_118_400 * 1_000_000, timestamps.LATEST)

    def test_anything_else_is_refused(self) -> None:
        for text in (
            '',
            'now',
            '2026-11-23',
            '06:54:15',
            '2026-11-23 06:54',
            '20261123T065415',
            '2026-W47-1T06:54:15.932947',
            '2026-327 06:54:15',
            '2026-11-23x06:54:15',
            '2026-11-23 06:54:15,932947',
            '2026-11-23 06:54:15.',
            '2026-11-23 06:54:15.1234567890',
            '2026-11-23 06:54:15 UTC',
            '2026-11-23 06:54:15+1',
            '2026-11-23 06:54:15+24:00',
            ' 2026-11-23 06:54:15',
            '2026-11-23 06:54:15\n',
            '2026-11-23 24:00:00',
            '2026-11-23 06:54:60',
            '2026-11-31 06:54:15',
            '\u0662\u0660\u0662\u0666-11-23 06:54:15',
            '1969-12-31 23:59:59.999999',
            '1970-01-01 00:00:00+00:01',
            '2200-01-01 00:00:00',
            '0000-01-01 00:00:00',
            '0001-01-01 00:00:00+23:59',
            '9999-12-31 23:59:59-23:59',
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                timestamps.parse(text)
