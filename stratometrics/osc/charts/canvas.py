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
"""What charts are drawn on: a terminal, or what is none.

Only a terminal gets blocks and, unless NO_COLOR is set, colours; files and
pipes get ASCII. How wide a chart is, the terminal or COLUMNS says.
"""

from collections.abc import Sequence
from typing import TextIO

#: A line is made of texts, each with a style of rich.
Line = Sequence[tuple[str, str]]


class Canvas:
    """Draws lines.

    :param out: what it is written to.
    :ivar width: in columns.
    :ivar blocks: whether more than ASCII can be shown.
    """

    def __init__(self, out: TextIO, width: int | None = None) -> None:
        # Slow to import, and few look at charts.
        import rich.console

        self._out = out
        terminal = out.isatty()
        self._console = rich.console.Console(
            file=out,
            width=width,
            force_terminal=terminal,
            highlight=False,
            emoji=False,
        )
        self.width = self._console.width
        self.blocks = (
            terminal
            and not self._console.is_dumb_terminal
            and self._console.encoding.startswith('utf')
        )

    def draw(self, line: Line) -> None:
        """Write a line, which is not broken however long it is."""
        console = self._console
        if console.no_color or console.color_system is None:
            self._out.write(''.join(text for text, _ in line).rstrip() + '\n')
            return
        import rich.text

        console.print(rich.text.Text.assemble(*line), soft_wrap=True)


def length(text: str) -> int:
    """How many columns a text takes: some characters take two."""
    from rich import cells

    return cells.cell_len(text)
