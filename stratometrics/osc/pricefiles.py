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
"""Files of prices, which ``stratometrics-manage prices`` takes as well."""

from collections.abc import Iterable
import dataclasses
import pathlib

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.model import places
from stratometrics.model import prices
from stratometrics.osc import pricelist
from stratometrics.pricing import documents
from stratometrics.pricing import errors


@dataclasses.dataclass(frozen=True)
class Entry:
    """A price of a file.

    :param place: such as ``prices.yaml: prices[0]``, for errors.
    :param price: without an id.
    """

    place: str
    price: prices.Price


def read(file: str) -> list[Entry]:
    """The prices of a file, in its order.

    :raises osc_lib.exceptions.CommandError: it cannot be read, or something
        in it is not what it should be; names file, place and key.
    """
    # Slow to import, and few commands read files.
    from stratometrics.pricing import files

    try:
        text = files.read(pathlib.Path(file))
    except errors.Malformed as error:
        raise exceptions.CommandError(str(error)) from None
    return load(file, text)


def load(file: str, text: str) -> list[Entry]:
    """The prices that a text says.

    :param file: its name, for errors.
    :raises osc_lib.exceptions.CommandError: see :func:`read`.
    """
    from stratometrics.pricing import files

    try:
        loaded = files.load(file, text)
    except errors.Malformed as error:
        raise exceptions.CommandError(str(error)) from None
    return [
        Entry(f'{file}: {places.spelled(documents.place(number))}', price)
        for number, price in enumerate(loaded)
    ]


def dump(listed: Iterable[answers.Price]) -> str:
    """A file that gives the same prices again, but for their ids."""
    from stratometrics.pricing import files

    return files.dump(map(pricelist.price, listed))
