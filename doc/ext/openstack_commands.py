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
"""The commands of ``openstack``, with their examples.

On a terminal examples are lines that are indented, and so they are on a page:
``.. autoprogram-cliff::`` alone makes one paragraph of them.
"""

import re
from typing import Any

from cliff import sphinxext
from docutils import nodes

_EXAMPLES = re.compile(r':\n\n(?=  \S)')


class Commands(sphinxext.AutoprogramCliffDirective):
    """The directive."""

    def _generate_nodes_per_command(
        self,
        title: str,
        command_name: str,
        command_class: Any,
        ignored_opts: list[str],
    ) -> list[nodes.Node]:
        class Shown(command_class):
            def get_parser(self, prog_name):
                parser = super().get_parser(prog_name)
                parser.epilog = _EXAMPLES.sub('::\n\n', parser.epilog or '')
                return parser

        return super()._generate_nodes_per_command(
            title, command_name, Shown, ignored_opts
        )


def setup(app) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.setup_extension('cliff.sphinxext')
    app.add_directive('autoprogram-cliff', Commands, override=True)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
