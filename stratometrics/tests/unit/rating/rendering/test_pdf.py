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
import sys
import unittest
from unittest import mock

from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import forms
from stratometrics.rating.rendering import pdf
from stratometrics.tests import billed


class MissingExtraTest(unittest.TestCase):
    def test_the_error_says_what_to_install(self) -> None:
        # None makes the import fail, as it does without the package.
        with mock.patch.dict(sys.modules, {'weasyprint': None}):
            self.assertFalse(pdf.available())
            with self.assertRaisesRegex(
                pdf.MissingExtra, r'pip install "stratometrics\[pdf\]"'
            ):
                forms.render(
                    'pdf',
                    document.preview(billed.STATEMENT),
                    billed.APPEARANCE,
                )


class FormsTest(unittest.TestCase):
    def test_every_form_but_pdf_is_utf_8(self) -> None:
        shown = document.preview(billed.STATEMENT)
        for form, begin in (
            ('json', '{"issued":null,'),
            ('csv', 'statement,project_id,'),
            ('html', '<!DOCTYPE html>'),
        ):
            self.assertIn(form, forms.MEDIA_TYPES)
            content = forms.render(form, shown, billed.APPEARANCE)
            self.assertTrue(content.decode().lstrip().startswith(begin))
