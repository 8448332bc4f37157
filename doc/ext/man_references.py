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
"""Man pages, in which nobody can follow a reference to another page.

They name it in italics. Sphinx writes an address after the name, and has none.
"""

from typing import Any

from docutils import nodes
from sphinx import application


def name_pages(
    app: application.Sphinx, doctree: nodes.document, docname: str
) -> None:
    """Leave of references to other pages their names."""
    if app.builder.format != 'man':
        return
    for reference in list(doctree.findall(nodes.reference)):
        if not reference.get('refuri'):
            name = nodes.emphasis('', reference.astext())
            reference.replace_self(name)


def setup(app: application.Sphinx) -> dict[str, Any]:
    """Make it known to Sphinx."""
    app.connect('doctree-resolved', name_pages)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
