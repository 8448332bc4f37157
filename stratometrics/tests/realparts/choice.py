#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Which parts there are, and whether one is started or given."""

from collections.abc import Mapping
import pathlib

from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import given
from stratometrics.tests.realparts import glance
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import rabbitmq

PARTS: dict[str, type[part.Part]] = {
    kind.name: kind
    for kind in (clickhouse.ClickHouse, rabbitmq.RabbitMQ, keystone.Keystone)
}

#: Those and what single tests start beside them.
DOWNLOADS: dict[str, type[part.Part]] = {
    **PARTS,
    glance.Glance.name: glance.Glance,
}


def choose(
    name: str,
    data_dir: pathlib.Path | None,
    environ: Mapping[str, str],
    **options: object,
) -> part.Part | given.Given:
    """Return the part that the environment names, or one of our own.

    :param name: a key of PARTS.
    :param data_dir: the folder for all parts' data, each in its own below it;
        None for temporary folders.
    :param environ: where to look for the address of a given part.
    :param options: settings for a part of our own.
    :returns: the part, not started.
    :raises: PartError if the address is not one.
    """
    kind = PARTS[name]
    url = environ.get(kind.variable)
    if url:
        return given.Given(kind, url)
    return kind(data_dir / name if data_dir else None, **options)
