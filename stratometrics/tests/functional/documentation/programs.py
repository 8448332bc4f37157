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
"""A page whose parts of a program are run one after the other."""

from collections.abc import Iterator, Mapping
import contextlib
import dataclasses
import io
import os
import pathlib
from typing import Any
from unittest import mock

from stratometrics.tests.functional.documentation import pages

_PROGRAM = 'python'
_OUTPUT = 'text'


@dataclasses.dataclass(frozen=True)
class Part:
    """A block of a program.

    :param output: what the page says that it prints; '' if nothing.
    """

    block: pages.Block
    output: str


def parts(page: str) -> Iterator[Part]:
    """The blocks of Python, each with what is shown behind it."""
    found = list(pages.blocks(page))
    for place, block in enumerate(found):
        if block.language == _PROGRAM:
            behind = found[place + 1 : place + 2]
            output = ''.join(
                each.text for each in behind if each.language == _OUTPUT
            )
            yield Part(block, output)


def run(
    page: str,
    folder: pathlib.Path,
    environment: Mapping[str, str],
    replacements: Mapping[str, str],
) -> list[tuple[str, str, str]]:
    """Run a page in a folder.

    :param environment: added to that of this process.
    :param replacements: texts of the page, and what is run instead.
    :returns: of each part where it is, what the page shows and what came.
    """
    names: dict[str, Any] = {}
    told = []
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.chdir(folder),
    ):
        for part in parts(page):
            text = part.block.text
            for there, here in replacements.items():
                text = text.replace(there, here)
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, str(part.block), 'exec'), names)
            told.append(
                (str(part.block), part.output, printed.getvalue().rstrip())
            )
    return told
