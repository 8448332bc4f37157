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

from stratometrics import strict_yaml
from stratometrics.model import places
from stratometrics.notifications import errors


class Documents:
    """What all files together say, and which of them said it.

    :param atomic: says of the way to a mapping, below ``resources``, whether
        a later file replaces it whole instead of key by key.
    """

    def __init__(self, atomic: Callable[[places.Where], bool]) -> None:
        self.resources: dict[Any, Any] = {}
        self.ignored: list[tuple[str, places.Where, Any]] = []
        self._atomic = atomic
        self._origins: dict[places.Where, str] = {}

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
                self._add(str(file), strict_yaml.load(text))
            except strict_yaml.NotYaml as error:
                raise errors.DefinitionError(f'{file}: {error}') from None
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
                    f'{file}: {places.spelled((key,))}: unknown key; expected '
                    'resources, ignored'
                )

    def _lay_over(
        self,
        below: dict[Any, Any],
        above: Mapping[Any, Any],
        where: places.Where,
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

    def file_of(self, where: places.Where) -> str:
        """The file that has the last word on a key.

        For a key that is nowhere, the one that the mapping around it is from.
        """
        while where not in self._origins and where:
            where = where[:-1]
        return self._origins.get(where, '')
