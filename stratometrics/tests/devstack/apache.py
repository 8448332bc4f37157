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
"""Apache, with the sites that DevStack would enable."""

import os
import pathlib
import shutil

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

#: Where programs may be that an ordinary user's PATH leaves out.
PATH = '/usr/local/sbin:/usr/sbin:/sbin'
MODULES = ('/usr/lib/apache2/modules', '/usr/lib64/httpd/modules')

CONFIG = """\
ServerRoot "{folder}"
ServerName {host}
Listen {host}:{port}
PidFile "{folder}/apache.pid"
DefaultRuntimeDir "{folder}"
ErrorLog /dev/stderr
LoadModule mpm_event_module "{modules}/mod_mpm_event.so"
LoadModule authn_core_module "{modules}/mod_authn_core.so"
LoadModule authz_core_module "{modules}/mod_authz_core.so"
LoadModule proxy_module "{modules}/mod_proxy.so"
LoadModule proxy_uwsgi_module "{modules}/mod_proxy_uwsgi.so"
Include "{sites}/*.conf"
"""

AS_NOBODY = """\
User nobody
Group nogroup
"""


def program() -> str:
    """Find an installed Apache.

    :raises MissingTool: there is none.
    """
    for name in ('apache2', 'httpd'):
        found = shutil.which(name, path=f'{os.environ["PATH"]}:{PATH}')
        if found:
            return found
    raise errors.MissingTool(
        'apache2', 'the proxy', 'apt-get install apache2-bin'
    )


class Apache(process.Child):
    """A proxy on a port of the loopback interface.

    :param folder: where its configuration is written.
    :param sites: the folder of the sites.
    """

    def __init__(
        self, folder: pathlib.Path, sites: pathlib.Path, port: int
    ) -> None:
        [modules] = [path for path in MODULES if pathlib.Path(path).is_dir()]
        config = folder / 'apache.conf'
        text = CONFIG.format(
            folder=folder,
            host=ports.HOST,
            port=port,
            modules=modules,
            sites=sites,
        )
        if os.geteuid() == 0:
            # It does not serve as root. The sockets are below the folder.
            text += AS_NOBODY
            folder.chmod(0o711)
        config.write_text(text)
        super().__init__(
            'apache',
            [program(), '-D', 'FOREGROUND', '-f', str(config)],
            folder / 'apache.log',
        )
