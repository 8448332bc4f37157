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
    'collector',
    title='Collector',
    help='How notifications are taken from the message bus.',
)

OPTS = [
    cfg.IntOpt(
        'workers',
        default=1,
        min=1,
        help='Processes that consume notifications. One takes a few thousand '
        'messages a second; add more, here or on other hosts, for more.',
    ),
    cfg.ListOpt(
        'targets',
        default=[
            'designate:notifications',
            'glance:notifications',
            'ironic:ironic_versioned_notifications',
            'keystone:notifications',
            'magnum:notifications',
            'neutron:notifications',
            'nova:notifications',
            'nova:versioned_notifications',
            'octavia:notifications',
            'openstack:notifications',
            'swift:notifications',
        ],
        help='The exchanges and topics to listen on, as EXCHANGE:TOPIC. Each '
        'service publishes on its control_exchange; that of Cinder, Manila '
        'and Trove is "openstack" by default. The default covers what the '
        'shipped definitions bill; to bill stacks, add heat:notifications. '
        'Beside another consumer of notifications '
        '(Ceilometer) give the emitters a second topic and name that one '
        'here: two consumers of one topic each get a part of the messages.',
    ),
    cfg.ListOpt(
        'priorities',
        default=['info', 'warn', 'error'],
        item_type=cfg.types.String(
            choices=[
                'audit',
                'debug',
                'info',
                'warn',
                'error',
                'critical',
                'sample',
            ]
        ),
        help='The priorities to listen to. Each is a queue per topic.',
    ),
    cfg.IntOpt(
        'batch_size',
        default=4000,
        min=1,
        help='Messages that are stored with one insert. The prefetch count '
        'of the driver ([oslo_messaging_rabbit]/rabbit_qos_prefetch_count) is '
        'raised to twice this value if it is lower: a worker holds that many '
        'messages of each queue in memory.',
    ),
    cfg.FloatOpt(
        'batch_timeout',
        default=1.0,
        min=0.01,
        help='Seconds after which a batch that is not full is stored.',
    ),
    cfg.FloatOpt(
        'retry_max_interval',
        default=30.0,
        min=0.1,
        help='The longest pause, in seconds, between two attempts to store a '
        'batch while ClickHouse is away. The first pause is a second at '
        'most; nothing is acknowledged or taken meanwhile.',
    ),
    cfg.IntOpt(
        'graceful_timeout',
        default=60,
        min=1,
        help='Seconds that a worker gets to store what it has taken when the '
        'service stops. What it could not store comes again later.',
    ),
    cfg.StrOpt(
        'region_name',
        default='RegionOne',
        help='The region that the emitters of these notifications are in.',
    ),
    cfg.BoolOpt(
        'keep_unknown',
        default=True,
        help='Keep messages of event types that no definition names, so that '
        'they can be replayed once one does. Event types that a definition '
        'lists as ignored are never kept.',
    ),
    cfg.StrOpt(
        'dead_letter_queue',
        help='A queue, bound to a fanout exchange of the same name, that the '
        'broker sends messages to which the messaging driver rejects as '
        'undecodable. The collector declares both, and stores what arrives '
        'as rejected. The queues of notifications need a policy that names '
        'this exchange as their dead-letter-exchange.',
    ),
    cfg.HostAddressOpt(
        'metrics_host',
        default='127.0.0.1',
        help='The address to serve Prometheus metrics on.',
    ),
    cfg.PortOpt(
        'metrics_port',
        help='The port on which the first worker serves Prometheus metrics; '
        'each further worker takes the next port. Without it no metrics are '
        'served.',
    ),
    cfg.IntOpt(
        'opening_delay',
        default=3600,
        min=0,
        help='Seconds after the beginning of a month (UTC) at which one of '
        'the collectors carries what lives into it, so that a question need '
        'not look further back. 0 leaves it to "stratometrics-manage '
        'open-month".',
    ),
    cfg.IntOpt(
        'closing_delay',
        default=3 * 86_400,
        min=0,
        help='Seconds after the end of a month (UTC) at which one of the '
        'collectors stores its intervals, so that it is answered quickly. 0 '
        'leaves it to "stratometrics-manage close-month".',
    ),
    cfg.IntOpt(
        'renewal_delay',
        default=3600,
        min=1,
        help='Seconds after an event came in late for a closed month at which '
        'its intervals are stored again. Until then it is answered from its '
        'events. Also, the seconds after which it is tried again to close a '
        'month when it failed.',
    ),
    cfg.IntOpt(
        'closed_months',
        default=13,
        min=1,
        help='How many past months are closed without being told to.',
    ),
    cfg.IntOpt(
        'birth_cache_size',
        default=200_000,
        min=0,
        help='Resources per worker whose birth is remembered as stored. It '
        'saves rows and never changes an answer.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
