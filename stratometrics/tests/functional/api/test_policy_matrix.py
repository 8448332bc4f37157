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

"""Who gets which answer: every route, asked with every kind of token.

``policy_matrix.yaml`` beside this file says what is expected. The tokens are
those of a real Keystone, and the real middleware has it check them.
"""

from collections.abc import Callable, Iterator, Mapping
import csv
import dataclasses
import decimal
import functools
import itertools
import pathlib
from typing import Any

import webob
import yaml

from stratometrics.model import prices
from stratometrics.storage import base as storage_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.realparts import identity

DAY = test_usage.DAY
OCTOBER = test_usage.OCTOBER
PERIOD = test_usage.PERIOD
MONTH = {'month': '2026-10'}

MATRIX = yaml.safe_load(
    pathlib.Path(__file__).with_name('policy_matrix.yaml').read_text()
)
COLLECTION = '/v1/{collection}'
DOCUMENT = '/v1/openapi.json'

#: What is asked besides whose data is wanted, and where it is in the answer.
MORE = {
    '/v1/usage': {**PERIOD, 'group_by': 'project_id'},
    COLLECTION: {**PERIOD, 'group_by': 'project_id'},
    '/v1/costs': {**MONTH, 'group_by': 'project_id'},
    '/v1/resources': PERIOD,
    '/v1/resources/{id}/timeline': PERIOD,
    '/v1/statements': MONTH,
}
LISTS = {
    '/v1/usage': 'results',
    COLLECTION: 'results',
    '/v1/costs': 'results',
    '/v1/resources': 'resources',
    '/v1/prices': 'prices',
    '/v1/statements': 'statements',
}
#: Variants that are more than the name of a project.
SCOPES = {
    'all': {'all_projects': 'true'},
    'history': {'history': 'true'},
}
#: What is no list of ours, and always about globex.
OTHER_FORMS = {
    'export': {'format': 'focus-csv', 'focus_version': '1.2'},
    'preview': {'detail': 'true'},
}
#: Of which a collection without data is asked one, and the next one another.
VARIANTS = ('own', 'globex', 'acme', 'all')
#: The collections that have data.
FILLED = ('/v1/instances', '/v1/volumes')

#: How to get a token of each kind. The project that is asked about is globex;
#: ``other`` reads another one.
PERSONAS: dict[str, Callable[[], str | None]] = {
    'nobody': lambda: None,
    'forged': lambda: f'{base.bob()[:-8]}AAAAAAAA',
    'unscoped': lambda: base.token('eve', None),
    'observer': lambda: base.token('otto', 'globex'),
    'reader': base.bob,
    'member': lambda: base.token('mia', 'globex'),
    'other': base.alice,
    'admin': base.admin,
    'service': lambda: base.token('billing', 'service'),
    'domain-reader': lambda: _in_domain('domain-reader'),
    'domain-admin': lambda: _in_domain('domain-admin'),
    'system-reader': lambda: _in_system('system-reader'),
    'system-admin': lambda: _in_system('admin'),
}

#: The project of a token that sees one with data in it.
OWN = {'reader': 'globex', 'member': 'globex', 'other': 'acme'}
SEES_ALL = ('admin', 'service', 'system-admin')


def _in_domain(user: str) -> str:
    return base.keystone().token(user, domain=identity.DOMAIN)


def _in_system(user: str) -> str:
    return base.keystone().token(user, system=True)


@functools.cache
def token_of(persona: str) -> str | None:
    return PERSONAS[persona]()


@functools.cache
def projects() -> dict[str, str]:
    """The ids of the projects that there is data of."""
    return {
        'globex': base.project_id('bob', 'globex'),
        'acme': base.project_id('alice', 'acme'),
    }


@dataclasses.dataclass(frozen=True)
class Case:
    """One answer that is expected.

    :ivar route: the method, and the path as it is described.
    :ivar variant: whose data is asked for.
    """

    route: str
    variant: str
    persona: str
    status: int

    def scope(self) -> dict[str, str]:
        """The parameters that say whose data is asked for."""
        if self.route.endswith('/v1/prices/{id}'):
            return {}
        if self.variant in projects():
            return {'project_id': projects()[self.variant]}
        if self.variant in OTHER_FORMS:
            return {
                'project_id': projects()['globex'],
                **OTHER_FORMS[self.variant],
            }
        return SCOPES.get(self.variant, {})

    def seen(self) -> set[str]:
        """The projects whose data a list has then."""
        if self.variant in ('all', 'history') or (
            # All prices are shown to those who may see them.
            self.route == 'GET /v1/prices'
            and self.variant == 'own'
            and self.persona in SEES_ALL
        ):
            return set(projects().values())
        named = OWN.get(self.persona, '')
        if self.variant in OTHER_FORMS:
            named = 'globex'
        elif self.variant != 'own':
            named = self.variant
        return {projects()[named]} if named else set()


