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
"""Units of quantities, spelled as FOCUS wants them."""

from stratometrics.model import prices

#: What a measure is counted in, by how its name ends; else it is a noun.
_SIZES = {
    '_kib': 'KiB',
    '_mib': 'MiB',
    '_gib': 'GiB',
    '_tib': 'TiB',
    '_bytes': 'B',
}
#: Nouns that are no word with a capital letter.
_NOUNS = {'vcpus': 'vCPU'}

_TIMES = {
    prices.Per.HOUR: 'Hours',
    prices.Per.MONTH: 'Months',
}


def pricing(measure: str, per: prices.Per) -> str:
    """The unit that a price is for, such as ``GiB-Hours``.

    :param measure: '' for resources as such.
    """
    return _unit(measure, _TIMES.get(per))


def consumed(measure: str, per: prices.Per) -> str:
    """The unit in which usage is exact, such as ``GiB-Seconds``."""
    return _unit(measure, 'Seconds' if per in _TIMES else None)


def _unit(measure: str, time: str | None) -> str:
    if time is None:
        return _plural(measure) if measure else 'Count'
    return f'{_singular(measure)}-{time}' if measure else time


def _singular(measure: str) -> str:
    """A size is spelled the same for one and for many."""
    size = _size(measure)
    if size:
        return size
    if measure in _NOUNS:
        return _NOUNS[measure]
    words = measure.removesuffix('s').split('_')
    return ' '.join(word.capitalize() for word in words if word)


def _plural(measure: str) -> str:
    return _size(measure) or f'{_singular(measure)}s'


def _size(measure: str) -> str | None:
    if measure.startswith('bytes_') or measure == 'bytes':
        return 'B'
    for ending, size in _SIZES.items():
        if measure.endswith(ending):
            return size
    return None
