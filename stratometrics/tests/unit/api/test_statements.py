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
"""Who may see and issue statements, and what they are told."""

import dataclasses
import decimal
import itertools
import json
import types

import webob

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.rating import issuing
from stratometrics.rating.rendering import page
from stratometrics.rating.rendering import pdf
from stratometrics.storage import base as storage_base
from stratometrics.tests import priced
from stratometrics.tests.unit.api import base

_HOUR = 3600 * timestamps.MICROSECONDS

PREVIEW = '/v1/statements?month=2026-01'
LIST = f'{PREVIEW}&issued=true'
ALL = f'{PREVIEW}&all_projects=true'
ACME = '/v1/statements/2026-01-acme'
GLOBEX = '/v1/statements/2026-01-globex'


class Storage(base.MemoryStorage, storage_base.StatementStore):
    """Keeps statements in memory; nothing comes late."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, statements.Issued] = {}

    def record_statements(self, issued):
        self.kept |= {each.number: each for each in issued}

    def issued(self, number):
        return self.kept.get(number)

    def receipts(self, project_ids=None, month='', after='', limit=None):
        return [
            each
            for number, each in sorted(self.kept.items())
            if number.startswith(month)
            and number > after
            and (project_ids is None or each.project_id in project_ids)
        ][:limit]

    def late(self, marks, until, before, project_ids=None):
        return {}

    def renamed(self, kind, marks, until):
        return {}

    def users(self, resource_type, key, ids, before):
        return {}


class StatementsTestCase(base.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage = Storage()
        begin = timestamps.from_datetime(
            timestamps.to_datetime(0).replace(year=2026)
        )
        for project_id in ('acme', 'globex'):
            self.storage.stays.append(
                base.Stay(
                    begin,
                    begin + 10 * _HOUR,
                    {
                        'resource_type': 'instance',
                        'resource_id': project_id,
                        'project_id': project_id,
                        'type': 'm1.small',
                        'state': 'active',
                    },
                )
            )
        self.storage.entries.append(
            priced.created(
                priced.price(
                    'small',
                    valid_from=0,
                    tiers=(prices.Tier(decimal.Decimal('0.02')),),
                )
            )
        )

    def order(self, token: str, **body) -> webob.Response:
        request = webob.Request.blank('/v1/statements', method='POST')
        request.headers['X-Auth-Token'] = token
        request.content_type = 'application/json'
        request.body = json.dumps(
            {'month': '2026-01', 'project_id': 'acme', **body}
        ).encode()
        return request.get_response(self.application)

    def issue(self) -> None:
        for project_id in ('acme', 'globex'):
            response = self.order('admin', project_id=project_id)
            self.assertEqual(201, response.status_int, response.text)


class StatementsTest(StatementsTestCase):
    def test_their_page_is_loaded_with_the_application(self) -> None:
        """Before processes are forked, and where it cannot be, no later."""
        page._template.cache_clear()
        self.assertIsNotNone(self.application)
        self.assertEqual(1, page._template.cache_info().currsize)

    def test_the_matrix(self) -> None:
        self.issue()
        every = {PREVIEW, LIST, ALL, ACME, GLOBEX}
        for token, allowed in (
            ('alice', {PREVIEW, LIST, ACME}),
            ('bob', {PREVIEW, LIST, GLOBEX}),
            ('member', set()),
            ('admin', every),
            ('billing', every),
            ('system-admin', {ALL, ACME, GLOBEX}),
            ('system-reader', set()),
        ):
            for path in every:
                response = self.ask(path, token)
                with self.subTest(token=token, path=path):
                    if path in allowed:
                        self.assertEqual(200, response.status_int)
                    elif path in (ACME, GLOBEX):
                        # As if there were none.
                        self.assert_error(response, 404, 'not-found')
                    elif token.startswith('system') and path != ALL:
                        self.assert_error(response, 400, 'no-project')
                    else:
                        self.assert_error(response, 403, 'forbidden')

    def test_who_may_issue(self) -> None:
        for token in ('alice', 'bob', 'member', 'billing', 'system-reader'):
            self.assert_error(self.order(token), 403, 'forbidden')
        self.assertEqual({}, self.storage.kept)
        self.assertEqual(201, self.order('system-admin').status_int)
        [issued] = self.storage.kept.values()
        self.assertEqual('system-admin-id', issued.issued_by)

    def test_policy_decides(self) -> None:
        (self.folder / 'policy.yaml').write_text(
            '"statement:issue": "role:service"\n"statement:get": "!"\n'
        )
        self.assertEqual(201, self.order('billing').status_int)
        self.assert_error(self.order('admin'), 403, 'forbidden')
        self.assert_error(self.ask(PREVIEW), 403, 'forbidden')
        self.assert_error(self.ask(ACME), 404, 'not-found')

    def test_others_are_issuing(self) -> None:
        self.storage.leased = True
        passing = itertools.count(0, 100)
        self.patch(
            issuing,
            'time',
            types.SimpleNamespace(
                monotonic=lambda: next(passing), sleep=lambda seconds: None
            ),
        )
        response = self.order('admin')
        self.assert_error(response, 503, 'unavailable')
        self.assertIn('Retry-After', response.headers)

    def test_pdf_that_cannot_be_made(self) -> None:
        def missing():
            raise pdf.MissingExtra('pip install something')

        self.patch(pdf, '_weasyprint', missing)
        detail = self.assert_error(
            self.ask(f'{PREVIEW}&format=pdf'), 406, 'not-acceptable'
        )
        self.assertNotIn('pip', detail)

    def test_a_list_is_json(self) -> None:
        response = self.ask(LIST, headers={'Accept': 'text/csv'})
        self.assert_error(response, 406, 'not-acceptable')
        response = self.ask(
            f'{LIST}&format=json', headers={'Accept': 'text/html, */*;q=0.1'}
        )
        self.assertEqual({'statements': []}, response.json)

    def test_numbers_of_no_statement(self) -> None:
        for number in ('x', '2026-01-', '2026-01-nobody', '2026-1-acme'):
            self.assert_error(
                self.ask(f'/v1/statements/{number}', 'admin'), 404, 'not-found'
            )

    def test_the_body_is_json(self) -> None:
        for body in ('[]', '7', 'null', '"x"'):
            request = webob.Request.blank('/v1/statements', method='POST')
            request.headers['X-Auth-Token'] = 'admin'
            request.content_type = 'application/json'
            request.body = body.encode()
            self.assert_error(
                request.get_response(self.application), 400, 'invalid-body'
            )


class TestLimits(StatementsTestCase):
    config = """
