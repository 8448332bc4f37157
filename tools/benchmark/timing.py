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
"""How long something takes."""

from collections.abc import Callable, Sequence
import dataclasses
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds that repeated questions took, after a warm-up."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        if low >= 10:
            return f'{low:.1f} to {high:.1f} s'
        return f'{low * 1000:.0f} to {high * 1000:.0f} ms'


def timed(ask: Callable[..., object], *arguments: object) -> float:
    """Seconds that a call takes."""
    begun = time.perf_counter()
    ask(*arguments)
    return time.perf_counter() - begun
