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
"""What python-openstackclient loads to know of the service."""

import argparse
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stratometrics.client import v1

DEFAULT_API_VERSION = '1'
API_VERSION_OPTION = 'os_billing_api_version'
#: As an attribute of the client manager, and in names of groups of commands.
API_NAME = 'billing'
API_VERSIONS = {'1': 'stratometrics.client.v1.Client'}


def make_client(instance: Any) -> 'v1.Client':
    """The client that commands ask.

    :param instance: the client manager of osc_lib.
    """
    # All commands of openstack load this module, and few of them ask.
    from stratometrics.client import connection
    from stratometrics.client import v1

    cloud = instance._cli_options
    return v1.Client(
        instance.session,
        region_name=instance.region_name,
        interface=instance.interface or 'public',
        # What clouds.yaml calls billing_endpoint_override.
        endpoint_override=cloud.get_endpoint(connection.SERVICE_TYPE),
        user_agent='openstack-billing',
    )


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add the options that all commands have."""
    parser.add_argument(
        '--os-billing-api-version',
        metavar='<billing-api-version>',
        choices=sorted(API_VERSIONS),
        default=os.environ.get('OS_BILLING_API_VERSION', DEFAULT_API_VERSION),
        help='Billing API version, default='
        f'{DEFAULT_API_VERSION} (Env: OS_BILLING_API_VERSION)',
    )
    return parser
