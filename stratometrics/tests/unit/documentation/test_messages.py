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
"""The texts that the page of symptoms quotes are those of the code."""

import ast
from collections.abc import Iterator
import functools
import re
import unittest

from stratometrics.tests.unit.documentation import pages

#: What stands for a value that the code puts into a text.
_GAP = '\0'

_QUOTED = re.compile(r':told:`([^`]*)`')
_FORMAT = re.compile(r'%(?:\(\w+\))?[-.\d]*[sdrf]')

#: How many characters of a text have to be given, so that it is found.
_ENOUGH = 12

#: The first one says what such a quotation looks like.
_EXAMPLE = 'so'


def _spelled(node: ast.AST) -> str | None:
    """A text of the code, with a gap for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _FORMAT.sub(_GAP, node.value)
    if isinstance(node, ast.JoinedStr):
        return ''.join(
            part.value if isinstance(part, ast.Constant) else _GAP
            for part in node.values
        )
    return None


def _texts() -> Iterator[str]:
    for path in pages.CODE.rglob('*.py'):
        if 'tests' in path.relative_to(pages.CODE).parts:
            continue
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for node in ast.walk(tree):
            text = _spelled(node)
            if text:
                yield text


@functools.cache
def messages() -> tuple[str, ...]:
    return tuple(set(_texts()))


def is_told(quotation: str) -> bool:
    """Whether the code has such a text.

    :param quotation: ``...`` in it stands for what differs: values, and
        whatever follows at the end.
    """
    parts = [re.escape(part) for part in quotation.split('...')]
    pattern = re.compile('.*'.join(parts), re.DOTALL)
    return any(pattern.search(text) for text in messages())


class MessagesTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = pages.page('admin/troubleshooting')

    def quotations(self) -> list[str]:
        return [
            ' '.join(found.split())
            for found in _QUOTED.findall(self.page)
            if found != _EXAMPLE
        ]

    def test_all_are_told(self) -> None:
        for quotation in self.quotations():
            with self.subTest(quotation):
                given = quotation.replace('...', '')
                self.assertGreater(len(given), _ENOUGH)
                self.assertTrue(is_told(quotation))

    def test_what_is_not_told_would_be_found(self) -> None:
        self.assertTrue(is_told('The storage is not available: ...'))
        self.assertFalse(is_told('The storage is not reachable: ...'))

    def test_each_symptom_has_all_that_helps(self) -> None:
        found = pages.rows(self.page)
        heads = [row for row in found if row[0] == 'What is seen']
        self.assertGreaterEqual(len(found) - len(heads), 20)
        for row in found:
            with self.subTest(row[0]):
                self.assertEqual(4, len(row))
                self.assertTrue(all(row))
