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
"""YAML files of definitions, read and laid over one another."""

from collections.abc import Callable, Iterable, Mapping
from importlib.resources import abc as resources_abc
import pathlib
from typing import Any

import yaml

from stratometrics.notifications import checks
from stratometrics.notifications import errors

#: The way to a key: names, and places in lists.
Where = tuple[str | int, ...]


def spelled(where: Where) -> str:
    """The way to a key as an error message names it."""
    words = ''
    for step in where:
        if isinstance(step, str) and step and step.isprintable():
            words += f'.{step}' if words else step
        else:
            words += f'[{checks.shown(step)}]'
    return words


class Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that comes twice.

    YAML says that keys are unique; the plain loader takes the last one, and
    a definition would silently lose what the first one said. Nor does the
    plain one see that a text is what its tag says, or can be stored.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            ValueError,
        ):
            raise yaml.constructor.ConstructorError(
                problem=f'not what {node.tag} means',
                problem_mark=node.start_mark,
            ) from None

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        text = super().construct_scalar(node)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise yaml.constructor.ConstructorError(
                problem=f'{checks.shown(text)} holds a lone surrogate',
                problem_mark=node.start_mark,
            ) from None
        return text

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        seen = set()
        for key_node, _value in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f'the key {key_node.value!r} comes twice',
                        problem_mark=key_node.start_mark,
                    )
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _parse(file: str, text: str) -> Any:
    try:
        loader = Loader(text)
        try:
            return loader.get_single_data()
        except (OverflowError, ValueError):
            # Of an escape for what is no character, for one.
            raise errors.DefinitionError(
                f'{file}: line {loader.line + 1}: not YAML'
            ) from None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f'line {mark.line + 1}: ' if mark else ''
        raise errors.DefinitionError(
            f'{file}: {line}{error.problem or error.context}'
        ) from None
    except yaml.YAMLError as error:
        raise errors.DefinitionError(f'{file}: {error}') from None


class Documents:
    """What all files together say, and which of them said it.

    :param atomic: says of the way to a mapping, below ``resources``, whether
        a later file replaces it whole instead of key by key.
    """

    def __init__(self, atomic: Callable[[Where], bool]) -> None:
        self.resources: dict[Any, Any] = {}
        self.ignored: list[tuple[str, Where, Any]] = []
        self._atomic = atomic
        self._origins: dict[Where, str] = {}

    def read(
        self,
        files: Iterable[resources_abc.Traversable | pathlib.Path],
    ) -> None:
        """Lay files over what was read before, in the given order.

        :raises DefinitionError: one cannot be read or is not YAML of the
            right outline.
        """
        for file in files:
            try:
                text = file.read_text(encoding='utf-8')
            except (OSError, UnicodeDecodeError) as error:
                raise errors.DefinitionError(f'{file}: {error}') from None
            try:
                self._add(str(file), _parse(str(file), text))
            except RecursionError:
                raise errors.DefinitionError(
                    f'{file}: nested too deeply'
                ) from None

    def _add(self, file: str, document: Any) -> None:
        if document is None:
            return
        if not isinstance(document, dict):
            raise errors.DefinitionError(f'{file}: expected a mapping')
        for key, value in document.items():
            if key == 'resources' and isinstance(value, dict):
                self._lay_over(self.resources, value, (), file)
            elif key == 'resources':
                raise errors.DefinitionError(
                    f'{file}: resources: expected a mapping'
                )
            elif key == 'ignored' and isinstance(value, list):
                for place, entry in enumerate(value):
                    self.ignored.append((file, ('ignored', place), entry))
            elif key == 'ignored':
                raise errors.DefinitionError(
                    f'{file}: ignored: expected a list'
                )
            else:
                raise errors.DefinitionError(
                    f'{file}: {spelled((key,))}: unknown key; expected '
                    'resources, ignored'
                )

    def _lay_over(
        self,
        below: dict[Any, Any],
        above: Mapping[Any, Any],
        where: Where,
        file: str,
    ) -> None:
        for key, value in above.items():
            here = (*where, key)
            if isinstance(value, dict) and not self._atomic(here):
                if not isinstance(below.get(key), dict):
                    below[key] = {}
                    self._origins[here] = file
                self._lay_over(below[key], value, here, file)
            else:
                below[key] = value
                self._origins[here] = file

    def file_of(self, where: Where) -> str:
        """The file that has the last word on a key.

        For a key that is nowhere, the one that the mapping around it is from.
        """
        while where not in self._origins and where:
            where = where[:-1]
        return self._origins.get(where, '')
