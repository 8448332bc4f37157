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
from types import SimpleNamespace
from typing import Any
import unittest

import requests

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import swift
from stratometrics.tests.unit.reconciler import fakes

HEADERS = {
    'X-Account-Bytes-Used': '14',
    'X-Account-Container-Count': '1',
    'X-Account-Object-Count': '2',
    'X-Timestamp': '1795416820.35964',
}
EMPTY = {
    'X-Account-Bytes-Used': '0',
    'X-Account-Container-Count': '0',
    'X-Account-Object-Count': '0',
}


class ObjectStore:
    """A Swift that has these accounts.

    :param accounts: headers, or a status, by the address of an account.
    """

    def __init__(self, endpoint: str, accounts: dict[str, Any]) -> None:
        self._endpoint = endpoint
        self._accounts = accounts

    def get_endpoint(self) -> str:
        return self._endpoint

    def get_project_id(self) -> str:
        return 'ours'

    def head(self, address: str) -> requests.Response:
        response = requests.Response()
        account = self._accounts.get(address, 404)
        if isinstance(account, int):
            response.status_code = account
        else:
            response.status_code = 204
            response.headers.update(account)
        return response


class SwiftTest(unittest.TestCase):
    def see(
        self,
        accounts: dict[str, Any],
        *,
        projects: Any = ('p1', 'p2', 'p3'),
        endpoint: str = 'http://swift/v1/AUTH_ours',
        page_size: int = 1000,
        **answer: Any,
    ) -> list[observation.Page]:
        [found] = swift.LISTINGS
        identity = fakes.Service(
            lambda _path, query: {
                'projects': [
                    {'id': one, 'name': f'name of {one}'}
                    for one in projects
                    if 'marker' not in query
                ],
                **answer,
            }
        )
        cloud = fakes.inquiry(identity=identity).cloud
        cloud.object_store = ObjectStore(
            endpoint,
            {f'http://swift/v1/{name}': it for name, it in accounts.items()},
        )
        cloud.config = SimpleNamespace(
            get_region_name=lambda _service: 'RegionOne'
        )
        return list(found.living(listing.Inquiry(cloud, page_size)))

    def assert_unavailable(self, text: str, *args: Any, **keys: Any) -> None:
        with self.assertRaisesRegex(listing.Unavailable, text):
            self.see(*args, **keys)

    def test_accounts(self) -> None:
        (page,) = self.see({'AUTH_p1': HEADERS, 'AUTH_p3': EMPTY})
        self.assertEqual(
            [
                observation.Observation(
                    resource_type='object-account',
                    resource_id='RegionOne/p1',
                    project_id='p1',
                    state='active',
                    name='name of p1',
                    measures={'size_bytes': 14, 'containers': 1, 'objects': 2},
                ),
                observation.Observation(
                    resource_type='object-account',
                    resource_id='RegionOne/p3',
                    project_id='p3',
                    state='empty',
                    name='name of p3',
                    measures={'size_bytes': 0, 'containers': 0, 'objects': 0},
                ),
            ],
            page.observations,
        )

    def test_pages_are_of_projects(self) -> None:
        pages = self.see({'AUTH_p1': HEADERS, 'AUTH_p3': HEADERS}, page_size=2)
        self.assertEqual(
            [['p1'], ['p3']],
            [[seen.project_id for seen in p.observations] for p in pages],
        )
        self.assertLess(pages[0].observed_at, pages[1].observed_at)

    def test_other_prefixes(self) -> None:
        for prefix in ('KEY_', ''):
            (page,) = self.see(
                {f'{prefix}p1': HEADERS},
                endpoint=f'http://swift/v1/{prefix}ours/',
            )
            self.assertEqual(1, len(page.observations))

    def test_an_id_is_a_part_of_the_address(self) -> None:
        (page,) = self.see({'AUTH_p%3F1': HEADERS}, projects=('p?1',))
        self.assertEqual('RegionOne/p?1', page.observations[0].resource_id)

    def test_an_endpoint_without_a_project(self) -> None:
        for endpoint in ('http://swift/v1', 'http://swift/ours/v1', ''):
            self.assert_unavailable(
                'does not end with the id of a project', {}, endpoint=endpoint
            )

    def test_an_account_that_may_not_be_read(self) -> None:
        self.assert_unavailable("account of 'p2': 403", {'AUTH_p2': 403})

    def test_an_account_that_was_deleted(self) -> None:
        """Swift says so for a week; the others are compared meanwhile."""
        (page,) = self.see({'AUTH_p1': 410, 'AUTH_p2': HEADERS})
        self.assertEqual(
            ['p2'], [seen.project_id for seen in page.observations]
        )

    def test_an_account_without_an_amount(self) -> None:
        for amount in ('', '-1', '1.5'):
            headers = {**HEADERS, 'X-Account-Bytes-Used': amount}
            self.assert_unavailable(
                'X-Account-Bytes-Used is missing', {'AUTH_p1': headers}
            )

    def test_a_list_of_projects_that_is_cut_off(self) -> None:
        self.assert_unavailable('cut off', {}, truncated=True)

    def test_a_list_of_projects_that_has_no_end(self) -> None:
        self.assert_unavailable(
            'the same page came twice', {}, links={'next': 'http://again'}
        )

    def test_a_project_with_an_odd_id(self) -> None:
        for odd in (7, '', 'p/1', '..'):
            self.assert_unavailable(
                'one of projects: id: ', {}, projects=(odd,)
            )
