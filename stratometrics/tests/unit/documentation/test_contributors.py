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
"""What pages of contributors name is there."""

import re
import unittest
from xml.etree import ElementTree

from stratometrics.tests.unit.documentation import pages

_ROOT = pages.CODE.parent

_PAGES = (
    'adding',
    'architecture',
    'contributing',
    'definitions',
    'rating',
    'testing',
)

#: A file, below the root or the package; or a folder of the project.
_PATH = re.compile(r'``([\w/.-]+\.(?:go|py|rst|sh)|stratometrics/[\w/]+)``')


class NamedFilesTest(unittest.TestCase):
    def test_they_are_there(self) -> None:
        for name in _PAGES:
            for path in _PATH.findall(pages.page(f'contributor/{name}')):
                with self.subTest(name, path=path):
                    self.assertTrue(
                        (_ROOT / path).exists()
                        or (pages.CODE / path).exists()
                        or list(pages.CODE.rglob(path))
                    )


class DiagramTest(unittest.TestCase):
    def test_it_says_in_words_what_it_shows(self) -> None:
        self.assertIn(
            '.. figure:: architecture.svg\n   :alt: ',
            pages.page('contributor/architecture'),
        )
        path = _ROOT / 'doc' / 'source' / 'contributor' / 'architecture.svg'
        drawing = ElementTree.fromstring(path.read_text(encoding='utf-8'))
        space = '{http://www.w3.org/2000/svg}'
        self.assertEqual('img', drawing.get('role'))
        for name in ('title', 'desc'):
            self.assertTrue(drawing.findtext(f'{space}{name}'))
