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
"""FOCUS, the FinOps Open Cost and Usage Specification, as files."""

from collections.abc import Iterable, Iterator

from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import parquet
from stratometrics.rating.rendering.focus import rows as focus_rows
from stratometrics.rating.rendering.focus import sheet

CSV = 'focus-csv'
PARQUET = 'focus-parquet'

#: Media types of the forms.
MEDIA_TYPES = {CSV: sheet.MEDIA_TYPE, PARQUET: parquet.MEDIA_TYPE}


def require(form: str) -> None:
    """See that a form can be made here.

    :raises MissingExtra: it cannot; says what to install.
    """
    if form == PARQUET:
        parquet.require()


def write(
    form: str, rows: Iterable[focus_rows.Row], version: str
) -> Iterator[bytes]:
    """A file, in pieces, while its rows are made.

    :param form: one of :data:`MEDIA_TYPES`.
    :param version: one of
        :data:`stratometrics.rating.rendering.focus.columns.VERSIONS`.
    """
    wanted = columns.VERSIONS[version]
    if form == PARQUET:
        return parquet.write(rows, wanted, version)
    return sheet.write(rows, wanted)