[api]
max_charges = 3
max_page_lines = 1
"""

    def setUp(self) -> None:
        super().setUp()
        [stay, _] = self.storage.stays
        self.storage.stays.append(
            dataclasses.replace(
                stay, facts={**stay.facts, 'resource_id': 'another'}
            )
        )

    def test_pages_are_no_longer_than_allowed(self) -> None:
        for form in ('html', 'pdf'):
            detail = self.assert_error(
                self.ask(f'{PREVIEW}&detail=true&format={form}'),
                400,
                'query-too-expensive',
            )
            self.assertIn('more than 1 lines, which are too many', detail)
        for query in ('detail=true', 'detail=true&format=csv', 'format=html'):
            self.assertEqual(
                200, self.ask(f'{PREVIEW}&{query}').status_int, query
            )

    def test_what_is_kept_in_memory_is_limited(self) -> None:
        response = self.ask(f'{PREVIEW}&detail=true&daily=true')
        self.assertEqual(200, response.status_int)
        [stay, *_] = self.storage.stays
        self.storage.stays += [
            dataclasses.replace(
                stay, facts={**stay.facts, 'resource_id': f'server {number}'}
            )
            for number in range(2)
        ]
        detail = self.assert_error(
            self.ask(f'{PREVIEW}&detail=true'), 400, 'query-too-expensive'
        )
        self.assertIn('without detail', detail)
        self.assertEqual(200, self.ask(PREVIEW).status_int)
