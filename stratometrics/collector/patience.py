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
"""Waiting for storage (R12)."""

from collections.abc import Callable
import threading
import time
from typing import TypeVar

from oslo_log import log as logging
import tenacity

from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Seconds of an outage after which messages are better given back to the
#: broker: RabbitMQ closes the channel of a consumer that keeps a message for
#: longer than its consumer_timeout, which is half an hour unless changed.
LONG_OUTAGE = 300.0

_Result = TypeVar('_Result')


class Patience:
    """Tries again while storage is away, with growing random pauses.

    It says so once an outage, not once an attempt. Safe to share between
    threads, which then speak with one voice.

    :param max_interval: the longest pause in seconds; the first is a second
        at most.
    :param on_change: is told whether storage is away, when that changes.
    :param long_outage: seconds after which an outage is a long one.
    """

    def __init__(
        self,
        max_interval: float,
        on_change: Callable[[bool], None],
        long_outage: float = LONG_OUTAGE,
    ) -> None:
        self._max_interval = max_interval
        self._on_change = on_change
        self._long_outage = long_outage
        self._halt = threading.Event()
        self._lock = threading.Lock()
        self._away_since: float | None = None
        #: Set by a long outage.
        self.exhausted = threading.Event()

    def __call__(self, attempt: Callable[[], _Result]) -> _Result:
        """Call until storage is there.

        :param attempt: what is tried, again and again.
        :returns: what it returned.
        :raises StorageUnavailable: storage is away and :meth:`halt` was
            called.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(errors.StorageUnavailable),
            wait=tenacity.wait_random_exponential(max=self._max_interval),
            stop=tenacity.stop_when_event_set(self._halt),
            sleep=tenacity.sleep_using_event(self._halt),
            after=self._note_outage,
            reraise=True,
        )
        result = retrying(attempt)
        self._note_recovery()
        return result

    def halt(self) -> None:
        """Let no call wait any longer."""
        self._halt.set()

    def resume(self) -> None:
        """Let calls wait again."""
        self._halt.clear()
        self.exhausted.clear()

    def _note_outage(self, retry_state: tenacity.RetryCallState) -> None:
        now = time.monotonic()
        with self._lock:
            begins = self._away_since is None
            if begins:
                self._away_since = now
            away = now - self._away_since
        if begins:
            LOG.warning(
                'Storage is unavailable; trying again until it is back. '
                'Nothing is acknowledged meanwhile. %s',
                str(retry_state.outcome.exception()),
            )
            self._on_change(True)
        if away > self._long_outage:
            self.exhausted.set()

    def _note_recovery(self) -> None:
        with self._lock:
            if self._away_since is None:
                return
            away = time.monotonic() - self._away_since
            self._away_since = None
        LOG.warning('Storage is back after %.1f seconds.', away)
        self._on_change(False)
