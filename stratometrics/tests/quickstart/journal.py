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

"""What a data folder remembers from one run to the next."""

import dataclasses
import json
import pathlib
import secrets

from stratometrics.model import timestamps
from stratometrics.tests.quickstart import notifications

#: How long ago the last message was sent, when it is first published.
_AGO = 180 * timestamps.MICROSECONDS


@dataclasses.dataclass(frozen=True)
class Journal:
    """Chosen once for a folder, so that a later run repeats the same facts.

    :param seconds: how far the recordings are moved.
    :param database: the name of the database in ClickHouse.
    """

    seconds: int
    database: str

    @classmethod
    def of(cls, folder: pathlib.Path, end: int | None = None) -> 'Journal':
        """Read it from a folder, or begin one there.

        :param end: when the last notification is said to be from, if one is
            begun; by default just now.
        """
        note = folder / 'quickstart.json'
        if note.exists():
            return cls(**json.loads(note.read_text()))
        begun = cls(
            notifications.distance(
                timestamps.now() - _AGO if end is None else end
            ),
            # In a ClickHouse that is not ours, there may be another one.
            f'quickstart_{secrets.token_hex(4)}',
        )
        note.write_text(json.dumps(dataclasses.asdict(begun)))
        return begun
