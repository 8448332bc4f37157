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
"""In which form an answer is wanted: the parameter ``format``, or Accept."""

from collections.abc import Mapping
from urllib import parse

import webob

from stratometrics.api import errors

#: The name of the parameter.
FORMAT = 'format'

#: What every path can answer with.
JSON_TYPE = 'application/json'
JSON = {'json': JSON_TYPE}


def choose(request: webob.Request, offered: Mapping[str, str]) -> str:
    """The form in which an answer is wanted.

    :param offered: the media types that the path has, by the values of
        ``format``, the preferred one first.
    :returns: a value of ``format``. Accept counts only without one.
    :raises InvalidParameter: ``format`` names another one.
    :raises NotAcceptable: Accept does.
    """
    wanted = _wanted(request) if len(offered) > 1 else None
    if wanted is not None:
        if wanted not in offered:
            raise errors.InvalidParameter(
                f'{FORMAT} must be given once, as one of {", ".join(offered)}'
            )
        return wanted
    names = {media_type: name for name, media_type in offered.items()}
    acceptable = request.accept.acceptable_offers(list(names))
    if not acceptable:
        raise errors.NotAcceptable(
            f'The answer can be had as {", ".join(names)} only.'
        )
    best, _quality = acceptable[0]
    return names[best]


def _wanted(request: webob.Request) -> str | None:
    values = parse.parse_qs(request.query_string, keep_blank_values=True).get(
        FORMAT, []
    )
    return ','.join(values) if values else None
