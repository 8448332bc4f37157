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

"""What is published: recorded messages, of today and of projects here."""

from collections.abc import Mapping, Sequence
import dataclasses
import datetime
import json
from typing import Any

from stratometrics.model import timestamps
from stratometrics.tests import fixtures
from stratometrics.tests.quickstart import today

RECORDINGS = ('nova', 'openstack', 'neutron', 'glance', 'keystone')

#: Who owns here what the recorded projects owned there.
PROJECTS = {
    '4ada08c586564ca883b7b49d042f9e30': 'acme',
    'aed0fed09e9842e4ac2444ec51c85eef': 'globex',
    '2e4dfc14c36d4b658c8b6c3b030ebd4f': 'admin',
}


@dataclasses.dataclass(frozen=True)
class Notification:
    """One message, ready to be published.

    :param body: the body, in the envelope of oslo.messaging.
    :param message: the notification inside the body.
    """

    exchange: str
    routing_key: str
    body: str
    message: Mapping[str, Any]

    @property
    def sent_at(self) -> int:
        """When its service sent it; microseconds since the epoch."""
        return _sent_at(self.message)


def _sent_at(message: Mapping[str, Any]) -> int:
    naive = datetime.datetime.fromisoformat(message['timestamp'])
    return timestamps.from_datetime(naive.replace(tzinfo=datetime.UTC))


def distance(end: int) -> int:
    """How far the recordings must move for the last message to be at a time.

    :param end: microseconds since the epoch.
    :returns: whole seconds; the last message is at most one before the end.
    """
    last = max(
        _sent_at(recorded.message)
        for name in RECORDINGS
        for recorded in fixtures.load(name)
    )
    return (end - last) // timestamps.MICROSECONDS


def prepared(
    seconds: int, project_ids: Mapping[str, str]
) -> Sequence[Notification]:
    """The recorded messages as if they were sent at another time.

    :param seconds: how far their times move.
    :param project_ids: the id here of each project of :data:`PROJECTS`, by
        its name.
    """
    return [
        _prepared(recorded, seconds, project_ids)
        for name in RECORDINGS
        for recorded in fixtures.load(name)
    ]


def _prepared(
    recorded: fixtures.Recorded, seconds: int, project_ids: Mapping[str, str]
) -> Notification:
    text = json.dumps(today.moved(recorded.message, seconds))
    for there, name in PROJECTS.items():
        text = text.replace(there, project_ids[name])
    return Notification(
        recorded.exchange,
        recorded.routing_key,
        json.dumps({'oslo.version': '2.0', 'oslo.message': text}),
        json.loads(text),
    )
