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
"""Statements as a real browser shows them, and as they are printed."""

import dataclasses
import datetime
import hashlib
from http import server
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
from unittest import mock

from PIL import Image
import pypdf
import testtools

from stratometrics.model import statements
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import forms
from stratometrics.rating.rendering import page
from stratometrics.rating.rendering import pdf
from stratometrics.tests import billed
from stratometrics.tests.realparts import chromium

#: A sheet of A4 at 96 dots an inch, and in points.
A4_PIXELS = (794, 1123)
A4_POINTS = (595, 842)
#: The largest type of the chart, and the lines and headings of the page.
BLUE, NAVY = (0x00, 0x72, 0xB2), (0x12, 0x39, 0x5B)

# As many lines as fill some sheets.
LONG = dataclasses.replace(
    billed.STATEMENT,
    lines=tuple(
        billed.line(
            *('instance', 'm1.large', str(number), '1'),
            name=f'server-{number}',
            resource_id=f'id-of-{number}',
        )
        for number in range(1001, 1121)
    ),
)


def issued(statement: statements.Statement) -> document.Document:
    return document.of(billed.issued(statement))


def texts(printed: bytes) -> list[str]:
    """What is on each sheet of a PDF."""
    reader = pypdf.PdfReader(io.BytesIO(printed))
    return [sheet.extract_text() for sheet in reader.pages]


class RenderingTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def page(
        self, shown: document.Document, locale: str = 'en'
    ) -> pathlib.Path:
        path = self.folder / 'statement.html'
        path.write_bytes(
            forms.render('html', shown, billed.APPEARANCE, locale)
        )
        return path

    def assert_whole_lines(self, printed: bytes) -> None:
        """Assert that sheets repeat the heads and cut no line."""
        sheets = texts(printed)
        self.assertGreater(len(sheets), 3)
        lines = 0
        for sheet in sheets:
            found = re.findall(r'server-([0-9]+)', sheet)
            lines += len(found)
            if found:
                self.assertIn('Unit price', sheet)
            for number in found:
                self.assertIn(f'id-of-{number}', sheet)
                self.assertIn(f'€{int(number):,}.0000', sheet)
        self.assertEqual(len(LONG.lines), lines)
        for sheet in pypdf.PdfReader(io.BytesIO(printed)).pages:
            self.assertEqual(
                A4_POINTS,
                (round(sheet.mediabox.width), round(sheet.mediabox.height)),
            )


