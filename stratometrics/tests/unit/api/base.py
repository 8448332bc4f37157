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
"""The API in memory: the real application over stand-ins for its parts.

The store is a list of stays, and Keystone is keystonemiddleware's own
fixture, which knows tokens without a Keystone behind it. The functional tests
ask the real ones.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
import dataclasses
import itertools
import pathlib
from typing import Any
from urllib import parse

import fixtures
from keystoneauth1 import fixture as tokens
from keystonemiddleware import fixture as middleware_fixture
from oslo_config import cfg
import testtools
import webob

from stratometrics import conf as stratometrics_conf
from stratometrics.api import app
from stratometrics.model import coverage
from stratometrics.model import findings
from stratometrics.model import prices
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.storage import base
from stratometrics.storage import errors

DEFINITIONS = definitions.Definitions.load(None)

CONFIG = """\
[keystone_authtoken]
auth_type = password
auth_url = http://keystone.invalid/v3
www_authenticate_uri = http://keystone.invalid
"""

#: The roles and scopes of all callers; the name is the token as well.
CALLERS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    'alice': ('acme', ('member', 'reader')),
    'bob': ('globex', ('reader',)),
    'member': ('acme', ('member',)),
    'admin': ('admin', ('admin',)),
    'billing': ('service', ('service',)),
    'eve': (None, ()),
}
SYSTEM_CALLERS = {
    'system-admin': ('admin', 'reader'),
    'system-reader': ('reader',),
}


@dataclasses.dataclass(frozen=True)
class Stay:
    """An interval of a resource, as the store would have derived it."""

    begin: int
    end: int
    facts: Mapping[str, str]
    measures: Mapping[str, int] = dataclasses.field(default_factory=dict)


class MemoryLease(base.Lease):
    """A right that is free unless it is told to be taken."""

    def __init__(self, storage: 'MemoryStorage') -> None:
        self._storage = storage

    def claim(self) -> bool:
        if self._storage.leased:
            return False
        self._storage.leased = True
        return True

    def prolong(self) -> None:
        pass

    def release(self) -> None:
        self._storage.leased = False


class MemoryStorage(base.UsageReader, base.CoverageReader, base.PriceStore):
    """Answers questions about stays; fails when told to."""

    def __init__(self) -> None:
        self.stays: list[Stay] = []
        self.questions: list[usage.UsageQuery] = []
        self.failure: Exception | None = None
        #: After how many groups a stream breaks.
        self.breaks_after: int | None = None
        self.checks = 0
        self.entries: list[prices.Entry] = []
        self.leased = False
        self.coverage = coverage.Observed(
            arrivals={}, audits={}, living={}, rejected=()
        )

    def check(self) -> None:
        self.checks += 1
        if self.failure:
            raise self.failure

    def observed(self, audits: Collection[str], now: int) -> coverage.Observed:
        if self.failure:
            raise self.failure
        return self.coverage

    def last_findings(
        self, region: str = '', complete: bool = False
    ) -> Mapping[tuple[str, str], findings.Findings]:
        return {}

    def price_entries(self, as_of: int | None = None) -> list[prices.Entry]:
        if self.failure:
            raise self.failure
        return [
            entry
            for entry in self.entries
            if as_of is None or entry.at <= as_of
        ]

    def record_prices(self, entries: Sequence[prices.Entry]) -> None:
        self.entries.extend(entries)

    def lease(self, name: str, length: int) -> MemoryLease:
        return MemoryLease(self)

    def stream_usage(
        self, query: usage.UsageQuery, limited: bool = True
    ) -> Iterator[usage.UsageRow]:
        self.questions.append(query)
        if self.failure:
            raise self.failure
        rows = [
            usage.UsageRow(
                group,
                *self._amounts(query, group, query.period),
                buckets={
                    bucket: usage.Amounts(*amounts)
                    for bucket in _buckets(query)
                    for amounts in [self._amounts(query, group, bucket)]
                    if amounts[0]
                },
                previous=(
                    usage.Amounts(*self._amounts(query, group, query.previous))
                    if query.previous
                    else None
                ),
            )
            for group in self._groups(query)
        ]
        for place, order in reversed(list(enumerate(query.ranking))):
            rows.sort(
                key=lambda row: query.position(row)[place],  # noqa: B023
                reverse=order.descending,
            )
        positions = [query.position(row) for row in rows]
        first = positions.index(query.after) + 1 if query.after else 0
        for number, row in enumerate(rows[first:][: query.limit]):
            if number == self.breaks_after:
                raise errors.StorageUnavailable('gone')
            yield row

    def _groups(self, query: usage.UsageQuery) -> set[tuple[str, ...]]:
        return {
            _group(stay, query)
            for stay in self.stays
            if _matches(stay, query)
            and any(
                _overlap(stay, period, query)
                for period in (query.period, query.previous)
                if period
            )
        }

    def _amounts(
        self,
        query: usage.UsageQuery,
        group: tuple[str, ...],
        period: usage.Period,
    ) -> tuple[int, dict[str, int]]:
        time = 0
        measures: dict[str, int] = defaultdict(int)
        for stay in self.stays:
            if _matches(stay, query) and _group(stay, query) == group:
                length = _overlap(stay, period, query)
                time += length
                for name, amount in stay.measures.items():
                    measures[name] += amount * length
        return time, dict(measures)

    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        return list(self.stream_usage(query))


def _group(stay: Stay, query: usage.UsageQuery) -> tuple[str, ...]:
    return tuple(stay.facts.get(key, '') for key in query.group_by)


def _overlap(stay: Stay, period: usage.Period, query: usage.UsageQuery) -> int:
    end = min(stay.end, query.end_of(period))
    return max(0, end - max(stay.begin, period.begin))


def _buckets(query: usage.UsageQuery) -> list[usage.Period]:
    whole = query.period
    return [
        usage.Period(max(begin, whole.begin), min(end, whole.end))
        for begin, end in itertools.pairwise(query.boundaries)
    ]


def _matches(stay: Stay, query: usage.UsageQuery) -> bool:
    accepted = dict(query.filters, resource_type=query.resource_types)
    if query.project_ids is not None:
        accepted['project_id'] = query.project_ids
    return all(
        stay.facts.get(key, '') in values for key, values in accepted.items()
    ) and not any(
        stay.facts.get(key, '') in values
        for key, values in query.excluded.items()
    )


class ApiTestCase(testtools.TestCase):
    """A test that asks the whole application.

    :ivar folder: where its configuration is, for a policy.yaml beside it.
    """

    #: More of stratometrics.conf.
    config = ''

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.storage = MemoryStorage()
        self.tokens = self.useFixture(middleware_fixture.AuthTokenFixture())
        for name, (project_id, roles) in CALLERS.items():
            self.tokens.add_token_data(
                token_id=name,
                user_id=f'{name}-id',
                user_domain_id='default',
                project_id=project_id,
                project_domain_id='default' if project_id else None,
                role_list=roles,
            )
        for name, roles in SYSTEM_CALLERS.items():
            token = tokens.V3Token(user_id=f'{name}-id')
            token.set_system_scope()
            for role in roles:
                token.add_role(name=role)
            self.tokens.add_token(token, name)
        self.log = self.useFixture(
            fixtures.FakeLogger(format='%(levelname)s %(name)s %(message)s')
        )
        self._application: Any = None

    def configuration(self) -> cfg.ConfigOpts:
        path = self.folder / 'stratometrics.conf'
        path.write_text(CONFIG + self.config)
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[str(path)])
        return conf

    @property
    def application(self) -> Any:
        """The application, made when it is first needed."""
        if self._application is None:
            self._application = app.make_application(
                self.configuration(), self.storage, DEFINITIONS
            )
        return self._application

    def ask(
        self,
        path: str,
        token: str | None = 'alice',
        *,
        method: str = 'GET',
        headers: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> webob.Response:
        """Send a request.

        :param path: with a query string, or else with
        :param parameters: values of which one may be a list; ``from_`` is
            ``from``.
        """
        if parameters:
            named = {
                name.rstrip('_'): value for name, value in parameters.items()
            }
            path += '?' + parse.urlencode(named, doseq=True)
        request = webob.Request.blank(path, method=method)
        if token:
            request.headers['X-Auth-Token'] = token
        request.headers.update(headers or {})
        return request.get_response(self.application)

    def assert_error(
        self, response: webob.Response, status: int, code: str
    ) -> str:
        """See that an answer is an error in the API-SIG's shape.

        :returns: the detail.
        """
        self.assertEqual(status, response.status_int, response.text)
        self.assertEqual('application/json', response.content_type)
        self.assertEqual(['errors'], list(response.json))
        [error] = response.json['errors']
        self.assertEqual(
            {'request_id', 'code', 'status', 'title', 'detail'}, set(error)
        )
        self.assertEqual(
            response.headers['X-OpenStack-Request-ID'], error['request_id']
        )
        self.assertRegex(error['request_id'], '^req-[0-9a-f-]{36}$')
        self.assertEqual(status, error['status'])
        self.assertEqual(f'stratometrics.{code}', error['code'])
        self.assertTrue(error['title'])
        return error['detail']
