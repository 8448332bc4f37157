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
"""What the commands say of themselves, in their pages.

``.. command-help:: stratometrics-manage db sync`` prints what the option
``--help`` of this command prints, so that the page tells what the release
does.
"""

from docutils import nodes
import help_text
from sphinx.util import docutils


class CommandHelp(docutils.SphinxDirective):
    """The directive."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        try:
            said = help_text.text_of(*self.arguments[0].split())
        except (ImportError, ValueError) as error:
            raise self.error(str(error)) from error
        return [nodes.literal_block(said, said, language='none')]


def setup(app) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_directive('command-help', CommandHelp)
    # The help may have changed although no page has.
    app.connect('env-get-outdated', _outdated)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def _outdated(app, env, added, changed, removed) -> list[str]:
    return [page for page in env.found_docs if page.startswith('cli/')]
