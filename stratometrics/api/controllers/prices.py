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
"""What is below /v1/prices: the price list."""

from collections.abc import Callable, Iterator, Mapping
import contextlib
from typing import Any

import pecan
import webob
import webob.exc

from stratometrics import policy
from stratometrics.api import authorization
from stratometrics.api import bodies
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import pricing
from stratometrics.api.controllers import base
from stratometrics.api.middleware import context
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.policies import prices as policies
from stratometrics.pricing import documents
from stratometrics.pricing import errors as pricing_errors
from stratometrics.rating import book
from stratometrics.rating import changes
from stratometrics.rating import errors as rating_errors
from stratometrics.rating import ledger
from stratometrics.rating import validation

#: Seconds after which another writer is done.
_RETRY_AFTER = 1

#: What each change is called, and the rule that counts for it.
_DEEDS = {
    prices.Change.CREATED: (policies.CREATE, 'add prices'),
    prices.Change.AMENDED: (policies.AMEND, 'amend prices'),
    prices.Change.WITHDRAWN: (policies.WITHDRAW, 'withdraw prices'),
}

_READ_RULES = (policies.GET, policies.GET_ALL)
_READ_ERRORS = (
    errors.InvalidParameter,
    errors.InvalidPeriod,
    errors.NoProject,
)


class PricesController(base.Controller):
    """/v1/prices

    :param listed: the price list.
    :param resource_types: all that there are, by name.
    """

    variable = operations.Parameter(
        name='id', schema=parameters.VALUE, description='The id of a price.'
    )

    def __init__(
        self,
        listed: ledger.Ledger,
        enforcer: policy.Enforcer,
        rules: parameters.Rules,
        resource_types: Mapping[str, definitions.ResourceType],
    ) -> None:
        self.listed = listed
        self.rules = rules
        self._enforcer = enforcer
        self._resource_types = resource_types
        self.described = {
            'GET': operations.Operation(
                summary='The price list.',
                parameters=pricing.PARAMETERS,
                answers={formats.JSON_TYPE: pricing.PRICES},
                refusals=_READ_ERRORS,
                rules=_READ_RULES,
            ),
            'POST': operations.Operation(
                summary='Add a price, or several at once.',
                body=pricing.added(resource_types),
                status=201,
                answers={formats.JSON_TYPE: pricing.ADDED},
                refusals=(errors.Conflict,),
                rules=(policies.CREATE,),
            ),
            'PATCH': operations.Operation(
                summary='Change several prices at once.',
                parameters=pricing.PARAMETERS_OF_CHANGES,
                body=pricing.wanted(resource_types),
                answers={formats.JSON_TYPE: pricing.CHANGED},
                refusals=(errors.Conflict, errors.InvalidParameter),
                rules=tuple(rule for rule, _ in _DEEDS.values()),
            ),
        }

    def one(self, segment: str) -> base.Controller:
        return PriceController(self, segment)

    def read(self, request: base.Request) -> dict[str, Any]:
        asked = pricing.question(
            request.query_string, self.rules, timestamps.now()
        )
        visible = self.visible(request, asked)
        return pricing.answer(asked, self.listed.read(asked.as_of), visible)

    def create(self, request: base.Request) -> webob.Response:
        parameters.none_expected(request.query_string)
        self.require(request, prices.Change.CREATED)
        body = bodies.read(request)
        several = isinstance(body, dict) and 'prices' in body
        with _told():
            added = self._sensible(body, several)
            found = [
                pricing.shown(price)
                for price in self.listed.add(added, caller(request).user_id)
            ]
        if several:
            return pecan.Response(status=201, json={'prices': found})
        [price] = found
        return pecan.Response(
            status=201,
            json=price,
            location=f'{request.path_url.rstrip("/")}/{price["id"]}',
        )

    def _sensible(self, body: Any, several: bool) -> list[prices.Price]:
        if not several:
            price = documents.read_price(body)
            validation.check(price, self._resource_types)
            return [price]
        added = documents.read(body)
        for place, price in enumerate(added):
            validation.check(price, self._resource_types, ('prices', place))
        return added

    def amend(self, request: base.Request) -> dict[str, Any]:
        dry_run = pricing.is_dry_run(request.query_string)
        # Who may change nothing is not told what is wrong with a body.
        if not any(self._may(request, change) for change in prices.Change):
            raise errors.Forbidden('You are not allowed to change prices.')
        body = bodies.read(request)
        with _told():
            wanted = changes.read(body, self._resource_types)
            generation = changes.read_generation(body)
            for change in dict.fromkeys(each.change for each in wanted):
                self.require(request, change)

            def plan(listed: book.PriceBook) -> ledger.Changes:
                return changes.plan(listed, wanted, generation)

            return pricing.changed(self._changed(request, plan, dry_run))

    def _changed(
        self,
        request: base.Request,
        plan: Callable[[book.PriceBook], ledger.Changes],
        dry_run: bool,
    ) -> ledger.Changes:
        if dry_run:
            return self.listed.rehearse(plan)
        return [
            (entry.change, entry.price)
            for entry in self.listed.change(plan, caller(request).user_id)
        ]

    def visible(
        self, request: base.Request, asked: pricing.Question
    ) -> authorization.Prices | None:
        """The tenant filter (R16)."""
        return authorization.visible_prices(
            self._enforcer, caller(request), asked.project_ids, asked.history
        )

    def require(self, request: base.Request, change: prices.Change) -> None:
        """See that the caller may change prices in a way.

        :raises Forbidden: he may not.
        """
        if not self._may(request, change):
            _, deed = _DEEDS[change]
            raise errors.Forbidden(f'You are not allowed to {deed}.')

    def _may(self, request: base.Request, change: prices.Change) -> bool:
        rule, _ = _DEEDS[change]
        return self._enforcer.allows(rule, {}, caller(request))


