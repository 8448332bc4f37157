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
"""Learning names beside the storing of events."""

from collections.abc import Callable, Iterable, Sequence
import threading
import time

from oslo_log import log as logging

from stratometrics import cloud
from stratometrics.collector import novelty
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.naming import directory
from stratometrics.naming import learning
from stratometrics.notifications import definitions as definitions_module
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Things that wait for being asked about. What does not fit is found by the
#: next round, or by a sync.
_MOST_WAITING = 10_000
#: Things that are remembered as seen.
_MOST_SEEN = 100_000
#: Seconds in which further things are gathered before the first is asked for.
_GATHER = 1.0
#: Seconds to wait after a failure.
_RETRY = 30.0
#: Seconds until a single round is repeated that some service did not answer.
#: It reads all events, and a service may never answer.
_REPEAT = 3600.0
#: Seconds that an answer may be waited for when the service stops.
_LAST_ANSWER = 1.0

#: A kind and an id.
Thing = tuple[str, str]


class Namer:
    """Asks for names in a thread of its own.

    Whatever happens to it, events are stored all the same: what they take
    note of here takes no time, and is dropped where there is too much of it.
    A service that is away delays names, and loses none: a round asks for all
    that are missing.

    :param definitions: which attributes are ids.
    :param make: makes what learns, once it is needed; takes the question
        whether to end early.
    :param interval: seconds between two rounds over everything; 0 for a
        single one at the start, which is repeated until all services have
        answered; None for none at all.
    """

    def __init__(
        self,
        definitions: definitions_module.Definitions,
        make: Callable[[Callable[[], bool]], learning.Learner],
        interval: int | None,
    ) -> None:
        self._definitions = definitions
        self._make = make
        self._interval = interval
        self._seen = novelty.Novelty(_MOST_SEEN)
        self._new: set[Thing] = set()
        self._renamed: set[Thing] = set()
        self._waiting = threading.Condition()
        self._stopping = threading.Event()
        self._learner: learning.Learner | None = None
        #: What failed last time; '' stands for what is not of one kind.
        self._failing: set[str] = set()
        self._thread = threading.Thread(
            target=self._run, name='names', daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End; an answer that is slow to come is not waited for."""
        self._stopping.set()
        with self._waiting:
            self._waiting.notify()
        self._thread.join(_LAST_ANSWER)

    def notice(self, events: Sequence[event_model.Event]) -> None:
        """Take note of events that were stored."""
        things = learning.things(events, self._definitions)
        self._add(self._new, filter(self._seen.is_new, things))

    def renamed(self, things: Iterable[Thing]) -> None:
        """Take note of what may have another name now, or be gone."""
        self._add(self._renamed, things)

    def _add(self, waiting: set[Thing], things: Iterable[Thing]) -> None:
        things = list(things)
        if not things:
            return
        with self._waiting:
            waiting.update(things[: max(0, _MOST_WAITING - len(waiting))])
            self._waiting.notify()

    def _run(self) -> None:
        due = None if self._interval is None else time.monotonic()
        while not self._stopping.is_set():
            self._wait(due)
            # Whatever else comes in at the same time is asked for at once.
            if self._stopping.wait(_GATHER):
                return
            try:
                if self._learner is None:
                    self._learner = self._make(self._stopping.is_set)
                answered = self._learn()
                if due is not None and time.monotonic() >= due:
                    due = self._next(self._round())
                self._failing.discard('')
            except (cloud.CloudError, errors.StorageError) as error:
                self._complain('', error)
                answered = False
            except Exception:
                LOG.exception('Unexpected error while names were asked for')
                answered = False
            if not answered:
                self._stopping.wait(_RETRY)

    def _next(self, answered: bool) -> float | None:
        """When the next round is due.

        :param answered: whether all services answered in the last one.
        """
        if self._interval:
            return time.monotonic() + self._interval
        return None if answered else time.monotonic() + _REPEAT

    def _wait(self, due: float | None) -> None:
        """Wait for something to ask for, a round, or the end."""
        with self._waiting:
            self._waiting.wait_for(
                lambda: self._new or self._renamed or self._stopping.is_set(),
                None if due is None else max(0.0, due - time.monotonic()),
            )

    def _learn(self) -> bool:
        """Ask for what waits.

        :returns: whether all services answered; what they did not answer
            waits on.
        """
        counts = learning.Counts()
        answered = True
        for kind in names.KINDS:
            for waiting, learn in (
                (self._new, self._learner.learn),
                (self._renamed, self._learner.learn_again),
            ):
                ids = self._take(waiting, kind)
                if not ids:
                    continue
                try:
                    learn(kind, ids, counts)
                except directory.NotOffered as error:
                    LOG.debug('No names of the kind %s: %s', kind, error)
                except cloud.CloudError as error:
                    self._complain(kind, error)
                    self._give_back(waiting, kind, ids)
                    answered = False
                except errors.StorageError:
                    self._give_back(waiting, kind, ids)
                    raise
                else:
                    self._failing.discard(kind)
                    if kind == names.PROJECT:
                        domains = self._learner.domains(ids)
                        self._give_back(self._new, names.DOMAIN, domains)
        return answered

    def _take(self, waiting: set[Thing], kind: str) -> set[str]:
        with self._waiting:
            taken = {thing for thing in waiting if thing[0] == kind}
            waiting -= taken
        return {id_ for _, id_ in taken}

    def _give_back(
        self, waiting: set[Thing], kind: str, ids: Iterable[str]
    ) -> None:
        self._add(waiting, ((kind, id_) for id_ in ids))

    def _round(self) -> bool:
        """Ask for everything that is missing.

        :returns: whether all services answered.
        """
        counts = self._learner.learn_all()
        self._failing &= counts.failed.keys()
        for kind, reason in counts.failed.items():
            self._complain(kind, reason)
        LOG.info(
            'A look at all names: %d are new or have changed',
            counts.changed,
        )
        return not counts.failed

    def _complain(self, kind: str, reason: object) -> None:
        """Say once, as long as it lasts, what keeps names away."""
        if kind in self._failing:
            return
        self._failing.add(kind)
        LOG.warning(
            'Names %scannot be had now: %s. They are asked for again.',
            f'of the kind {kind} ' if kind else '',
            reason,
        )
