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
"""What the figures were measured on."""

from importlib import metadata
import os
import pathlib
import platform

_PACKAGES = (
    'oslo.messaging',
    'clickhouse-driver',
    'cotyledon',
    'gunicorn',
    'pecan',
    'keystonemiddleware',
)


def facts() -> dict[str, str | int]:
    """Processor, memory, kernel and Python with the packages that matter."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return {
        'processor': _processor(),
        'cpu count': len(os.sched_getaffinity(0)),
        'memory': f'{memory / 2**30:.0f} GiB',
        'kernel': platform.release(),
        'python': platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
        'load average at the start': load(),
    }


def load() -> str:
    """How busy the machine was in the last minute, and the last five."""
    one, five, _ = os.getloadavg()
    return f'{one:.2f} (1 min), {five:.2f} (5 min)'


def _processor() -> str:
    try:
        lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(':')
        if name.strip() == 'model name':
            return value.strip()
    return platform.machine()
