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
"""Files of prices."""

from collections.abc import Iterable
import pathlib

import yaml

from stratometrics import strict_yaml
from stratometrics.model import prices
from stratometrics.pricing import documents
from stratometrics.pricing import errors

#: The longest file, in bytes: some 100,000 prices. A device has no end.
MAX_LENGTH = 16 * 2**20


def read(file: pathlib.Path) -> str:
    """The text of a file.

    :raises Malformed: it cannot be read, is too long, or is not UTF-8.
    """
    try:
        with file.open('rb') as opened:
            found = opened.read(MAX_LENGTH + 1)
        if len(found) > MAX_LENGTH:
            raise ValueError(f'longer than {MAX_LENGTH // 2**20} MiB')
        return found.decode()
    except (OSError, ValueError) as error:
        raise errors.Malformed((), str(error), str(file)) from None


def load(file: str, text: str) -> list[prices.Price]:
    """The prices of a YAML file, in its order and without ids.

    :param file: its name, for errors.
    :raises Malformed: names file, place and key.
    """
    try:
        return documents.read(strict_yaml.load(text))
    except strict_yaml.NotYaml as error:
        raise errors.Malformed((), str(error), file) from None
    except errors.Malformed as error:
        raise errors.Malformed(error.where, error.problem, file) from None


def dump(listed: Iterable[prices.Price]) -> str:
    """A YAML file that gives the same prices again, but for their ids."""
    return yaml.safe_dump(
        documents.whole(listed), sort_keys=False, allow_unicode=True
    )
