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
"""What the things are called that events know by their ids."""

import dataclasses

#: What Keystone names: every event may have their ids, whatever its type.
PROJECT = 'project'
DOMAIN = 'domain'
USER = 'user'

#: What other services name, and a definition may refer to.
CLUSTER_TEMPLATE = 'cluster_template'
FLAVOR = 'flavor'
NETWORK_FLAVOR = 'network_flavor'
SHARE_TYPE = 'share_type'
VOLUME_TYPE = 'volume_type'
ATTRIBUTE_KINDS = (
    CLUSTER_TEMPLATE,
    FLAVOR,
    NETWORK_FLAVOR,
    SHARE_TYPE,
    VOLUME_TYPE,
)
KINDS = (PROJECT, DOMAIN, USER, *ATTRIBUTE_KINDS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What something is called, or that it is gone.

    A name changes what is shown and never what was billed.

    :param kind: one of this module's.
    :param id: the service's own id of it.
    :param name: '' if it is gone.
    :param parent_id: the domain of a project or a user; '' of others.
    :param found: whether the service knows it. Of what it does not know any
        more, the last name is kept.
    """

    kind: str
    id: str
    name: str = ''
    parent_id: str = ''
    found: bool = True
