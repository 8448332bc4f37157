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
"""Doing something alone, for as long as it takes."""

from collections.abc import Iterator
import contextlib
import threading
import time

from oslo_context import context as oslo_context
from oslo_log import log as logging

from stratometrics.model import timestamps
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: How long the right lasts unless it is prolonged, in microseconds; also how
#: long others wait after the holder was killed.
_LENGTH = 30 * timestamps.MICROSECONDS
#: Seconds after which it is prolonged.
_PROLONG = 10.0
#: Seconds from one attempt to get it to the next.
_PAUSE = 0.5


class Taken(Exception):
    """Somebody else has the right. Trying again helps."""


@contextlib.contextmanager
def alone(
    storage: base.ReconciliationStore, name: str, patience: float
) -> Iterator[None]:
    """Until the end nobody else has the right, but for rare chances.

    :param name: what the right is to.
    :param patience: seconds to wait for others.
    :raises Taken: somebody else had it for all that time.
    """
    lease = storage.lease(name, _LENGTH)
    deadline = time.monotonic() + patience
    while not lease.claim():
        if time.monotonic() > deadline:
            raise Taken(f'somebody else has the right to {name}')
        time.sleep(_PAUSE)
    done = threading.Event()
    keeper = threading.Thread(
        target=_prolong,
        args=(lease, name, done, oslo_context.get_current()),
        daemon=True,
    )
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        lease.release()


def _prolong(
    lease: base.Lease,
    name: str,
    done: threading.Event,
    context: oslo_context.RequestContext | None,
) -> None:
    if context:
        # What is logged here belongs to the request as well.
        context.update_store()
    while not done.wait(_PROLONG):
        try:
            lease.prolong()
        except errors.StorageError as error:
            LOG.warning('The right to %s was not prolonged: %s', name, error)
        except Exception:
            LOG.exception('The right to %s was not prolonged', name)
