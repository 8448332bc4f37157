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
import dataclasses
import hashlib
import json
import unittest

from stratometrics.rating.rendering import document
from stratometrics.tests import billed


class DocumentTest(unittest.TestCase):
    def test_an_issued_statement_is_read_from_its_text(self) -> None:
        issued = billed.issued(billed.STATEMENT)
        found = document.of(issued)
        self.assertEqual(billed.STATEMENT, found.statement)
        self.assertEqual(issued, found.issued)

    def test_an_altered_text_is_refused(self) -> None:
        issued = billed.issued(billed.STATEMENT)
        altered = dataclasses.replace(
            issued, content=issued.content.replace('116.77', '16.77')
        )
        self.assertNotEqual(issued, altered)
        with self.assertRaisesRegex(document.Altered, issued.number):
            document.of(altered)

    def test_the_text_of_a_statement_stands_in_its_json_unchanged(
        self,
    ) -> None:
        issued = billed.issued(billed.STATEMENT)
        text = document.json(document.of(issued))
        begin = text.index('"statement":') + len('"statement":')
        end = text.index(',"status":"issued"}')
        self.assertEqual(
            issued.sha256, hashlib.sha256(text[begin:end].encode()).hexdigest()
        )
        self.assertEqual(
            {
                'number': issued.number,
                'issued_at': '2026-11-03T02:00:00Z',
                'issued_by': 'an-admin',
                'sha256': issued.sha256,
            },
            json.loads(text)['issued'],
        )

    def test_a_preview_says_so(self) -> None:
        shown = json.loads(document.json(document.preview(billed.STATEMENT)))
        self.assertEqual('preview', shown['status'])
        self.assertIsNone(shown['issued'])
        self.assertEqual('acme-production', shown['statement']['project_name'])
