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
"""Whether a command printed what its page shows."""

import re

#: What differs from one time to the next, and what is compared instead.
_PASSING = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r'\b[0-9a-f]{64}\b', 'DIGEST'),
        (r'\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b', 'UUID'),
        (r'\b[0-9a-f]{32}\b', 'ID'),
    )
)
_TIME = re.compile(
    r'\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?'
)


def difference(
    shown: str, printed: str, heads: bool = False, numbers: bool = False
) -> str:
    """Compare what a page shows with what was printed.

    Ids and digests may be others, and so may times. Three dots in the page
    stand for anything in the line, and for any lines where they are a line of
    their own. How many spaces there are does not matter.

    :param heads: only the first line is compared.
    :param numbers: they may be others, too.
    :returns: empty if they agree; else both.
    """
    # A time that both have is the same by no accident, so that another one
    # in its place shows.
    common = set(_times(shown)) & set(_times(printed))
    expected, actual = _lines(shown, common), _lines(printed, common)
    if numbers:
        expected, actual = (
            [re.sub(r'\d+', '0', line) for line in lines]
            for lines in (expected, actual)
        )
    if heads:
        expected, actual = expected[:1], actual[:1]
    pattern = ''.join(
        r'(?:.*\n)*?'
        if line == '...'
        else '.*'.join(map(re.escape, line.split('...'))) + r'\n'
        for line in expected
    )
    text = ''.join(f'{line}\n' for line in actual)
    if re.fullmatch(pattern, text):
        return ''
    return f'shown:\n{shown}\n\nprinted:\n{printed}'


def _times(text: str) -> list[str]:
    return [found[0] for found in _TIME.finditer(text)]


def _lines(text: str, kept: set[str]) -> list[str]:
    for pattern, name in _PASSING:
        text = pattern.sub(name, text)
    text = _TIME.sub(
        lambda found: found[0] if found[0] in kept else 'TIME', text
    )
    return [' '.join(line.split()) for line in text.strip().splitlines()]
