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
"""A statement as PDF: the page, printed by WeasyPrint.

WeasyPrint and the Pango that it needs are the optional extra ``pdf``.
"""

import io

from stratometrics.rating.rendering import document as documents
from stratometrics.rating.rendering import page


class MissingExtra(Exception):
    """PDF was asked for, and what makes it is not installed."""


def pdf(
    document: documents.Document,
    appearance: page.Appearance,
    locale: str | None = None,
) -> bytes:
    """The file. The same statement gives the same bytes, as long as the
    installed fonts and WeasyPrint are the same: its date is that as of which
    the statement is.

    :raises MissingExtra: WeasyPrint, or Pango, is not installed.
    :raises UnknownLocale: there is no such locale.
    """
    weasyprint = _weasyprint()
    written = io.BytesIO()
    weasyprint.HTML(
        string=page.html(document, appearance, locale),
        # The page needs nothing from outside, and would get nothing.
        url_fetcher=weasyprint.urls.URLFetcher(allowed_protocols=()),
    ).write_pdf(written, pdf_tags=True)
    return written.getvalue()


def available() -> bool:
    """Whether PDF can be made here."""
    try:
        _weasyprint()
    except MissingExtra:
        return False
    return True


def _weasyprint():
    try:
        import weasyprint
    # The second is what is raised without Pango.
    except (ImportError, OSError) as e:
        raise MissingExtra(
            'PDF needs an extra that is not installed: pip install '
            f'"stratometrics[pdf]", and apt-get install libpangoft2-1.0-0 '
            f'({e})'
        ) from e
    return weasyprint
