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
"""A cloud whose services answer what a test says.

It stands in for services that keep what they have for themselves: a page that
comes twice, a marker that is gone, a cell that is down.
"""

from collections.abc import Callable, Mapping
import json
from types import SimpleNamespace
from typing import Any

import requests

from stratometrics.reconciler import listing

Answer = Callable[[str, Mapping[str, Any]], Any]


class Service:
    """A service that answers GET requests.

    :param answer: takes the path and the query; returns what becomes JSON, or
        a number, which becomes the status.
    :param microversions: the lowest and the highest that it offers.
    """

    service_type = 'fake'
    service_name = None

    def __init__(
        self, answer: Answer, microversions: tuple[Any, Any] = (None, None)
    ) -> None:
        self._answer = answer
        self._microversions = microversions
        #: What was asked: path, query, microversion.
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []

    def get_endpoint_data(self) -> SimpleNamespace:
        lowest, highest = self._microversions
        return SimpleNamespace(
            min_microversion=lowest, max_microversion=highest
        )

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        microversion: str | None = None,
    ) -> requests.Response:
        query = dict(params or {})
        self.asked.append((path, query, microversion))
        answer = self._answer(path, query)
        response = requests.Response()
        response.status_code = 200
        if isinstance(answer, int):
            response.status_code = answer
            response.reason = 'Because'
        elif isinstance(answer, bytes):
            response._content = answer
        else:
            response._content = json.dumps(answer).encode()
        return response


def inquiry(page_size: int = 1000, **services: Service) -> listing.Inquiry:
    """An inquiry at a cloud of these services, by attribute name."""
    return listing.Inquiry(SimpleNamespace(**services), page_size)
