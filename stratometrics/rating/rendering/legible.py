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
"""Texts from outside, made fit for a page."""

import re

# What HTML or XML forbids, and what would turn the text around it: invisible
# marks that begin another direction.
_UNFIT = re.compile(
    '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f'
    '\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef'
    + ''.join(
        f'{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}'
        for plane in range(0, 0x110000, 0x10000)
    )
    + ']'
)


def legible(text: str) -> str:
    """The text with a replacement character for each one that is unfit."""
    return _UNFIT.sub('\N{REPLACEMENT CHARACTER}', text)


def shortened(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + '…'


def css_string(text: str) -> str:
    """A string literal of CSS that can end neither itself nor the sheet."""
    return (
        '"'
        + ''.join(
            character
            if character.isascii() and character.isalnum()
            else f'\\{ord(character):06x}'
            for character in legible(text)
        )
        + '"'
    )
