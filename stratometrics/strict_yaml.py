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
"""YAML, and nothing that it leaves open."""

from typing import Any

import yaml

from stratometrics.model import places

_TIMESTAMP = 'tag:yaml.org,2002:timestamp'


class NotYaml(Exception):
    """A text is no YAML; str() says why, and in which line."""


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that comes twice.

    YAML says that keys are unique; the plain loader takes the last one, and
    a document would silently lose what the first one said. Nor does the
    plain one see that a text is what its tag says, or can be stored.

    An instant stays the text that was written: a date of YAML may lack an
    offset, and has no nanoseconds to complain about.
    """

    yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in forms if tag != _TIMESTAMP]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

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
                problem=f'{places.shown(text)} holds a lone surrogate',
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


def load(text: str) -> Any:
    """What a text says.

    :raises NotYaml: it says nothing, or nothing unequivocal.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        except (OverflowError, ValueError):
            # Of an escape for what is no character, for one.
            raise NotYaml(f'line {loader.line + 1}: not YAML') from None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f'line {mark.line + 1}: ' if mark else ''
        raise NotYaml(f'{line}{error.problem or error.context}') from None
    except yaml.reader.ReaderError as error:
        line = text.count('\n', 0, error.position) + 1
        raise NotYaml(
            f'line {line}: {places.shown(text[error.position])} is a '
            'character that YAML does not have'
        ) from None
    except RecursionError:
        raise NotYaml('nested too deeply') from None
