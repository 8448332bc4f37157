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
"""The API for a WSGI server: ``stratometrics.wsgi.api:application``.

The configuration is what OS_STRATOMETRICS_CONFIG_FILES names, separated by
semicolons, or the usual files, such as /etc/stratometrics/stratometrics.conf.
"""

from collections.abc import Mapping
import os
import sys

from stratometrics import meditation
from stratometrics import service
from stratometrics.api import app

CONFIG_FILES = 'OS_STRATOMETRICS_CONFIG_FILES'


def config_files(environ: Mapping[str, str]) -> list[str] | None:
    """The configuration files that the environment names.

    :returns: their paths, or None if it names none.
    """
    named = environ.get(CONFIG_FILES, '').split(';')
    return [path.strip() for path in named if path.strip()] or None


_CONF = service.prepare([], config_files(os.environ))
application = app.load(_CONF)
_REPORTER = meditation.Reporter('stratometrics-api', _CONF)
# Signals are for the server. The master of uWSGI forks without Python's
# knowing: a thread that ran before would leave its locks taken.
_UWSGI = sys.modules.get('uwsgi')
if _UWSGI and not _UWSGI.worker_id():
    _UWSGI.post_fork_hook = _REPORTER.watch
else:
    _REPORTER.watch()
