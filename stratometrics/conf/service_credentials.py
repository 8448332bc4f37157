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
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'service_credentials',
    title='Service credentials',
    help='How Stratometrics itself asks the other services of the cloud: '
    'for what reconciliation compares, and for names. The user needs a role '
    'that may list the resources of all projects, which by default policies '
    'is admin.',
)

_SESSION_OPTS = loading.get_session_conf_options()
# Not for ever: a service that does not answer would stop reconciliation for
# good, and say nothing.
cfg.set_defaults(_SESSION_OPTS, timeout=300)

OPTS = [
    *loading.get_auth_common_conf_options(),
    *_SESSION_OPTS,
    cfg.StrOpt(
        'region_name',
        help='The region of the catalog whose services are asked. By default '
        'that of [collector]/region_name.',
    ),
    cfg.StrOpt(
        'interface',
        default='internal',
        choices=['admin', 'internal', 'public'],
        help='Which endpoints of the catalog are used.',
    ),
]

#: What the usual plugin understands. They are registered when a plugin is
#: loaded, and are here for the sample of the configuration.
PLUGIN_OPTS = loading.get_auth_plugin_conf_options('password')


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: [*OPTS, *PLUGIN_OPTS]}
