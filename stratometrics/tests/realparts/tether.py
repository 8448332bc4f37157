#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Run a command that is told to stop when its parent dies.

Called as ``python tether.py PARENT_PID COMMAND ARGUMENT...``. It becomes the
command, so the caller's child is the command itself. It is a program of its
own, because code between fork and exec is unsafe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Bind this process to its parent's life and become the command.

    :param parent: the process id that the parent is expected to have.
    :param command: the program and its arguments.
    """
    # A parent that is being stopped ignores the signal, and that is inherited.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the line above took effect.
    if os.getppid() == parent:
        os.execvp(command[0], command)


if __name__ == '__main__':
    main(int(sys.argv[1]), sys.argv[2:])
