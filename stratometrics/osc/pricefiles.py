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
"""Files of prices: the same YAML that ``stratometrics-manage prices`` takes.

What is not as it must be is left as it is: the service says what is wrong
with it, and :mod:`stratometrics.osc.revisions` where in the file.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import math
import pathlib
from typing import Any

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import spelling

_KEYS = ('currency', 'prices')
_TIMESTAMP = 'tag:yaml.org,2002:timestamp'

#: What a price need not say.
DEFAULTS = {
    'measure': '',
    'match': {},
    'project_id': '',
    'domain_id': '',
    'valid_to': None,
    'tier_mode': 'graduated',
    'included': '0',
    'minimum': '0',
    'equivalents': {},
    'description': '',
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """A price of a file.

    :param place: such as ``prices.yaml: prices[0]``, for errors.
    :param body: what the file says, ready for JSON.
    """

    place: str
    body: Any


def read(file: str) -> list[Entry]:
    """The prices of a file, in its order.

    :raises osc_lib.exceptions.CommandError: it cannot be read, or is not
        YAML of the right outline.
    """
    try:
        text = pathlib.Path(file).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise exceptions.CommandError(f'{file}: {error}') from None
    return load(file, text)


def load(file: str, text: str) -> list[Entry]:
    """The prices that a text says.

    :param file: its name, for errors.
    :raises osc_lib.exceptions.CommandError: see :func:`read`.
    """
    document = _parsed(file, text)
    if not isinstance(document, dict):
        raise _wrong(file, 'expected a mapping')
    for key in document:
        if key not in _KEYS:
            raise _wrong(
                file, f'unknown key {key!r:.64}; expected {", ".join(_KEYS)}'
            )
    currency = document.get('currency')
    if 'currency' in document and not (isinstance(currency, str) and currency):
        raise _wrong(file, 'currency: expected a string such as EUR')
    entries = document.get('prices')
    if not isinstance(entries, list):
        raise _wrong(file, 'prices: expected a list of prices')
    found = []
    for number, entry in enumerate(entries):
        place = f'prices[{number}]'
        try:
            _require_plain(entry, place)
        except RecursionError:
            raise _wrong(file, f'{place}: nested too deeply') from None
        except ValueError as error:
            raise _wrong(file, str(error)) from None
        if isinstance(entry, dict) and currency:
            entry = {'currency': currency, **entry}
        found.append(Entry(f'{file}: {place}', entry))
    return found


def _wrong(file: str, problem: str) -> exceptions.CommandError:
    return exceptions.CommandError(f'{file}: {problem}')


def _parsed(file: str, text: str) -> Any:
    # Slow to import, and few commands read files.
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key that comes twice, and leaves instants as they are
        written: a date of YAML may lack an offset."""

        yaml_implicit_resolvers = {
            first: [(tag, form) for tag, form in forms if tag != _TIMESTAMP]
            for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            if isinstance(node, yaml.MappingNode):
                keys = [
                    key
                    for key, _ in node.value
                    if isinstance(key, yaml.ScalarNode)
                ]
                seen: set[str] = set()
                for key in keys:
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(
                            problem=f'the key {key.value!r} comes twice',
                            problem_mark=key.start_mark,
                        )
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f'line {mark.line + 1}: ' if mark else ''
        raise _wrong(file, f'{line}{error.problem or error.context}') from None
    except RecursionError:
        raise _wrong(file, 'nested too deeply') from None
    except (
        yaml.YAMLError,
        ArithmeticError,
        AttributeError,
        LookupError,
        ValueError,
    ) as error:
        # Of a text that is not what its tag says, for one.
        raise _wrong(file, f'no YAML: {error}') from None


def _require_plain(value: Any, where: str) -> None:
    """See that JSON can say the same as the YAML does."""
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise ValueError(
                    f'{where}: the key {key!r:.64} is no string: put it in '
                    f'quotes'
                )
            _require_plain(each, f'{where}.{key}')
    elif isinstance(value, list):
        for place, each in enumerate(value):
            _require_plain(each, f'{where}[{place}]')
    elif not isinstance(value, str | int | float | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise ValueError(f'{where}: expected a string: put it in quotes')


def body(price: answers.Price) -> dict[str, Any]:
    """All of a price but its id, as the API tells it."""
    return {
        'resource_type': price.resource_type,
        'measure': price.measure,
        'match': {
            name: list(values) for name, values in sorted(price.match.items())
        },
        'project_id': price.project_id,
        'domain_id': price.domain_id,
        'valid_from': spelling.instant(price.valid_from),
        'valid_to': (
            None
            if price.valid_to is None
            else spelling.instant(price.valid_to)
        ),
        'currency': price.currency,
        'per': price.per,
        'tiers': tiers(price),
        'tier_mode': price.tier_mode,
        'included': spelling.decimal_text(price.included),
        'minimum': spelling.decimal_text(price.minimum),
        'equivalents': {
            provider: {
                'name': equivalent.name,
                'price': spelling.decimal_text(equivalent.price),
            }
            for provider, equivalent in sorted(price.equivalents.items())
        },
        'description': price.description,
    }


def tiers(price: answers.Price) -> list[dict[str, str]]:
    """The tiers of a price, as the API tells them."""
    return [
        {
            **(
                {}
                if tier.up_to is None
                else {'up_to': spelling.decimal_text(tier.up_to)}
            ),
            'price': spelling.decimal_text(tier.price),
        }
        for tier in price.tiers
    ]


def dump(listed: Iterable[answers.Price]) -> str:
    """A file that gives the same prices again, but for their ids."""
    import yaml

    entries = [_short(body(price)) for price in listed]
    currencies = {entry['currency'] for entry in entries}
    document: dict[str, Any] = {'prices': entries}
    if len(currencies) == 1:
        document = {'currency': currencies.pop(), **document}
        for entry in entries:
            del entry['currency']
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _short(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The same as people write it."""
    entry = {}
    for key, value in whole.items():
        if key == 'tiers' and len(value) == 1:
            entry['price'] = value[0]['price']
        elif key == 'match' and value:
            entry[key] = {name: _alone(each) for name, each in value.items()}
        elif key not in DEFAULTS or value != DEFAULTS[key]:
            entry[key] = value
    return entry


def _alone(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else values
