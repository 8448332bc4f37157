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
"""How much work something is, whatever machine does it."""

from collections.abc import Callable
import sys
from typing import Any


def calls(function: Callable[..., Any], *arguments: Any) -> int:
    """How many functions are called until one is done.

    Unlike a length of time, this is the same whenever it is measured.
    """
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event in ('call', 'c_call')

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return counted
