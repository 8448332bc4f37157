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

from stratometrics.model import coverage

NOW = 2_000_000_000_000_000
MINUTE = 60_000_000
SILENT_AFTER = 3 * coverage.DAY


def arrivals(
    silence: int,
    hours: int = 100,
    longest_pause: int = 3 * coverage.HOUR,
    known: int = 8 * coverage.DAY,
) -> coverage.Arrivals:
    """What came until some time ago.

    :param silence: microseconds since the last.
    :param known: microseconds between the first and the last.
    """
    last = NOW - silence
    return coverage.Arrivals(
        first_received=last - known,
        last_received=last,
        last_event=last,
        last_day=0,
        hours=hours,
        longest_pause=longest_pause,
    )


class VoiceTest(unittest.TestCase):
    def voice(
        self,
        found: coverage.Arrivals | None,
        living: int | None = 1,
        silent_after: int = SILENT_AFTER,
    ) -> coverage.Voice:
        return coverage.voice(found, living, NOW, silent_after)

    def test_nothing_has_ever_come(self) -> None:
        self.assertIs(coverage.Voice.NEVER_HEARD, self.voice(None, living=0))
        for silent_after in (SILENT_AFTER, 0):
            self.assertIs(
                coverage.Voice.SILENT,
                self.voice(None, silent_after=silent_after),
            )

    def test_a_steady_one_is_silent_after_twice_its_longest_pause(
        self,
    ) -> None:
        usual = 2 * 3 * coverage.HOUR
        for living in (0, 1):
            self.assertIs(
                coverage.Voice.OK, self.voice(arrivals(usual), living)
            )
            self.assertIs(
                coverage.Voice.SILENT, self.voice(arrivals(usual + 1), living)
            )

    def test_what_has_gone_is_missed_for_a_week(self) -> None:
        for living, silence, expected in (
            (0, coverage.WEEK, coverage.Voice.SILENT),
            (0, coverage.WEEK + 1, coverage.Voice.OK),
            (1, coverage.WEEK + 1, coverage.Voice.SILENT),
        ):
            self.assertIs(
                expected,
                self.voice(arrivals(silence), living, silent_after=0),
            )

    def test_what_is_consumed_is_missed_until_it_is_switched_off(self) -> None:
        for silence, expected in (
            (6 * coverage.HOUR, coverage.Voice.OK),
            (6 * coverage.HOUR + 1, coverage.Voice.SILENT),
            (365 * coverage.DAY, coverage.Voice.SILENT),
        ):
            self.assertIs(expected, self.voice(arrivals(silence), living=None))
        for found in (None, arrivals(coverage.WEEK, hours=1)):
            self.assertIsNot(
                coverage.Voice.SILENT, self.voice(found, living=None)
            )

    def test_a_pause_is_at_least_an_hour(self) -> None:
        for pause in (0, MINUTE):
            for silence, expected in (
                (2 * coverage.HOUR, coverage.Voice.OK),
                (2 * coverage.HOUR + 1, coverage.Voice.SILENT),
            ):
                self.assertIs(
                    expected,
                    self.voice(arrivals(silence, longest_pause=pause)),
                )

    def test_without_a_pace_the_option_decides(self) -> None:
        for found in (
            {'hours': coverage.STEADY_HOURS - 1},
            {'known': coverage.WEEK - 1},
        ):
            for silence, living, expected in (
                (SILENT_AFTER, 1, coverage.Voice.OK),
                (SILENT_AFTER + 1, 1, coverage.Voice.SILENT),
                (SILENT_AFTER + 1, 0, coverage.Voice.OK),
            ):
                self.assertIs(
                    expected, self.voice(arrivals(silence, **found), living)
                )
            self.assertIs(
                coverage.Voice.OK,
                self.voice(arrivals(coverage.WEEK, **found), silent_after=0),
            )

    def test_it_is_steady_from_a_week_and_enough_hours_on(self) -> None:
        found = arrivals(
            7 * coverage.HOUR,
            hours=coverage.STEADY_HOURS,
            known=coverage.WEEK,
        )
        self.assertIs(coverage.Voice.SILENT, self.voice(found))

    def test_a_clock_that_is_behind_is_no_silence(self) -> None:
        self.assertIs(coverage.Voice.OK, self.voice(arrivals(-MINUTE)))


class AuditsTest(unittest.TestCase):
    def audits(
        self, found: coverage.Arrivals | None, living: int = 1
    ) -> coverage.Audits:
        return coverage.audits(found, living, NOW, sent=True)

    def test_a_service_that_has_none(self) -> None:
        self.assertIs(
            coverage.Audits.NOT_SENT,
            coverage.audits(None, 1, NOW, sent=False),
        )

    def test_none_has_ever_come(self) -> None:
        self.assertIs(coverage.Audits.NONE, self.audits(None))

    def test_they_are_missing_after_twice_their_longest_pause(self) -> None:
        for pause in (coverage.HOUR, coverage.DAY, 30 * coverage.DAY):
            for silence, expected in (
                (2 * pause, coverage.Audits.OK),
                (2 * pause + 1, coverage.Audits.MISSING),
            ):
                found = arrivals(silence, hours=2, longest_pause=pause)
                self.assertIs(expected, self.audits(found))

    def test_of_nothing_there_is_nothing_to_tell(self) -> None:
        found = arrivals(coverage.WEEK)
        self.assertIs(coverage.Audits.OK, self.audits(found, living=0))

    def test_a_single_one_tells_no_interval(self) -> None:
        found = arrivals(coverage.WEEK, hours=1, longest_pause=0)
        self.assertIs(coverage.Audits.OK, self.audits(found))
