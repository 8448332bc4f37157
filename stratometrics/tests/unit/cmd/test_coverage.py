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

from stratometrics.cmd import coverage
from stratometrics.cmd import table
from stratometrics.model import coverage as model
from stratometrics.model import timestamps
from stratometrics.notifications import timestamps as parsing

NOW = parsing.parse('2026-11-23 06:54:15.932947')


def line(resource_type: str, **facts) -> model.Line:
    return model.Line(
        **{
            'place': model.Place(resource_type, 'RegionOne'),
            'voice': model.Voice.OK,
            'arrivals': model.Arrivals(
                first_received=NOW,
                last_received=NOW,
                last_event=NOW - 90 * 60 * timestamps.MICROSECONDS,
                last_day=37,
                hours=1,
                longest_pause=0,
            ),
            'audits': model.Audits.OK,
            'last_audit': NOW,
            'living': 3,
            'rejected': 2,
            'healed': 1,
            'last_reconciled': NOW,
            **facts,
        }
    )


class TextTest(unittest.TestCase):
    def test_the_report(self) -> None:
        report = model.Report(
            now=NOW,
            lines=(
                line(
                    'image',
                    voice=model.Voice.SILENT,
                    audits=model.Audits.MISSING,
                ),
                line('instance'),
                line(
                    'zone',
                    place=model.Place('zone', ''),
                    voice=model.Voice.NEVER_HEARD,
                    arrivals=None,
                    audits=model.Audits.NONE,
                    last_audit=None,
                    healed=None,
                    last_reconciled=None,
                ),
            ),
            unknown=(
                model.Rejected(
                    event_type='a\x1b[2J',
                    region='',
                    messages=4,
                    last_received=NOW,
                ),
            ),
            more_unknown=5,
        )
        lines = coverage.text(report).splitlines()
        self.assertEqual(
            [
                'image RegionOne SILENT 2026-11-23 05:24:15 1 h 30 min 1.5 3 '
                'MISSING 2026-11-23 06:54:15 2 1 2026-11-23 06:54:15',
                'instance RegionOne ok 2026-11-23 05:24:15 1 h 30 min 1.5 3 '
                'ok 2026-11-23 06:54:15 2 1 2026-11-23 06:54:15',
                'zone - never-heard - - - 3 none - 2 - -',
                '',
            ],
            [' '.join(cells.split()) for cells in lines[1:5]],
        )
        self.assertEqual(
            'a?[2J - 4 2026-11-23 06:54:15', ' '.join(lines[6].split())
        )
        self.assertEqual(['and 5 more'], lines[7:])

    def test_without_unknown_event_types(self) -> None:
        report = model.Report(
            now=NOW, lines=(line('image'),), unknown=(), more_unknown=0
        )
        self.assertEqual(2, len(coverage.text(report).splitlines()))

    def test_spans(self) -> None:
        for seconds, expected in (
            (0, '0 s'),
            (59.9, '59 s'),
            (60, '1 min'),
            (3599, '59 min'),
            (3600, '1 h 0 min'),
            (86399, '23 h 59 min'),
            (86400, '1 d 0 h'),
            (1_000_000, '11 d 13 h'),
        ):
            self.assertEqual(
                expected,
                coverage.span(int(seconds * timestamps.MICROSECONDS)),
            )
        self.assertEqual('-', coverage.span(None))


class TableTest(unittest.TestCase):
    def test_columns_are_as_wide_as_they_must_be(self) -> None:
        self.assertEqual(
            'a     bb\nlong  c',
            table.table(('a', 'bb'), [('long', 'c')]),
        )

    def test_what_moves_a_cursor_is_not_printed(self) -> None:
        self.assertEqual('a\n??', table.table(('a',), [('\r\n',)]))
