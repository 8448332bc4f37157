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

"""Run a ClickHouse engine library as a program.

Called as ``python engine.py LIBRARY ARGUMENT...``, with the arguments of
``clickhouse local``. It is a program of its own, because the library takes
over the process that it runs in.
"""

import ctypes
import sys


def main(library: str, arguments: list[str]) -> None:
    """Call the library's main function, which returns only at its end.

    :param library: the path of the library.
    :param arguments: what follows the program's name.
    """
    engine = ctypes.CDLL(library)
    argv = [b'clickhouse', *(arg.encode() for arg in arguments)]
    array = (ctypes.c_char_p * (len(argv) + 1))(*argv, None)
    engine.query_stable_v2.restype = ctypes.c_void_p
    engine.query_stable_v2(len(argv), array)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
