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
"""What processes use: the kernel counts it, however busy the machine is."""

from collections.abc import Iterable, Iterator
import os
import pathlib
import re

_PROC = pathlib.Path('/proc')
_TICKS = os.sysconf('SC_CLK_TCK')
_PAGE = os.sysconf('SC_PAGE_SIZE')


def family(pids: Iterable[int]) -> list[int]:
    """Processes with all that descend from them."""
    children: dict[int, list[int]] = {}
    for pid, fields in _all():
        children.setdefault(int(fields[1]), []).append(pid)
    found = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """What processes, and their children that have ended, have computed."""
    return sum(
        sum(map(int, fields[11:15])) / _TICKS
        for fields in map(_fields, pids)
        if fields
    )


def command(pid: int) -> str:
    """The command line of a process; nothing if it has ended."""
    try:
        text = (_PROC / str(pid) / 'cmdline').read_text()
    except OSError:
        return ''
    return text.replace('\0', ' ')


def resident(pid: int) -> int:
    """Bytes of memory that a process has, those that it shares included."""
    return int((_PROC / str(pid) / 'statm').read_text().split()[1]) * _PAGE


def most_resident(pid: int) -> int:
    """Bytes of memory that a process had when it had most."""
    [found] = re.findall(
        r'^VmHWM:\s+(\d+) kB$',
        (_PROC / str(pid) / 'status').read_text(),
        re.MULTILINE,
    )
    return int(found) * 1024


def _all() -> Iterator[tuple[int, list[str]]]:
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            fields = _fields(int(entry.name))
            if fields:
                yield int(entry.name), fields


def _fields(pid: int) -> list[str]:
    """What /proc/PID/stat says after the name; nothing if it has ended."""
    try:
        text = (_PROC / str(pid) / 'stat').read_text()
    except OSError:
        return []
    # The name is in parentheses, and may hold any character.
    return text.rpartition(')')[2].split()
