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
    'coverage',
    title='Coverage',
    help='When the report of coverage says that something is wrong.',
)

OPTS = [
    cfg.IntOpt(
        'silent_after',
        default=259_200,
        min=0,
        help='Seconds without an event after which a resource type is '
        'reported as silent, if resources of it exist. Three days, the '
        'default, last longer than a weekend. A service that is heard of '
        'around the clock is found silent sooner, by its own pace. With 0 '
        'the pace alone decides.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
