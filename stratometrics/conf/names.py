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
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'names',
    title='Names',
    help='How the names of projects, users and types are found, which events '
    'know by their ids. Needs [service_credentials].',
)

OPTS = [
    cfg.IntOpt(
        'interval',
        default=3600,
        min=0,
        help='Seconds between two looks at all that events refer to. A look '
        'finds names that are still missing, and what of projects, domains '
        'and types was renamed unnoticed. With 0 there is only one, when the '
        'collector starts, which is repeated every hour until all services '
        'have answered: what they did not know by then is asked for at the '
        'next start, or by "stratometrics-manage names sync".',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