def cases() -> Iterator[Case]:
    """All of the matrix."""
    for route, rows in MATRIX['answers'].items():
        for row in rows.splitlines():
            variant, *statuses = row.split()
            for persona, status in zip(
                MATRIX['personas'], statuses, strict=True
            ):
                yield Case(route, variant, persona, int(status))


def price(
    price_id: str,
    project: str = '',
    resource_type: str = 'instance',
    **match: tuple[str, ...],
) -> prices.Entry:
    return prices.Entry(
        change=prices.Change.CREATED,
        at=OCTOBER - 90 * DAY,
        by='alice',
        price=prices.Price(
            id=price_id,
            resource_type=resource_type,
            match=match,
            project_id=project,
            valid_from=0,
            currency='EUR',
            per=prices.Per.HOUR,
            tiers=(prices.Tier(decimal.Decimal('0.02')),),
        ),
    )


def new_price(resource_type: str, project: str) -> dict[str, str]:
    """The body of a price that is not there yet."""
    return {
        'resource_type': resource_type,
        'project_id': project,
        'per': 'month',
        'currency': 'EUR',
        'valid_from': '2026-01-01T00:00:00Z',
        'price': '1.00',
    }


def change(kind: str, persona: str) -> dict[str, Any]:
    """A change of the price list, as part of a body."""
    told = {
        'created': {'price': new_price('image', persona)},
        'amended': {'id': 'everybody', 'description': persona},
        'withdrawn': {'id': f'also-of-{persona}'},
    }
    return {'change': kind, **told[kind]}


class PolicyTest(base.ApplicationTestCase):
    @classmethod
    def fill(cls, storage: storage_base.Storage) -> None:
        storage.write_events(
            [
                test_usage.event(
                    f'{kind}-{name}',
                    -280 * DAY,
                    f'{kind}-{name}',
                    resource_type=kind,
                    project_id=project,
                    name=name,
                )
                for kind in ('instance', 'volume')
                for name, project in projects().items()
            ],
            received_at=OCTOBER - 280 * DAY,
        )
        storage.record_prices(
            [
                price('everybody', resource_type='volume'),
                *(price(name, owner) for name, owner in projects().items()),
                # Two for each to withdraw; none conflicts with another.
                *(
                    price(
                        f'{owned}-{persona}',
                        resource_type=kind,
                        type=(persona,),
                    )
                    for owned, kind in (
                        ('of', 'instance'),
                        ('also-of', 'volume'),
                    )
                    for persona in PERSONAS
                ),
            ]
        )

    def ask_as(
        self, persona: str, path: str, *args: Any, **params: str
    ) -> webob.Response:
        """Send a request with the token of a persona."""
        response = self.ask(path, token_of(persona), *args, **params)
        # An answer that nobody reads to its end keeps its place: after some
        # of them, all others would be turned away.
        assert response.body is not None
        return response


