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
from collections.abc import Collection, Mapping
import pathlib
import tempfile
import unittest

from stratometrics import coverage
from stratometrics.model import coverage as model
from stratometrics.model import findings
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.storage import base

NOW = 1_795_600_000_000_001

IMAGE = model.Place('image', 'RegionOne')
VOLUME = model.Place('volume', 'RegionOne')
#: Switched off in the shipped definitions.
PORT = model.Place('port', 'RegionOne')


def arrivals(age: int, **facts: int) -> model.Arrivals:
    return model.Arrivals(
        **{
            'first_received': NOW - age,
            'last_received': NOW - age,
            'last_event': NOW - age - 1,
            'last_day': 36,
            'hours': 1,
            'longest_pause': model.HOUR,
            **facts,
        }
    )


def rejected(event_type: str, region: str = 'RegionOne') -> model.Rejected:
    return model.Rejected(
        event_type=event_type, region=region, messages=7, last_received=NOW
    )


class Known(base.CoverageReader):
    """What storage would say; remembers which audits it was asked for."""

    def __init__(self, reconciled=None, **found) -> None:
        nothing = {'arrivals': {}, 'audits': {}, 'living': {}, 'rejected': ()}
        self._observed = model.Observed(**{**nothing, **found})
        self.asked: set[str] = set()
        self._findings = reconciled or {}

    def observed(self, audits: Collection[str], now: int) -> model.Observed:
        self.asked = set(audits)
        return self._observed

    def last_findings(
        self, region: str = '', complete: bool = False
    ) -> Mapping[tuple[str, str], findings.Findings]:
        return {
            (place.resource_type, place.region): found
            for place, found in self._findings.items()
            if not complete or found.outcome is findings.Outcome.DONE
        }


def reconciled(
    number: int, age: int, outcome: findings.Outcome = findings.Outcome.DONE
) -> findings.Findings:
    """What a reconciliation found that began some time ago.

    :param number: how many resources differed.
    """
    return findings.Findings(
        resource_type='',
        region='',
        source='reconciliation',
        began_at=NOW - age,
        ended_at=NOW,
        whole=True,
        outcome=outcome,
        counts={'listed': 9, 'changed': number},
    )


class SurveyTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.definitions = definitions.Definitions.load(None)

    def survey(self, known: Known) -> model.Report:
        return coverage.survey(known, self.definitions, NOW, 3 * model.DAY)

    def line(self, report: model.Report, place: model.Place) -> model.Line:
        [line] = [line for line in report.lines if line.place == place]
        return line

    def test_every_resource_type_has_a_line(self) -> None:
        report = self.survey(Known(arrivals={IMAGE: arrivals(1)}))
        self.assertEqual(
            sorted(self.definitions.resource_types),
            [line.place.resource_type for line in report.lines],
        )
        self.assertEqual('RegionOne', self.line(report, IMAGE).place.region)
        unseen = self.line(report, model.Place('volume', ''))
        self.assertIs(model.Voice.NEVER_HEARD, unseen.voice)

    def test_it_asks_for_the_audits_of_the_definitions(self) -> None:
        known = Known()
        self.survey(known)
        self.assertLess(
            {'instance.exists', 'compute.instance.exists', 'volume.exists'},
            known.asked,
        )
        self.assertNotIn('port.exists', known.asked)

    def test_a_silent_one(self) -> None:
        report = self.survey(
            Known(
                arrivals={
                    IMAGE: arrivals(3 * model.DAY + 1),
                    VOLUME: arrivals(model.HOUR),
                },
                audits={VOLUME: arrivals(3 * model.HOUR)},
                living={IMAGE: 2, VOLUME: 4},
            )
        )
        self.assertEqual([IMAGE], [line.place for line in report.silent])
        image = self.line(report, IMAGE)
        self.assertEqual(2, image.living)
        self.assertIs(model.Audits.NOT_SENT, image.audits)
        self.assertEqual(3 * model.DAY + 2, image.lag(NOW))
        volume = self.line(report, VOLUME)
        self.assertIs(model.Audits.MISSING, volume.audits)
        self.assertEqual(NOW - 3 * model.HOUR, volume.last_audit)

    def test_what_reconciliation_alone_tells_of_is_never_silent(self) -> None:
        [name, *_others] = [
            name
            for name, resource_type in self.definitions.resource_types.items()
            if resource_type.observed
        ]
        place = model.Place(name, 'RegionOne')
        line = self.line(self.survey(Known(living={place: 1})), place)
        self.assertIs(model.Voice.NOT_SENT, line.voice)

    def test_nothing_of_a_consumption_lives(self) -> None:
        requests = model.Place('object-request', 'RegionOne')
        report = self.survey(
            Known(
                arrivals={
                    requests: arrivals(3 * model.DAY + 1),
                    IMAGE: arrivals(3 * model.DAY + 1),
                },
                living={requests: 5, IMAGE: 5},
            )
        )
        self.assertEqual([IMAGE], [line.place for line in report.silent])
        self.assertEqual(0, self.line(report, requests).living)

    def test_only_a_steady_stream_of_a_consumption_is_missed(self) -> None:
        requests = model.Place('object-request', 'RegionOne')
        age = 30 * model.DAY
        steady = arrivals(age, first_received=NOW - 2 * age, hours=100)
        for found, silent in (
            ({requests: steady, IMAGE: steady}, [requests]),
            ({requests: arrivals(age)}, []),
        ):
            report = self.survey(Known(arrivals=found))
            self.assertEqual(silent, [line.place for line in report.silent])

    def test_what_is_switched_off_has_no_line(self) -> None:
        report = self.survey(
            Known(arrivals={PORT: arrivals(model.WEEK)}, living={PORT: 3})
        )
        self.assertNotIn(PORT, [line.place for line in report.lines])

    def test_what_is_switched_off_is_not_missed(self) -> None:
        age = 30 * model.DAY
        known = Known(
            arrivals={
                VOLUME: arrivals(age, first_received=NOW - 2 * age, hours=100)
            },
            living={VOLUME: 3},
        )
        self.assertEqual(
            [VOLUME], [line.place for line in self.survey(known).silent]
        )
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'off.yaml').write_text(
                'resources: {volume: {enabled: false}}\n'
            )
            self.definitions = definitions.Definitions.load(folder)
        self.assertEqual((), self.survey(known).silent)

    def test_rejected_messages_belong_to_what_the_definitions_say(
        self,
    ) -> None:
        unknown = [rejected('nova.dream'), rejected('', region='')]
        report = self.survey(
            Known(
                rejected=(
                    rejected('volume.resize.end'),
                    rejected('volume.retype'),
                    rejected('volume.retype', region='RegionTwo'),
                    rejected('flavor.update'),
                    *unknown,
                )
            )
        )
        self.assertEqual(14, self.line(report, VOLUME).rejected)
        two = model.Place('volume', 'RegionTwo')
        self.assertEqual(7, self.line(report, two).rejected)
        self.assertEqual(tuple(unknown), report.unknown)

    def test_the_most_frequent_unknown_event_types_are_listed(self) -> None:
        most = [rejected(f'nova.{n}') for n in range(model.MOST_UNKNOWN)]
        report = self.survey(Known(rejected=tuple(most)))
        self.assertEqual(
            (tuple(most), 0), (report.unknown, report.more_unknown)
        )
        rest = [rejected(f'rare.{n}') for n in range(3)]
        report = self.survey(Known(rejected=(*most, *rest)))
        self.assertEqual(
            (tuple(most), 3), (report.unknown, report.more_unknown)
        )

    def test_what_the_last_reconciliation_healed(self) -> None:
        report = self.survey(
            Known(
                living={IMAGE: 1, VOLUME: 1},
                reconciled={VOLUME: reconciled(5, model.HOUR)},
            )
        )
        self.assertEqual(5, self.line(report, VOLUME).healed)
        self.assertIsNone(self.line(report, IMAGE).healed)

    def test_when_all_was_reconciled(self) -> None:
        accounts = model.Place('object-account', 'RegionOne')
        report = self.survey(
            Known(
                living={IMAGE: 1},
                reconciled={
                    accounts: reconciled(0, model.DAY),
                    VOLUME: reconciled(
                        2, model.HOUR, findings.Outcome.REFUSED
                    ),
                },
            )
        )
        line = self.line(report, accounts)
        self.assertEqual(
            (model.Voice.NOT_SENT, NOW - model.DAY),
            (line.voice, line.last_reconciled),
        )
        for place in (IMAGE, VOLUME):
            self.assertIsNone(self.line(report, place).last_reconciled)
        self.assertEqual(2, self.line(report, VOLUME).healed)


