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
"""Answers and ids that no service should give, over HTTP."""

from collections.abc import Iterable, Mapping
import dataclasses
from typing import Any

from stratometrics import cloud as cloud_module
from stratometrics.model import names
from stratometrics.naming import directory
from stratometrics.notifications import definitions
from stratometrics.reconciler import listing
from stratometrics.reconciler import rounds
from stratometrics.reconciler import services
from stratometrics.tests import answers
from stratometrics.tests.unit.answers import base

LISTINGS = {each.resource_type: each for each in services.ALL}
#: The resources that are asked for one by one, and where.
SINGLE = {
    'instance': '/compute/v2.1/servers',
    'share': '/shared-file-system/v2/shares',
    'vpn-service': '/network/v2.0/vpn/vpnservices',
    'ipsec-site-connection': '/network/v2.0/vpn/ipsec-site-connections',
}
DEEP = b'{"x":' + b'[' * 200_000 + b']' * 200_000 + b'}'


class Odd(answers.Answers):
    """The same, but for what a test says.

    :ivar odd: the status line and the body by the path.
    """

    def __init__(self) -> None:
        super().__init__()
        self.odd: dict[str, tuple[str, bytes]] = {}

    def __call__(
        self, environ: Mapping[str, Any], start: answers.Start
    ) -> Iterable[bytes]:
        odd = self.odd.get(environ['PATH_INFO'])
        if odd is None:
            return super().__call__(environ, start)
        # Who is not listened to does not listen either.
        environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
        status, body = odd
        start(status, [('Content-Type', 'application/json')])
        return [body]


class OddTest(base.AnswersCase):
    def setUp(self) -> None:
        super().setUp()
        self.services = self.serve(Odd)
        self.inquiry = listing.Inquiry(self.cloud(system_scope='all'), 1000)

    def first(self, resource_type: str) -> Any:
        """A resource that is listed."""
        page = next(iter(LISTINGS[resource_type].living(self.inquiry)))
        return page.observations[0]

    def failure(self, resource_type: str) -> str:
        """What is said of a list that cannot be had."""
        with self.assertRaises(listing.Unavailable) as caught:
            list(LISTINGS[resource_type].living(self.inquiry))
        return str(caught.exception)

    def test_an_odd_id_asks_for_nothing_else(self) -> None:
        for resource_type, path in SINGLE.items():
            exists = LISTINGS[resource_type].exists
            there = self.first(resource_type).resource_id
            self.assertTrue(exists(self.inquiry, there))
            for odd in ('?', '?x', '#x', '%2F', '%3F', ';x', ' x', '%'):
                with self.subTest(resource_type, odd=odd):
                    self.assertFalse(exists(self.inquiry, there + odd))
                    self.assertEqual(
                        1, self.services.requests[f'GET {path}/{there}{odd}']
                    )
            self.services.requests.clear()
            for odd in (f'{there}/', f'x/../{there}', '..', '.', ''):
                with self.subTest(resource_type, odd=odd):
                    self.assertFalse(exists(self.inquiry, odd))
            asked = [
                one for one in self.services.requests if f' {path}' in one
            ]
            self.assertEqual([], asked)

    def test_nor_does_the_past_of_a_server(self) -> None:
        server = self.first('instance')
        history = LISTINGS['instance'].history
        self.assertNotEqual([], history(self.inquiry, server))
        odd = dataclasses.replace(
            server, resource_id=f'{server.resource_id}/os-instance-actions?x='
        )
        with self.assertRaisesRegex(listing.Unavailable, 'part of a path'):
            history(self.inquiry, odd)
        odd = dataclasses.replace(
            server, resource_id=f'{server.resource_id}?x='
        )
        self.assertEqual([], history(self.inquiry, odd))

    def test_a_reason_does_nothing_to_a_terminal(self) -> None:
        self.services.odd['/block-storage/v3/volumes/detail'] = (
            '500 \x1b[2J\x1b]0;owned\x07Oh\x9b1m',
            b'{}',
        )
        self.assertEqual(
            'block-storage /volumes/detail: '
            r'500 \x1b[2J\x1b]0;owned\x07Oh\x9b1m',
            self.failure('volume'),
        )

    def test_what_is_nested_too_deeply_is_no_answer(self) -> None:
        self.services.odd['/block-storage/v3/volumes/detail'] = (
            '200 OK',
            DEEP,
        )
        self.assertEqual(
            'block-storage /volumes/detail: the answer is nested too deeply',
            self.failure('volume'),
        )

    def test_nor_is_it_what_tells_the_versions(self) -> None:
        for body, said in (
            (DEEP, 'nested too deeply'),
            (b'5', 'not as it should be: TypeError'),
            (b'{"versions": [5]}', 'not as it should be: TypeError'),
        ):
            # A connection remembers which versions there are.
            self.inquiry = listing.Inquiry(self.cloud(system_scope='all'), 1)
            for path in ('/compute', '/compute/', '/compute/v2.1'):
                self.services.odd[path] = '200 OK', body
            self.assertEqual(
                f'compute: the answer is {said}', self.failure('instance')
            )

    def test_nor_is_it_a_catalog(self) -> None:
        self.services.odd['/identity/v3/auth/tokens'] = '201 Created', DEEP
        round_ = rounds.Rounds(
            None,
            definitions.Definitions.load(None),
            self.inquiry.cloud,
            services.ALL,
        )
        with self.assertRaisesRegex(
            cloud_module.CloudError, 'catalog .* nested too deeply'
        ):
            round_.choose()

    def test_nor_a_name(self) -> None:
        self.services.odd['/identity/v3/users/u1'] = '200 OK', DEEP
        with self.assertRaisesRegex(
            cloud_module.CloudError, 'nested too deeply'
        ):
            directory.Directory(self.inquiry.cloud).find(names.USER, 'u1')

    def test_what_is_said_of_a_name_does_nothing_to_a_terminal(self) -> None:
        self.services.odd['/identity/v3/users/u1'] = (
            '403 No',
            b'{"error": {"message": "\\u001b[2J\\u202e%s"}}' % (b'x' * 10**6),
        )
        with self.assertRaises(cloud_module.CloudError) as caught:
            directory.Directory(self.inquiry.cloud).find(names.USER, 'u1')
        self.assertIn(r'\x1b[2J\u202ex', str(caught.exception))
        self.assertTrue(str(caught.exception).isprintable())
        self.assertLess(len(str(caught.exception)), 1000)
