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
"""The blocks of the project's pages, and the commands in them."""

from collections.abc import Iterator
import dataclasses
import pathlib
import re
import subprocess
import textwrap

ROOT = pathlib.Path(__file__).parents[4]

#: Where pages are that tell anybody what to type.
_PLACES = (
    '*.rst',
    'doc/source/**/*.rst',
    'devstack/**/*.rst',
    'contrib/**/*.rst',
)

#: A directive for a block, or any paragraph that ends as one that leads to
#: a block without a language.
_BEGIN = re.compile(
    r'(?P<indent> *)'
    r'(?:\.\. (?:code-block|sourcecode|code):: *(?P<language>\S+)'
    r'|(?!\.\. |\.\.$).*::)$'
)
_OPTION = re.compile(r' *:(?P<name>[\w-]+):(?P<value>.*)')

_PROMPT = re.compile(r'[$#] ')


@dataclasses.dataclass(frozen=True)
class Block:
    """A part of a page that is printed as it is.

    :param page: its file, from the top of the source tree.
    :param line: where it begins, from 1.
    :param language: such as ``console``; empty if the page names none.
    :param caption: such as the name of a file; empty if there is none.
    """

    page: str
    line: int
    language: str
    caption: str
    text: str

    def __str__(self) -> str:
        return f'{self.page}:{self.line}'

    @property
    def is_of_others(self) -> bool:
        """Whether its caption names a file that is not of this service."""
        return bool(self.caption) and not (
            self.caption == 'stratometrics.conf'
            or self.caption.startswith('/etc/stratometrics/')
        )


@dataclasses.dataclass(frozen=True)
class Command:
    """What somebody types.

    :param text: all its lines, without the prompt.
    :param output: what the page says that it prints; empty if nothing.
    """

    page: str
    line: int
    text: str
    output: str

    def __str__(self) -> str:
        return f'{self.page}:{self.line}: {self.words}'

    @property
    def words(self) -> str:
        """The command on one line."""
        return ' '.join(self.text.replace('\\\n', ' ').split())


def pages() -> list[str]:
    """All pages, from the top of the source tree."""
    return sorted(
        {
            str(path.relative_to(ROOT))
            for place in _PLACES
            for path in ROOT.glob(place)
        }
    )


def blocks(page: str) -> Iterator[Block]:
    """All blocks of a page, in its order."""
    lines = (ROOT / page).read_text(encoding='utf-8').splitlines()
    number = 0
    while number < len(lines):
        begin = _BEGIN.fullmatch(lines[number])
        number += 1
        if not begin:
            continue
        first = number
        while number < len(lines) and (
            not lines[number].strip()
            or lines[number].startswith(begin['indent'] + ' ')
        ):
            number += 1
        body = lines[first:number]
        caption = ''
        while body and (
            not body[0].strip() or (option := _OPTION.fullmatch(body[0]))
        ):
            if body[0].strip() and option['name'] == 'caption':
                caption = option['value'].strip()
            body.pop(0)
            first += 1
        text = textwrap.dedent('\n'.join(body)).rstrip()
        yield Block(page, first + 1, begin['language'] or '', caption, text)


def commands(page: str) -> Iterator[Command]:
    """All commands in the blocks of a page that show a terminal.

    :raises ValueError: such a block does not begin with a prompt.
    """
    for block in blocks(page):
        if block.language == 'console':
            yield from _commands(block)


def _commands(block: Block) -> Iterator[Command]:
    lines = block.text.splitlines()
    number = 0
    while number < len(lines):
        if not _PROMPT.match(lines[number]):
            raise ValueError(f'{block} does not begin with a prompt')
        begin = number
        text = lines[number][2:]
        number += 1
        while number < len(lines) and not _is_whole(text):
            text += '\n' + lines[number].removeprefix('> ')
            number += 1
        output = []
        while number < len(lines) and not _PROMPT.match(lines[number]):
            output.append(lines[number])
            number += 1
        yield Command(
            block.page, block.line + begin, text, '\n'.join(output).strip('\n')
        )


def _is_whole(text: str) -> bool:
    """Whether a shell would run this, and not wait for more."""
    if text.endswith('\\'):
        return False
    # Most have nothing that goes on in the next line.
    if not re.search(r'[\'"(`{]|<<|\b(for|while|until|if|case|do)\b', text):
        return True
    checked = subprocess.run(
        ['bash', '-n', '-c', text],
        capture_output=True,
        text=True,
    )
    return not checked.returncode and not checked.stderr
