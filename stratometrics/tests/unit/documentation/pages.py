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
"""The pages of the documentation, as tests read them."""

import pathlib
import re
import textwrap
import unittest

import stratometrics

#: The code that pages are about.
CODE = pathlib.Path(stratometrics.__file__).parent

_SOURCE = CODE.parent / 'doc' / 'source'

_BLOCK = re.compile(
    r"""(?mx)
    ^([ ]*)[.][.][ ]code-block::[ ](?P<language>\S+)\n
    (?P<options>(?:\1[ ]{3}:.*\n)*)
    \n
    (?P<text>(?:\1[ ]{3}.*\n|\n)+)
    """
)
_CAPTION = re.compile(r':caption: (.*)')


def page(name: str) -> str:
    """The text of a page.

    :param name: its path below the source, without the suffix.
    :raises unittest.SkipTest: only the package is here.
    """
    path = _SOURCE / f'{name}.rst'
    if not path.exists():
        raise unittest.SkipTest('the documentation is not installed')
    return path.read_text(encoding='utf-8')


def blocks(text: str, language: str) -> list[tuple[str, str]]:
    """The blocks of code in a language, each with its caption."""
    found = []
    for block in _BLOCK.finditer(text):
        if block['language'] == language:
            caption = _CAPTION.search(block['options'])
            found.append(
                (
                    caption[1] if caption else '',
                    textwrap.dedent(block['text']).strip('\n') + '\n',
                )
            )
    return found


def rows(text: str) -> list[list[str]]:
    """The rows of all list-tables, heads included; each cell in one line."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith('   * - '):
            found.append([line[7:]])
        elif line.startswith('     - ') and found:
            found[-1].append(line[7:])
        elif line.startswith('       ') and found:
            found[-1][-1] += f' {line.strip()}'
    return found
