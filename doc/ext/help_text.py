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
"""What a command says of itself."""

import contextlib
import importlib
import io
import os
import sys
from unittest import mock

#: Columns; a page has room for as many.
WIDTH = '79'


def text_of(program: str, *arguments: str) -> str:
    """What a command prints if it is asked for help.

    :param program: the name of the program, such as ``stratometrics-api``.
    :param arguments: the command, such as ``db``, ``sync``.
    :raises ValueError: there is no such command.
    """
    name = program.removeprefix('stratometrics-')
    module = importlib.import_module(f'stratometrics.cmd.{name}')
    printed = io.StringIO()
    with (
        mock.patch.object(sys, 'argv', [program, *arguments, '--help']),
        mock.patch.dict(os.environ, {'COLUMNS': WIDTH, 'NO_COLOR': '1'}),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        try:
            module.main()
        except SystemExit as ended:
            if not ended.code:
                return printed.getvalue().rstrip()
    raise ValueError(f'there is no such command: {printed.getvalue()}')