class ChromiumTest(RenderingTestCase):
    def test_a_page_is_shown(self) -> None:
        picture = self.folder / 'statement.png'
        for locale in ('en', 'ar'):
            with self.subTest(locale):
                chromium.screenshot(
                    self.page(issued(billed.STATEMENT), locale),
                    picture,
                    *A4_PIXELS,
                )
                with Image.open(picture) as opened:
                    seen = opened.convert('RGB')
                self.assertEqual(A4_PIXELS, seen.size)
                colours = {
                    colour: count for count, colour in seen.getcolors(2**24)
                }
                # Mostly paper, with a chart and with headings.
                whole = A4_PIXELS[0] * A4_PIXELS[1]
                self.assertGreater(colours[255, 255, 255], whole / 2)
                self.assertGreater(colours[BLUE], 5000)
                self.assertGreater(colours[NAVY], 500)
                # Nothing is wider than the sheet: its edges are empty.
                for left in (0, A4_PIXELS[0] - 10):
                    edge = seen.crop((left, 0, left + 10, A4_PIXELS[1]))
                    self.assertEqual(
                        [(255, 255, 255)],
                        [colour for _, colour in edge.getcolors()],
                    )

    def test_a_page_is_printed_in_whole_lines(self) -> None:
        printed = self.folder / 'statement.pdf'
        chromium.print_to_pdf(self.page(issued(LONG)), printed)
        self.assert_whole_lines(printed.read_bytes())

    def test_nothing_runs_and_nothing_is_fetched(self) -> None:
        asked = []

        class Handler(server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        listening = server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.addCleanup(listening.server_close)
        self.addCleanup(listening.shutdown)
        threading.Thread(target=listening.serve_forever).start()
        url = f'http://127.0.0.1:{listening.server_port}/'
        hostile = (
            f'</bdi><script>document.title = "run"</script>'
            f'<img src="{url}" onerror="document.title = \'run\'">'
            f'<style>@import url({url});</style>'
        )
        statement = dataclasses.replace(
            billed.STATEMENT,
            project_name=hostile,
            lines=(
                dataclasses.replace(
                    billed.LINES[0], name=hostile, type=hostile
                ),
            ),
            daily=(
                dataclasses.replace(billed.STATEMENT.daily[0], type=hostile),
            ),
        )
        elements = chromium.document(self.page(issued(statement)))
        self.assertIn('</html>', elements)
        self.assertNotIn('<title>run', elements)
        self.assertNotIn('<img', elements)
        # Were it let in, the policy of the page would still keep it off.
        path = self.page(issued(billed.STATEMENT))
        path.write_text(
            path.read_text().replace('</main>', f'{hostile}</main>')
        )
        elements = chromium.document(path)
        self.assertIn('<img', elements)
        self.assertNotIn('<title>run', elements)
        self.assertEqual([], asked)


class PdfTest(RenderingTestCase):
    def test_it_says_what_the_page_says(self) -> None:
        shown = issued(billed.STATEMENT)
        printed = forms.render('pdf', shown, billed.APPEARANCE)
        text = ' '.join('\n'.join(texts(printed)).split())
        for expected in (
            *('Nordlicht Cloud AG', shown.issued.number, shown.issued.sha256),
            *('acme-production', '€116.77', '383.428571', '€32.5914'),
            *('m1.large', 'Cost by day and type', 'Usage without a price'),
        ):
            self.assertIn(expected, text)
        self.assertNotIn('PREVIEW', text)

    def test_every_sheet_of_a_preview_says_so(self) -> None:
        printed = forms.render(
            'pdf', document.preview(LONG), billed.APPEARANCE
        )
        for sheet in texts(printed):
            self.assertIn('PREVIEW', sheet)

    def test_it_is_printed_in_whole_lines(self) -> None:
        self.assert_whole_lines(
            forms.render('pdf', issued(LONG), billed.APPEARANCE)
        )

    def test_the_same_statement_gives_the_same_bytes(self) -> None:
        program = (
            'import hashlib\n'
            'from stratometrics.rating.rendering import document, forms\n'
            'from stratometrics.tests import billed\n'
            'shown = document.of(billed.issued(billed.STATEMENT))\n'
            'printed = forms.render("pdf", shown, billed.APPEARANCE)\n'
            'print(hashlib.sha256(printed).hexdigest())\n'
        )
        printed = forms.render(
            'pdf', issued(billed.STATEMENT), billed.APPEARANCE
        )
        for seed in ('1', '2'):
            again = subprocess.run(
                [sys.executable, '-c', program],
                env={**os.environ, 'PYTHONHASHSEED': seed},
                capture_output=True,
                text=True,
            )
            self.assertEqual(
                hashlib.sha256(printed).hexdigest(),
                again.stdout.strip(),
                again.stderr,
            )

    def test_its_date_is_that_of_the_figures(self) -> None:
        printed = forms.render(
            'pdf', issued(billed.STATEMENT), billed.APPEARANCE
        )
        told = pypdf.PdfReader(io.BytesIO(printed)).metadata
        self.assertEqual(
            datetime.datetime(2026, 11, 3, 1, tzinfo=datetime.UTC),
            told.creation_date,
        )
        self.assertEqual(told.creation_date, told.modification_date)
        self.assertIn('Statement October 2026', told.title)

    def test_it_fetches_nothing(self) -> None:
        secret = self.folder / 'secret.html'
        secret.write_text('<p>secret</p>')
        picture = self.folder / 'picture.png'
        Image.new('RGB', (9, 9), BLUE).save(picture)
        # A page like this one is never made: that is what is tested here.
        with mock.patch.object(
            page,
            'html',
            return_value=f'<p>Text</p><img src="{picture.as_uri()}">'
            f'<a rel="attachment" href="{secret.as_uri()}">x</a>',
        ):
            printed = pdf.pdf(document.preview(billed.STATEMENT), None)
        [sheet] = pypdf.PdfReader(io.BytesIO(printed)).pages
        self.assertIn('Text', sheet.extract_text())
        self.assertEqual([], list(sheet.images))
        self.assertEqual(
            {}, dict(pypdf.PdfReader(io.BytesIO(printed)).attachments)
        )
