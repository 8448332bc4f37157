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
import zoneinfo

from oslo_config import cfg

GROUP = cfg.OptGroup(
    'api',
    title='API',
    help='How the API is served and what it allows.',
)

OPTS = [
    cfg.HostAddressOpt(
        'bind_host',
        default='127.0.0.1',
        help='The address that stratometrics-api listens on.',
    ),
    cfg.PortOpt(
        'bind_port',
        default=9721,
        help='The port that stratometrics-api listens on.',
    ),
    cfg.IntOpt(
        'workers',
        default=1,
        min=1,
        help='Processes that stratometrics-api serves with.',
    ),
    cfg.IntOpt(
        'max_working',
        default=8,
        min=1,
        deprecated_name='threads',
        help='Requests that one process works on at the same time. Each may '
        'have a query run by ClickHouse and holds a connection to it: the '
        'API keeps as many, or [clickhouse]/pool_size if that is more.',
    ),
    cfg.IntOpt(
        'max_waiting',
        default=64,
        min=0,
        help='Requests that may wait until one process can work on them. '
        'Further ones are answered at once with 503 and Retry-After. Each '
        'takes a thread of stratometrics-api, which has as many as these '
        'options need.',
    ),
    cfg.FloatOpt(
        'max_wait',
        default=20.0,
        min=0.0,
        help='Seconds that a request waits at most until it is worked on; '
        'then it is answered with 503 and Retry-After.',
    ),
    cfg.IntOpt(
        'project_share',
        default=50,
        min=1,
        max=100,
        help='How many in a hundred of max_working, and of max_waiting, may '
        'be requests with tokens of one project, and of both together if '
        'those are counted whose answers are being sent. It can always have '
        'one.',
    ),
    cfg.FloatOpt(
        'request_timeout',
        default=60.0,
        min=0.1,
        help='Seconds that all queries of one request may take together; of '
        'an answer that is written while it is read, until its last byte was '
        'taken. Any other answer may take as long again to be sent. Each '
        'query is limited by [clickhouse]/query_timeout as well, but for '
        'those of statements and costs.',
    ),
    cfg.IntOpt(
        'graceful_timeout',
        default=30,
        min=1,
        help='Seconds that running requests get when the service stops.',
    ),
    cfg.StrOpt(
        'healthcheck_disable_file',
        help='A file that need not exist. As long as it does, /healthcheck '
        'answers 503, so that a load balancer sends no further requests here. '
        'Those that come are answered.',
    ),
    cfg.StrOpt(
        'auth_strategy',
        default='keystone',
        choices=[
            ('keystone', 'tokens are checked by keystonemiddleware'),
            (
                'noauth',
                'nobody is checked and everybody is an administrator; '
                'only for development',
            ),
        ],
        help='How callers are authenticated.',
    ),
    cfg.StrOpt(
        'timezone',
        default='UTC',
        help='The IANA time zone whose calendar decides when the current '
        'month, the default period of a question, begins, and which buckets '
        'usage is divided into, unless a question names another one.',
    ),
    cfg.IntOpt(
        'max_period_days',
        default=3660,
        min=1,
        help='The longest period that may be asked about, in days.',
    ),
    cfg.IntOpt(
        'max_buckets',
        default=10_000,
        min=1,
        help='The most buckets, such as hours, that a period may be divided '
        'into.',
    ),
    cfg.IntOpt(
        'max_results',
        default=50_000,
        min=1,
        help='The most results of one answer: groups, or groups times '
        'buckets. Each takes about a kilobyte of memory while it is written. '
        'CSV is not kept in memory and may have more: its groups are limited '
        'by [clickhouse]/query_max_result_rows alone.',
    ),
    cfg.IntOpt(
        'max_charges',
        default=500_000,
        min=1,
        help='The most charges that one request for costs or a statement may '
        'have computed for a project and month: groups, or resources where '
        'they are told apart, times the buckets or days of the month. Each '
        'takes about a kilobyte and a half of memory meanwhile. The commands '
        'have no such limit.',
    ),
    cfg.IntOpt(
        'max_page_lines',
        default=2000,
        min=1,
        help='The most lines of a statement that is given as HTML or PDF. '
        'Each takes some 15 milliseconds of a processor and a quarter of a '
        'megabyte of memory to be set as PDF. JSON, CSV and the commands have '
        'no such limit.',
    ),
    cfg.IntOpt(
        'settling_time',
        default=120,
        min=0,
        help='Seconds after which everything that was received can be seen. '
        'A question as of a more recent time is refused, since its answer '
        'could still change. It must exceed [clickhouse]/send_receive_timeout '
        'of the collectors, and how far their clocks may be apart.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}


def zone(conf: cfg.ConfigOpts) -> zoneinfo.ZoneInfo:
    """The time zone whose calendar says when a month begins.

    :raises ValueError: ``[api]/timezone`` names none.
    """
    try:
        return zoneinfo.ZoneInfo(conf.api.timezone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(
            f'[api]/timezone: there is no time zone {conf.api.timezone!r}'
        ) from None
