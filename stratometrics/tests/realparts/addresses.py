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

"""Where a part is and who may enter, as one URL."""

import dataclasses
from urllib import parse

from stratometrics.tests.realparts import errors


@dataclasses.dataclass(frozen=True)
class Address:
    """Host, port and credentials of a part."""

    scheme: str
    host: str
    port: int
    user: str = ''
    password: str = ''
    #: What follows host and port, with options if there are any.
    path: str = '/'

    @property
    def url(self) -> str:
        """The address in one line."""
        login = ''
        if self.user:
            login = (
                f'{parse.quote(self.user, safe="")}:'
                f'{parse.quote(self.password, safe="")}@'
            )
        return f'{self.scheme}://{login}{self.host}:{self.port}{self.path}'

    @classmethod
    def parse(cls, url: str, default_port: int) -> 'Address':
        """Read an address from a URL.

        :param url: for example ``clickhouse://user:pw@127.0.0.1:9000/``.
        :param default_port: the port, if the URL names none.
        :returns: the address.
        :raises: PartError if it is not a URL with a host.
        """
        try:
            parts = parse.urlsplit(url)
            port = parts.port or default_port
        except ValueError:
            parts, port = parse.SplitResult('', '', '', '', ''), 0
        if not parts.scheme or not parts.hostname:
            # The URL itself is not shown: it may hold a password.
            raise errors.PartError(
                'an address must look like SCHEME://USER:PASSWORD@HOST:PORT/'
            )
        path = parts.path or '/'
        if parts.query:
            path += f'?{parts.query}'
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            user=parse.unquote(parts.username or ''),
            password=parse.unquote(parts.password or ''),
            path=path,
        )
