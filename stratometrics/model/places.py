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
"""Places in documents, and what stands there, as an error names them."""

from typing import Any

#: The way to a key: names, and places in lists.
Where = tuple[str | int, ...]

_SHOWN = 60


def spelled(where: Where) -> str:
    """The way to a key as an error message names it."""
    words = ''
    for step in where:
        if isinstance(step, str) and step and step.isprintable():
            words += f'.{step}' if words else step
        else:
            words += f'[{shown(step)}]'
    return words


def shown(value: Any) -> str:
    """A value in few and printable characters, for a reason or a log."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'true' if value else 'false'
        case str() if len(value) <= _SHOWN:
            return ascii(value)
        case str():
            return ascii(value[:_SHOWN]) + '...'
        case int() if value.bit_length() > 63:
            return 'an integer of more than 64 bits'
        case int() | float():
            return str(value)
        case dict():
            return 'an object'
        case list():
            return 'a list'
        case _:
            return f'a {type(value).__name__}'
