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
    'reconciler',
    title='Reconciler',
    help='How what is recorded is compared with what the services say, and '
    'gaps are healed.',
)

OPTS = [
    cfg.IntOpt(
        'interval',
        default=0,
        min=0,
        help='Seconds from one reconciliation to the next. One of the '
        'collectors of a region carries it out. Without an interval (0) '
        'it is done by hand, with stratometrics-manage reconcile. Needs '
        '[service_credentials].',
    ),
    cfg.ListOpt(
        'resource_types',
        default=[],
        help='The resource types that are reconciled. By default all that '
        'are switched on and whose service is in the catalog.',
    ),
    cfg.IntOpt(
        'settling_time',
        default=300,
        min=0,
        help='Seconds that a notification may be under way. What was created '
        'or changed in so short a time before it was looked at is left to '
        'its notifications, and to the next reconciliation.',
    ),
    cfg.IntOpt(
        'page_size',
        default=1000,
        min=1,
        max=10_000,
        help='Resources that are asked for, and compared, at a time. A '
        'service may give fewer.',
    ),
    cfg.IntOpt(
        'max_gone_percent',
        default=20,
        min=0,
        max=100,
        help='If more than this part of the resources of a type that are '
        'known as alive is missing, and more than ten of them, the service '
        'is taken to have answered wrongly: nothing is recorded as gone, '
        'and the finding says so.',
    ),
    cfg.IntOpt(
        'deleted_window',
        default=604_800,
        min=0,
        help='How many seconds back deletions are asked for, where the '
        'service can tell them. It should exceed the interval and the '
        'longest outage.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
