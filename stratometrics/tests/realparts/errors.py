#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""What can go wrong with a part, said in words a person can act on."""


class PartError(Exception):
    """A part cannot be prepared, started, used or stopped."""


class MissingTool(PartError):
    """A program that a part needs is not installed."""

    def __init__(self, tool: str, part: str, remedy: str) -> None:
        """Say what is missing and how to get it.

        :param tool: the program that was looked for.
        :param part: the part that needs it.
        :param remedy: what the user can do, for example a command.
        """
        super().__init__(
            f'{part} needs {tool}, which is not installed: {remedy}'
        )
