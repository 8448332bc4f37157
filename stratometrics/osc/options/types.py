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
"""Which types of resources are shown."""

import argparse


def add(parser: argparse.ArgumentParser, told: str) -> None:
    """Take ``--resource-type``, as often as it is given.

    :param told: what the help says of it.
    """
    parser.add_argument(
        '--resource-type',
        metavar='<resource-type>',
        action='append',
        dest='resource_types',
        default=[],
        help=told,
    )
