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
"""Which test runs what the pages show, and what no test can run."""

from collections.abc import Iterator, Mapping
import dataclasses
import functools
import pathlib

import yaml

from stratometrics.tests.functional.documentation import pages

_FILE = pathlib.Path(__file__).with_name('table.yaml')


@dataclasses.dataclass(frozen=True)
class Apart:
    """A command or a block that is not tested by rule.

    :param page: its page.
    :param text: how the command begins, on one line; or what the block holds.
    :param cannot: why it cannot be tested on one machine.
    :param run_by: the test that runs it; a file of the source tree.
    :param there: how it is spelled in that file.
    """

    page: str
    text: str
    cannot: str = ''
    run_by: str = ''
    there: str = ''

    def __str__(self) -> str:
        return f'{self.page}: {self.text}'

    def fault(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if bool(self.cannot) == bool(self.run_by):
            return 'either says why it cannot be run, or what runs it'
        if self.cannot:
            return ''
        if not self.there:
            return 'does not say how the test spells it'
        test = pages.ROOT / self.run_by
        if not test.is_file():
            return f'there is no {self.run_by}'
        if self.there not in test.read_text(encoding='utf-8'):
            return f'{self.run_by} does not have {self.there!r}'
        return ''


@dataclasses.dataclass(frozen=True)
class Table:
    """What the file says.

    :param walks: the module of the test that runs the commands of a page.
    :param heads: how commands of a page begin of whose output only the first
        line is as shown.
    :param numbers: the same, of whose output the numbers are others.
    :param warnings: the same, of those whose exit status may be 1.
    :param commands: commands that the walks leave out.
    :param blocks: blocks of settings, definitions and SQL that are not of
        this service, or are tested elsewhere.
    """

    walks: Mapping[str, str]
    heads: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, tuple[str, ...]]
    warnings: Mapping[str, tuple[str, ...]]
    commands: tuple[Apart, ...]
    blocks: tuple[Apart, ...]

    def command(self, command: pages.Command) -> Apart | None:
        """What is said of a command."""
        for apart in self.commands:
            if apart.page == command.page and command.words.startswith(
                apart.text
            ):
                return apart
        return None

    def block(self, block: pages.Block) -> Apart | None:
        """What is said of a block."""
        for apart in self.blocks:
            if apart.page == block.page and apart.text in block.text:
                return apart
        return None

    def statuses(self, command: pages.Command) -> tuple[int, ...]:
        """The exit statuses that it may have."""
        begins = self.warnings.get(command.page, ())
        return (0, 1) if command.words.startswith(begins) else (0,)

    def comparison(self, command: pages.Command) -> dict[str, bool]:
        """How its output is compared: see outputs.difference()."""
        return {
            'heads': command.words.startswith(
                self.heads.get(command.page, ())
            ),
            'numbers': command.words.startswith(
                self.numbers.get(command.page, ())
            ),
        }


@functools.cache
def load() -> Table:
    """Read the file beside this module."""
    read = yaml.safe_load(_FILE.read_text(encoding='utf-8'))
    return Table(
        walks={
            page: said['walk']
            for page, said in read['commands'].items()
            if 'walk' in said
        },
        heads=_begins(read['commands'], 'heads'),
        numbers=_begins(read['commands'], 'numbers'),
        warnings=_begins(read['commands'], 'warnings'),
        commands=tuple(
            each
            for page, said in read['commands'].items()
            for each in _apart(page, 'begins', said.get('apart', ()))
        ),
        blocks=tuple(
            each
            for page, said in read['blocks'].items()
            for each in _apart(page, 'holds', said)
        ),
    )


def _begins(read: dict, key: str) -> dict[str, tuple[str, ...]]:
    return {
        page: tuple(said[key]) for page, said in read.items() if key in said
    }


def _apart(page: str, key: str, entries: list[dict]) -> Iterator[Apart]:
    for entry in entries:
        known = {name.replace('-', '_'): text for name, text in entry.items()}
        yield Apart(page=page, text=known.pop(key), **known)