class BodyTest(unittest.TestCase):
    def test_it_is_exact(self) -> None:
        found = Known(
            arrivals={VOLUME: arrivals(model.HOUR)},
            audits={VOLUME: arrivals(model.HOUR)},
            living={VOLUME: 4},
            rejected=tuple(
                rejected(f'nova.{n}') for n in range(model.MOST_UNKNOWN + 2)
            ),
            reconciled={VOLUME: reconciled(1, model.HOUR)},
        )
        body = coverage.body(
            coverage.survey(found, definitions.Definitions.load(None), NOW, 0)
        )
        self.assertEqual(
            {
                'at',
                'coverage',
                'unknown_event_types',
                'more_unknown_event_types',
            },
            set(body),
        )
        self.assertEqual(timestamps.isoformat(NOW), body['at'])
        lines = {line['resource_type']: line for line in body['coverage']}
        self.assertEqual(
            {
                'resource_type': 'volume',
                'region': 'RegionOne',
                'status': 'ok',
                'last_event': timestamps.isoformat(NOW - model.HOUR - 1),
                'last_received': timestamps.isoformat(NOW - model.HOUR),
                'lag': '3600.000001',
                'events_last_day': 36,
                'living': 4,
                'audits': 'ok',
                'last_audit': timestamps.isoformat(NOW - model.HOUR),
                'rejected': 0,
                'healed': 1,
                'last_reconciled': timestamps.isoformat(NOW - model.HOUR),
            },
            lines['volume'],
        )
        self.assertEqual(
            {
                'resource_type': 'image',
                'region': '',
                'status': 'never-heard',
                'last_event': None,
                'last_received': None,
                'lag': None,
                'events_last_day': 0,
                'living': 0,
                'audits': 'not-sent',
                'last_audit': None,
                'rejected': 0,
                'healed': None,
                'last_reconciled': None,
            },
            lines['image'],
        )
        self.assertEqual(
            {
                'event_type': 'nova.0',
                'region': 'RegionOne',
                'messages': 7,
                'last_received': timestamps.isoformat(NOW),
            },
            body['unknown_event_types'][0],
        )
        self.assertEqual(model.MOST_UNKNOWN, len(body['unknown_event_types']))
        self.assertEqual(2, body['more_unknown_event_types'])
