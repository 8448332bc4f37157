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
    'clickhouse',
    title='ClickHouse',
    help='Where events are kept and how to reach it.',
)

OPTS = [
    cfg.ListOpt(
        'hosts',
        default=['127.0.0.1'],
        item_type=cfg.types.HostAddress(),
        help='Addresses of ClickHouse servers that hold the same data, or '
        'are of one cluster. A connection is made to the first one that '
        'answers.',
    ),
    cfg.PortOpt(
        'port',
        help='Port of the native protocol. By default 9440 with TLS and '
        '9000 without.',
    ),
    cfg.StrOpt(
        'database',
        default='stratometrics',
        regex=r'^[A-Za-z_][A-Za-z0-9_]*$',
        help='The database that holds the tables. "stratometrics-manage db '
        'sync" makes it.',
    ),
    cfg.StrOpt(
        'cluster',
        default='',
        regex=r'^([A-Za-z_][A-Za-z0-9_]*)?$',
        help='The name of a cluster, as the remote_servers of every node has '
        'it. Then every node keeps the tables of its shard in a database '
        'whose name ends in "_local", and "hosts" are any nodes, each of '
        'which can answer for all shards. Empty if there is one server.',
    ),
    cfg.BoolOpt(
        'replicated',
        default=True,
        help='In a cluster: whether tables are replicated, by a Keeper and '
        'the macros {shard} and {replica} of every node. Without, every '
        'shard has one replica, and more are refused.',
    ),
    cfg.IntOpt(
        'max_replica_delay',
        default=10,
        min=1,
        help='In a cluster with replicas: seconds that a replica may lag '
        'behind and still be asked. Keep it below [api]/settling_time.',
    ),
    cfg.StrOpt('user', default='default', help='The user to log in as.'),
    cfg.StrOpt(
        'password', default='', secret=True, help='The password of the user.'
    ),
    cfg.BoolOpt(
        'secure', default=False, help='Speak TLS to the ClickHouse servers.'
    ),
    cfg.StrOpt(
        'cafile',
        help='A file of CA certificates to verify the servers with. By '
        'default those that the system trusts.',
    ),
    cfg.StrOpt(
        'certfile', help='A client certificate to show to the servers.'
    ),
    cfg.StrOpt('keyfile', help='The private key of the client certificate.'),
    cfg.BoolOpt(
        'insecure',
        default=False,
        help='Do not verify the certificates of the servers. Only for tests.',
    ),
    cfg.FloatOpt(
        'connect_timeout',
        default=5.0,
        min=0.1,
        help='Seconds to wait for a connection before the next host is tried.',
    ),
    cfg.FloatOpt(
        'send_receive_timeout',
        default=60.0,
        min=0.1,
        help='Seconds without a byte from the server after which a query or '
        'an insert counts as failed.',
    ),
    cfg.IntOpt(
        'pool_size',
        default=8,
        min=1,
        help='Connections that one process keeps. A query that finds all '
        'of them busy waits. In the API it never does: see '
        '[api]/max_working.',
    ),
    cfg.FloatOpt(
        'pool_timeout',
        default=30.0,
        min=0.0,
        help='Seconds that a query waits for a connection before it fails.',
    ),
    cfg.BoolOpt(
        'compression',
        default=True,
        help='Compress what travels between this process and the servers '
        '(LZ4).',
    ),
    cfg.FloatOpt(
        'query_timeout',
        default=30.0,
        min=0.1,
        help='Seconds that one query of the API may run on the server '
        '(max_execution_time).',
    ),
    cfg.IntOpt(
        'query_max_memory',
        default=4 * 1024**3,
        min=0,
        help='Bytes of memory that one query of the API may take on the '
        'server (max_memory_usage). 0 sets no limit.',
    ),
    cfg.IntOpt(
        'query_max_threads',
        default=0,
        min=0,
        help='Threads that one query of the API may use on the server. 0 '
        'leaves the choice to the server.',
    ),
    cfg.IntOpt(
        'query_max_result_rows',
        default=50_000,
        min=1,
        help='Groups that one answer may have; each takes about a kilobyte '
        'of memory while it is written, and may take no more. A question '
        'with more of them is refused and asked to narrow its grouping.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
