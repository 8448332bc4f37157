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
"""What is rendered: a statement that was issued, or a preview of one."""

import dataclasses

from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.rating.rendering import canonical


class Altered(Exception):
    """What is stored of an issued statement is not what was issued."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A statement, and what is known of its being issued.

    :param content: its canonical text.
    :param issued: None of a preview.
    """

    statement: statements.Statement
    content: str
    issued: statements.Issued | None = None


def preview(statement: statements.Statement) -> Document:
    """A statement that nobody issued: its figures can still change."""
    return Document(statement=statement, content=canonical.text(statement))


def of(issued: statements.Issued) -> Document:
    """An issued statement, from its text alone.

    :raises Altered: the text has another digest than when it was issued.
    :raises UnknownText: the text is not that of a statement.
    """
    if canonical.digest(issued.content) != issued.sha256:
        raise Altered(
            f'the stored text of statement {issued.number} has another '
            'SHA-256 than when it was issued: restore it from a backup'
        )
    return Document(
        statement=canonical.read(issued.content),
        content=issued.content,
        issued=issued,
    )


def json(document: Document) -> str:
    """The statement in an envelope that tells whether it was issued.

    The text of the member ``statement`` is the canonical one, unchanged.
    """
    issued = document.issued
    envelope = issued and {
        'number': issued.number,
        'issued_at': timestamps.isoformat(issued.issued_at),
        'issued_by': issued.issued_by,
        'sha256': issued.sha256,
    }
    status = 'issued' if issued else 'preview'
    return (
        f'{{"issued":{canonical.spelled(envelope)},'
        f'"statement":{document.content},"status":"{status}"}}'
    )
