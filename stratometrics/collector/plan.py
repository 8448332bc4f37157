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
"""What the collector reads from files before it starts its workers."""

import dataclasses

from oslo_config import cfg

from stratometrics import cloud
from stratometrics.collector import targets
from stratometrics.collector import transport
from stratometrics.notifications import definitions


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to listen to and how to understand it.

    :param sources: exchanges and topics.
    :param definitions: how messages become events.
    """

    sources: tuple[targets.Source, ...]
    definitions: definitions.Definitions

    def __str__(self) -> str:
        return ', '.join(':'.join(source) for source in self.sources)


def load(conf: cfg.ConfigOpts) -> Plan:
    """Read and check the files that the configuration names.

    :raises oslo_config.cfg.Error: the address of the broker is wrong.
    :raises TargetError: ``[collector]/targets`` is wrong.
    :raises DefinitionError: a definition is wrong.
    :raises CloudError: there is something to ask the cloud, and nothing to
        ask it with.
    """
    if conf.reconciler.interval:
        cloud.connect(conf)
    transport.check(conf)
    return Plan(
        tuple(targets.parse(conf.collector.targets)),
        definitions.Definitions.load(conf.definitions.directory),
    )