class TestMatrix(PolicyTest):
    def setUp(self) -> None:
        super().setUp()
        self.described = self.ask_as('admin', DOCUMENT).json['paths']
        self.collections = {
            f'/v1/{each["collection"]}'
            for each in self.ask_as('admin', '/v1/').json['resource_types']
        }

    def test_every_route_has_its_rows(self):
        there = {
            f'{method.upper()} {COLLECTION if each else path}'
            for path, item in self.described.items()
            for method in item
            for each in [path in self.collections]
        }
        self.assertEqual(there, set(MATRIX['answers']))
        self.assertEqual(list(PERSONAS), MATRIX['personas'])

    def test_every_answer(self):
        self.issue()
        wrong = []
        for case in cases():
            for path in self.paths(case):
                response = self.asked(case, path)
                told = f'{case} {path}: {response.status_int}'
                if response.status_int != case.status:
                    wrong.append(told)
                elif case.status == 200:
                    found = self.seen(case, path, response)
                    if found is not None and found != case.seen():
                        wrong.append(f'{told}, of {found}')
        self.assertEqual([], wrong)

    def test_head_is_as_get_and_options_are_for_all(self):
        for path, item in self.described.items():
            options = self.ask_as('nobody', self.real(path), 'OPTIONS')
            self.assertEqual(204, options.status_int, path)
            if 'get' in item:
                statuses = {
                    self.ask_as('nobody', self.real(path), method).status_int
                    for method in ('GET', 'HEAD')
                }
                self.assertEqual(1, len(statuses), path)

    def issue(self) -> None:
        for project in projects().values():
            issued = self.ask_as(
                'admin',
                '/v1/statements',
                'POST',
                {**MONTH, 'project_id': project, 'allow_unpriced': True},
            )
            self.assertEqual(201, issued.status_int, issued.text)

    def real(self, path: str, case: Case | None = None) -> str:
        """A path that names something which is there."""
        globex = projects()['globex']
        found = path.replace('{number}', f'2026-10-{globex}')
        if found.startswith('/v1/prices'):
            named = 'everybody'
            if case and case.variant in projects():
                named = case.variant
            elif case and case.route.startswith('DELETE'):
                named = f'of-{case.persona}'
            return found.replace('{id}', named)
        return found.replace('{id}', 'instance-globex')

    def paths(self, case: Case) -> list[str]:
        _, path = case.route.split()
        if path == COLLECTION:
            # Keystone is asked about a forged token every time.
            if case.persona == 'forged':
                return list(FILLED)
            variants = itertools.cycle(VARIANTS)
            return [
                collection
                for collection, variant in zip(
                    sorted(self.collections), variants, strict=False
                )
                if collection in FILLED or variant == case.variant
            ]
        return [self.real(path, case)]

    def asked(self, case: Case, path: str) -> webob.Response:
        method, described = case.route.split()
        if method != 'GET':
            return self.ask_as(case.persona, path, method, self.body(case))
        more = MORE.get(described, {})
        if case.variant in OTHER_FORMS:
            more = MONTH
        elif described == '/v1/statements' and case.variant != 'all':
            more = {**more, 'issued': 'true'}
        return self.ask_as(case.persona, path, **more, **case.scope())

    def body(self, case: Case) -> Mapping[str, Any] | None:
        if case.route == 'POST /v1/prices':
            return new_price('volume', case.persona)
        if case.route == 'PATCH /v1/prices':
            return {'changes': [change(case.variant, case.persona)]}
        if case.route == 'POST /v1/statements':
            # Of another month for each, so that it is a new one.
            number = 1 + MATRIX['personas'].index(case.persona) % 9
            return {
                'month': f'2026-{number:02}',
                'project_id': projects()['globex'],
                'allow_unpriced': True,
            }
        return {'description': 'x'} if case.route.startswith('PATCH') else None

    def seen(
        self, case: Case, path: str, response: webob.Response
    ) -> set[str] | None:
        """The projects whose data an answer has; None if it is no list."""
        method, described = case.route.split()
        if method != 'GET' or described not in LISTS:
            return None
        if case.variant == 'preview':
            return {response.json['statement']['project_id']}
        if case.variant == 'export':
            rows = csv.DictReader(response.text.splitlines())
            return {row['BillingAccountId'] for row in rows}
        listed = response.json[LISTS[described]]
        if described == COLLECTION and path not in FILLED:
            self.assertEqual([], listed, path)
            return None
        return {each.get('project_id', '') for each in listed} - {''}


class TestCustomized(PolicyTest):
    """A policy.yaml beside the configuration."""

    def statuses(self, path: str, **params: str) -> dict[str, int]:
        return {
            persona: self.ask_as(persona, path, **params).status_int
            for persona in ('nobody', 'member', 'other', 'admin', 'service')
        }

    def policy(self, text: str) -> None:
        (self.folder / 'policy.yaml').write_text(text)

    def test_it_opens_a_route(self):
        self.policy('"usage:get_all_projects": "role:member or rule:admin"\n')
        asked = {**PERIOD, 'all_projects': 'true', 'group_by': 'project_id'}
        self.assertEqual(
            {
                'nobody': 401,
                'member': 200,
                'other': 200,
                'admin': 200,
                'service': 403,
            },
            self.statuses('/v1/usage', **asked),
        )
        found = self.ask_as('member', '/v1/usage', **asked).json['results']
        self.assertEqual(
            set(projects().values()), {each['project_id'] for each in found}
        )
        # A rule opens its own routes and no others.
        for path in ('/v1/resources', '/v1/costs', '/v1/statements'):
            refused = self.ask_as('member', path, all_projects='true')
            self.assertEqual(403, refused.status_int, path)

    def test_it_lets_readers_of_the_system_in(self):
        self.policy(
            '"usage:get_all_projects": '
            '"rule:admin or (role:reader and system_scope:all)"\n'
        )
        asked = {**PERIOD, 'all_projects': 'true'}
        for persona, status in (
            ('system-reader', 200),
            ('domain-reader', 403),
            ('reader', 403),
        ):
            answer = self.ask_as(persona, '/v1/usage', **asked)
            self.assertEqual(status, answer.status_int, persona)

    def test_it_opens_one_kind_of_change(self):
        self.policy('"price:create": "role:member or rule:admin"\n')

        def status(persona: str, *kinds: str) -> int:
            changes = [change(kind, persona) for kind in kinds]
            return self.ask_as(
                persona, '/v1/prices', 'PATCH', {'changes': changes}
            ).status_int

        self.assertEqual(403, status('member', 'created', 'withdrawn'))
        self.assertEqual(403, status('member', 'amended'))
        self.assertEqual(200, status('member', 'created'))
        self.assertEqual(200, status('admin', 'created', 'withdrawn'))

    def test_it_closes_a_route(self):
        self.policy('"capabilities:get": "rule:admin"\n')
        for path in ('/v1/', DOCUMENT):
            self.assertEqual(
                {
                    'nobody': 401,
                    'member': 403,
                    'other': 403,
                    'admin': 200,
                    'service': 403,
                },
                self.statuses(path),
                path,
            )
        self.assertEqual(200, self.ask_as('member', '/v1/usage').status_int)
