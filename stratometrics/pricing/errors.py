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
"""What can be wrong with a price; the texts are for those who wrote it."""

from stratometrics.model import places


class PriceError(Exception):
    """A price cannot be used, or not be changed; str() says why."""


class Malformed(PriceError):
    """A part of a price is not what it should be.

    :param where: the way to the key.
    :param problem: what is wrong with it.
    :param file: where it was written, or ''.
    """

    def __init__(
        self, where: places.Where, problem: str, file: str = ''
    ) -> None:
        words = (file, places.spelled(where), problem)
        super().__init__(': '.join(filter(None, words)))
        self.where = where
        self.problem = problem
