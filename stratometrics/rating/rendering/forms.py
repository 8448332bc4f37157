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
"""The forms in which a statement can be had."""

from collections.abc import Callable

from stratometrics.rating.rendering import document as documents
from stratometrics.rating.rendering import page
from stratometrics.rating.rendering import pdf
from stratometrics.rating.rendering import sheet

#: Media types by the values of ``format``, the preferred one first.
MEDIA_TYPES = {
    'json': 'application/json',
    'csv': 'text/csv',
    'html': 'text/html',
    'pdf': 'application/pdf',
}


def render(
    form: str,
    document: documents.Document,
    appearance: page.Appearance,
    locale: str | None = None,
) -> bytes:
    """A statement in a form; texts are in UTF-8.

    :param form: a key of :data:`MEDIA_TYPES`.
    :param locale: of what is made for people, such as ``de-CH``; None for
        the operator's own.
    :raises UnknownLocale: there is no such locale.
    :raises MissingExtra: PDF cannot be made here.
    """
    return _RENDERERS[form](document, appearance, locale)


_RENDERERS: dict[str, Callable[..., bytes]] = {
    'json': lambda document, *_: documents.json(document).encode(),
    'csv': lambda document, *_: sheet.text(document).encode(),
    'html': lambda *asked: page.html(*asked).encode(),
    'pdf': pdf.pdf,
}
