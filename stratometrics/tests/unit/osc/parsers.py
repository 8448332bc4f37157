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
"""All commands of the plugin, and what they take."""

import argparse
from collections.abc import Iterator, Mapping
import configparser
import functools
import importlib
import pathlib

from cliff import command
from cliff import lister
from cliff import show

_SETUP = pathlib.Path(__file__).parents[4] / 'setup.cfg'

_GROUP = 'openstack.billing.v1'


@functools.cache
def classes() -> Mapping[str, type[command.Command]]:
    """The commands, by what is typed after ``openstack``.

    They are those of the source tree: what is installed may be older.
    """
    read = configparser.ConfigParser(delimiters=('=',))
    read.read(_SETUP)
    return {
        entry.replace('_', ' '): _loaded(place)
        for entry, _, place in (
            line.partition(' = ')
            for line in read['entry_points'][_GROUP].strip().splitlines()
        )
    }


def of(name: str) -> argparse.ArgumentParser:
    """The parser of a command."""
    return _of(classes()[name], f'openstack {name}')


def options(name: str) -> Iterator[argparse.Action]:
    """What a command takes beside that which all commands do."""
    common = of_all()
    for action in of(name)._actions:
        if not common.intersection(action.option_strings):
            yield action


@functools.cache
def of_all() -> frozenset[str]:
    """The options that cliff gives to all commands that show something."""
    return frozenset(
        option
        for kind in (_Lister, _ShowOne)
        for action in _of(kind, '')._actions
        for option in action.option_strings
    )


class _Lister(lister.Lister):
    def take_action(self, parsed_args):
        """Be there."""


class _ShowOne(show.ShowOne):
    def take_action(self, parsed_args):
        """Be there."""


def _of(kind: type[command.Command], prog: str) -> argparse.ArgumentParser:
    made = kind(None, None)
    made.app_dist_name = 'stratometrics'
    return made.get_parser(prog)


def _loaded(place: str) -> type[command.Command]:
    module, _, name = place.partition(':')
    return getattr(importlib.import_module(module), name)
