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
"""Saying something once instead of for every message."""

import collections
from collections.abc import Hashable
import threading


class Novelty:
    """Tells what was not seen before, in bounded memory.

    :param size: how many things are remembered; what was not seen for
        longest is forgotten, and is news again when it comes back.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._seen: collections.OrderedDict[Hashable, None] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def is_new(self, thing: Hashable) -> bool:
        """Whether this is the first time."""
        with self._lock:
            new = thing not in self._seen
            self._seen[thing] = None
            self._seen.move_to_end(thing)
            if len(self._seen) > self._size:
                self._seen.popitem(last=False)
            return new
