#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""A part that somebody else runs, named by a variable of the environment."""

import time

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import part


class Given:
    """A server that is only looked at: never started and never stopped."""

    #: Seconds that it may take to answer.
    timeout = 10.0

    def __init__(self, kind: type[part.Part], url: str) -> None:
        """Name the server.

        :param kind: what it should be.
        :param url: where it should be.
        :raises: PartError if this is not an address.
        """
        self.name = kind.name
        self.address = addresses.Address.parse(url, kind.default_port)
        self.environment = {**kind.exports(self.address), kind.variable: url}
        self._kind = kind

    def launch(self) -> None:
        """Do nothing: it runs already."""

    def wait(self) -> None:
        """Wait until it answers.

        :raises: PartError if it does not.
        """
        deadline = time.monotonic() + self.timeout
        while not self._kind.answers(self.address):
            if time.monotonic() > deadline:
                raise errors.PartError(
                    f'{self.name} does not answer at {self.address.host}:'
                    f'{self.address.port}, which {self._kind.variable} names'
                )
            time.sleep(0.1)

    def check(self) -> None:
        """Do nothing: it is not ours."""

    def close(self) -> None:
        """Do nothing: it is not ours."""