class PriceController(base.Controller):
    """/v1/prices/{id}"""

    described = {
        'GET': operations.Operation(
            summary='A price.',
            parameters=pricing.PARAMETERS_OF_ONE,
            answers={formats.JSON_TYPE: pricing.PRICE_AND_HISTORY},
            refusals=_READ_ERRORS,
            rules=_READ_RULES,
        ),
        'PATCH': operations.Operation(
            summary='Change the end or the description of a price.',
            body=pricing.AMENDMENT,
            answers={formats.JSON_TYPE: pricing.PRICE},
            refusals=(errors.Conflict,),
            rules=(policies.AMEND,),
        ),
        'DELETE': operations.Operation(
            summary='Withdraw a price, as if it had never been.',
            status=204,
            rules=(policies.WITHDRAW,),
        ),
    }

    def __init__(self, all_: PricesController, price_id: str) -> None:
        self._all = all_
        self._id = price_id

    def read(self, request: base.Request) -> dict[str, Any]:
        asked = pricing.question_of_one(
            request.query_string, self._all.rules, timestamps.now()
        )
        visible = self._all.visible(request, asked)
        listed = self._all.listed.read(asked.as_of)
        return pricing.answer_of_one(
            asked, listed, self._find(listed, visible)
        )

    def _find(
        self, listed: book.PriceBook, visible: authorization.Prices | None
    ) -> prices.Price:
        for price in listed.prices:
            if price.id == self._id and pricing.may_see(visible, price):
                return price
        # To whom may not see it, it is as if there were none.
        raise webob.exc.HTTPNotFound

    def amend(self, request: base.Request) -> dict[str, Any]:
        parameters.none_expected(request.query_string)
        self._all.require(request, prices.Change.AMENDED)
        body = bodies.read(request)
        with _told():
            changed = documents.read_amendment(body)
            amended = self._all.listed.amend(
                self._id, changed, caller(request).user_id
            )
        return pricing.shown(amended)

    def remove(self, request: base.Request) -> webob.Response:
        parameters.none_expected(request.query_string)
        self._all.require(request, prices.Change.WITHDRAWN)
        with _told():
            self._all.listed.withdraw(self._id, caller(request).user_id)
        return pecan.Response(status=204)


def caller(request: base.Request):
    """Who asks."""
    return request.environ[context.ENVIRON_KEY]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tells callers what was wrong with their prices."""
    try:
        yield
    except pricing_errors.Malformed as error:
        raise errors.InvalidBody(str(error)) from None
    except rating_errors.UnknownPrice:
        raise webob.exc.HTTPNotFound from None
    except rating_errors.Conflict as error:
        raise errors.Conflict(str(error)) from None
    except rating_errors.Busy as error:
        raise errors.Unavailable(str(error), _RETRY_AFTER) from None
