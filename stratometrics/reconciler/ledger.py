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
"""Which resources a service has listed, in a few bytes each."""

import hashlib

_LENGTH = 8


class Ledger:
    """Remembers ids by a digest of 64 bits.

    Of a million resources two share one with a probability of three in a
    hundred million. Then one that is gone would be taken for one that is
    there, until the other is gone as well.
    """

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, resource_id: str) -> bool:
        return self._digest(resource_id) in self._digests

    def add(self, resource_id: str) -> None:
        """Remember an id."""
        self._digests.add(self._digest(resource_id))

    @staticmethod
    def _digest(resource_id: str) -> bytes:
        return hashlib.blake2b(
            resource_id.encode(), digest_size=_LENGTH
        ).digest()
