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
"""Files that are there whole, or not at all."""

from collections.abc import Iterator
import contextlib
import pathlib
import secrets
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Write a file under another name beside it.

    It gets its own, and replaces what has that, when the block ends well.

    :raises OSError: it cannot be written.
    """
    # Two who write the same, or one who was killed, leave others alone.
    part = path.with_name(f'.{path.name}.{secrets.token_hex(4)}.part')
    with contextlib.ExitStack() as undo:
        with part.open('xb') as file:
            undo.callback(part.unlink, missing_ok=True)
            yield file
        part.replace(path)
