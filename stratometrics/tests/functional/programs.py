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
"""The commands that tests run over and over."""

import pathlib
import subprocess
from typing import Any

from stratometrics.tests.functional import preloaded

MANAGE = preloaded.Program(
    'stratometrics-manage', 'stratometrics.cmd.manage:main'
)
STATUS = preloaded.Program(
    'stratometrics-status', 'stratometrics.cmd.status:main'
)
OPENSTACK = preloaded.Program('openstack', 'openstackclient.shell:main')


def manage(
    config_file: pathlib.Path, *arguments: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run ``stratometrics-manage`` with a configuration.

    :param config_file: the configuration.
    :param arguments: a command and its own.
    :param options: of :meth:`preloaded.Program.run`.
    :returns: its status and what it said.
    """
    return MANAGE.run(f'--config-file={config_file}', *arguments, **options)
