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
"""The guide to the command line, before a real API and Keystone."""

from collections.abc import Iterator
import contextlib
import os
import sys
import uuid

import yaml

from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base as functional
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.documentation import seeds
from stratometrics.tests.functional.documentation import walk
from stratometrics.tests.realparts import identity

#: What the guide shows costs of.
PRICES = """\
currency: EUR
prices:
- {resource_type: instance, match: {type: m1.small}, price: "0.0251",
   per: hour, valid_from: 2026-09-01T00:00:00Z, description: Small server,
   equivalents: {aws: {name: t3.small, price: "0.0397"}}}
- {resource_type: instance, match: {type: m1.large}, price: "0.1004",
   per: hour, valid_from: 2026-09-01T00:00:00Z, description: Large server,
   equivalents: {aws: {name: t3.large, price: "0.1588"}}}
- {resource_type: volume, measure: size_gib, price: "0.08", per: month,
   valid_from: 2026-09-01T00:00:00Z, description: Volume}
- {resource_type: floating-ip, price: "0.004", per: hour,
   valid_from: 2026-09-01T00:00:00Z, description: Address}
"""

SMALL = {'type': 'm1.small', 'measures': {'vcpus': 1, 'ram_mib': 2048}}
LARGE = {'type': 'm1.large', 'measures': {'vcpus': 4, 'ram_mib': 8192}}
DISK = {'type': 'ssd', 'measures': {'size_gib': 100}}

#: What there is in both projects: a type, a name, and what is told of it when.
RESOURCES = {
    ('acme', 'instance', 'web'): (
        (seeds.at(2026, 9, 20), 'active', SMALL),
        (seeds.at(2026, 10, 12, 9), 'active', LARGE),
        (seeds.at(2026, 10, 24, 20), 'stopped', LARGE),
        (seeds.at(2026, 10, 26, 6), 'active', LARGE),
    ),
    ('acme', 'instance', 'build'): (
        (seeds.at(2026, 10, 20, 8), 'active', LARGE),
        (seeds.at(2026, 10, 22, 17), 'deleted', LARGE),
    ),
    ('acme', 'volume', 'data'): ((seeds.at(2026, 10, 5), 'in-use', DISK),),
    ('acme', 'floating-ip', ''): ((seeds.at(2026, 9, 20), 'active', {}),),
    ('globex', 'instance', 'shop'): ((seeds.at(2026, 9, 3), 'active', LARGE),),
}

#: Whose clouds the guide names, and their projects.
CLOUDS = {'acme': ('alice', 'acme'), 'admin': ('admin', 'admin')}


def events() -> Iterator[event_model.Event]:
    """All that is told of the resources."""
    for owner, resource_type, name in RESOURCES:
        resource_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name or 'address'))
        project = _project(owner)
        for time, state, facts in RESOURCES[owner, resource_type, name]:
            phase = (
                event_model.Phase.ENDED
                if state == 'deleted'
                else event_model.Phase.BILLED
            )
            yield event_model.Event(
                resource_type=resource_type,
                resource_id=resource_id,
                name=name,
                event_time=time,
                message_id=f'{resource_id}-{time}',
                rank=event_model.rank_of(phase),
                phase=phase,
                state=state,
                project_id=project,
                event_type=f'{resource_type}.update',
                region=identity.REGION,
                **facts,
            )


def _project(name: str) -> str:
    [user] = (user for user in ('alice', 'bob') if name in _projects(user))
    return base.project_id(user, name)


def _projects(user: str) -> dict[str, tuple[str, ...]]:
    return identity.USERS[user]


def clouds(url: str) -> str:
    """A clouds.yaml with the clouds of the guide.

    :param url: the address of the API.
    """
    keystone = base.keystone()
    return yaml.safe_dump(
        {
            'clouds': {
                cloud: {
                    **keystone.cloud(user, project),
                    'billing_endpoint_override': url,
                }
                for cloud, (user, project) in CLOUDS.items()
            }
        }
    )


def fill(storage: driver.ClickHouseStorage) -> None:
    """Write what the guide asks about."""
    # A preview knows nothing of the last minute.
    received_at = seeds.at(2026, 11)
    storage.write_events(list(events()), received_at)
    storage.write_names(
        [
            names.Name(kind=names.PROJECT, id=_project(name), name=name)
            for name in ('acme', 'globex')
        ],
        received_at,
    )
    seeds.charge(storage, PRICES, received_at)


class CommandLineTest(walk.Walk):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        conf = functional.configuration()
        cls.addClassCleanup(functional.drop, conf)
        with contextlib.closing(driver.get_storage(conf)) as storage:
            storage.schema.migrate(storage.schema.newest)
            fill(storage)
        cls.server = base.Server(conf)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def setUp(self) -> None:
        super().setUp()
        folder = self.folder / '.config' / 'openstack'
        folder.mkdir(parents=True)
        (folder / 'clouds.yaml').write_text(clouds(self.server.url))
        self.environment['PYTHONPATH'] = os.pathsep.join(
            filter(None, sys.path)
        )

    def test_guide(self) -> None:
        self.follow('doc/source/user/cli.rst')
