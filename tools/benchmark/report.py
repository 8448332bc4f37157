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
"""What was measured: printed as it comes, and kept for a file."""

import dataclasses
import json
import os
import pathlib
import sys
from typing import Any, TextIO


class Failed(Exception):
    """Something did not do what it must: its time means nothing."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of the benchmark.

    :param aim: what it should be at most, or at least if ``more``.
    :param note: how it came about.
    """

    part: str
    name: str
    value: float
    unit: str
    aim: float | None = None
    more: bool = False
    note: str = ''

    @property
    def met(self) -> bool | None:
        """Whether the aim was reached; None if there is no aim."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.more else self.value <= self.aim

    def __str__(self) -> str:
        aim = ''
        if self.aim is not None:
            sign = '>=' if self.more else '<='
            verdict = 'met' if self.met else 'MISSED'
            aim = f'{sign} {self.aim:g}: {verdict}'
        number = f'{self.value:,.{_digits(self.value)}f}'
        line = f'  {self.name:<40}{number:>12} {self.unit:<6}{aim:<16}'
        return f'{line}{self.note}'.rstrip()


def _digits(value: float) -> int:
    if value >= 1000:
        return 0
    return 1 if value >= 10 else 2


class Report:
    """Collects figures.

    :param stream: where they are printed.
    """

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._facts: dict[str, dict[str, Any]] = {}
        self._figures: list[Figure] = []

    def facts(self, title: str, facts: dict[str, Any]) -> None:
        """Say under what circumstances the figures come about."""
        self._facts.setdefault(title, {}).update(facts)
        self._say(f'\n{title}')
        for name, value in facts.items():
            self._say(f'  {name:<32}{value}')

    def heading(self, text: str) -> None:
        """Announce the figures of a part, and how busy the machine is."""
        self._say(f'\n{text} (load {os.getloadavg()[0]:.1f})')

    def add(self, part: str, name: str, value: float, unit: str, **more: Any):
        """Keep and print one figure; see :class:`Figure`."""
        figure = Figure(part, name, value, unit, **more)
        self._figures.append(figure)
        self._say(str(figure))

    @property
    def missed(self) -> list[str]:
        """The names of the figures that missed their aims."""
        return [each.name for each in self._figures if each.met is False]

    def write(self, path: pathlib.Path) -> None:
        """Write all of it as JSON."""
        figures = [
            {**dataclasses.asdict(each), 'met': each.met}
            for each in self._figures
        ]
        document = {'facts': self._facts, 'figures': figures}
        path.write_text(json.dumps(document, indent=2) + '\n')

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
