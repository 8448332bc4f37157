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
"""Where a batch of messages becomes durable, or is kept waiting."""

from collections.abc import Mapping, Sequence
import dataclasses
import time
from typing import Any, Protocol

from oslo_log import log as logging

from stratometrics.collector import births
from stratometrics.collector import metrics as metrics_module
from stratometrics.collector import namer as namer_module
from stratometrics.collector import novelty
from stratometrics.collector import patience as patience_module
from stratometrics.collector import quarantine
from stratometrics.collector import recorder
from stratometrics.model import timestamps
from stratometrics.notifications import decoder as decoder_module
from stratometrics.notifications import errors as notification_errors
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: The kind of messages whose type no definition names; they are announced
#: by type, not as something that went wrong.
_UNKNOWN = 'unknown'


class Incoming(Protocol):
    """A message as the messaging driver hands it over."""

    message: Any
    ctxt: Mapping[str, Any]


class Sink:
    """Decodes and stores batches (R12, R13). Safe to share between threads.

    :param storage: where events and rejected messages go.
    :param decoder: what understands messages.
    :param region: the region that the messages come from.
    :param known_births: which births are stored already.
    :param patience: how to wait while storage is away.
    :param metrics: what is counted.
    :param keep_unknown: whether messages of unknown types are set aside.
    :param namer: told what may need a name, once it is stored.
    """

    def __init__(
        self,
        storage: base.EventWriter,
        decoder: decoder_module.Decoder,
        region: str,
        known_births: births.Births,
        patience: patience_module.Patience,
        metrics: metrics_module.Metrics,
        keep_unknown: bool,
        namer: namer_module.Namer | None = None,
    ) -> None:
        self._storage = storage
        self._decoder = decoder
        self._region = region
        self._patience = patience
        self._metrics = metrics
        self._keep_unknown = keep_unknown
        self._namer = namer
        self._recorder = recorder.Recorder(storage, known_births, patience)
        self._news = novelty.Novelty()

    def store(self, batch: Sequence[Incoming]) -> bool:
        """Make a batch durable.

        Blocks while storage is away.

        :param batch: messages that are not acknowledged yet.
        :returns: whether they may be acknowledged; if not, the service stops
            and they must be given back.
        """
        begun = time.monotonic()
        self._metrics.received.inc(len(batch))
        self._metrics.batch_size.observe(len(batch))
        try:
            self._store(batch)
        except errors.StorageUnavailable:
            self._metrics.requeued.inc(len(batch))
            return False
        self._metrics.batch_time.observe(time.monotonic() - begun)
        return True

    def set_aside(
        self, messages: Sequence[base.RejectedMessage], kind: str
    ) -> None:
        """Keep messages that were not understood.

        :param messages: what to keep.
        :param kind: the kind of reason, for the metrics and the log.
        :raises StorageUnavailable: the service stops.
        """
        self._keep(messages, kind)
        for message in messages:
            if self._news.is_new((message.event_type, kind)):
                LOG.warning(
                    'Message %s of type "%s" was set aside as rejected: %s. '
                    'Further ones of this type and kind (%s) are counted and '
                    'kept, but not logged.',
                    message.message_id,
                    message.event_type,
                    message.reason,
                    kind,
                )

    def _store(self, batch: Sequence[Incoming]) -> None:
        understood: list[recorder.Understood] = []
        rejected: dict[str, list[base.RejectedMessage]] = {}
        for incoming in batch:
            try:
                events = self._decoder.decode(incoming.message)
            except notification_errors.UnknownEventType as error:
                self._note_unknown(incoming)
                if self._keep_unknown:
                    self._reject(rejected, _UNKNOWN, incoming, str(error))
                continue
            except notification_errors.NotUnderstood as error:
                self._reject(rejected, 'not_understood', incoming, str(error))
                continue
            except Exception as error:
                reason = f'{type(error).__name__}: {error}'
                if self._news.is_new(('traceback', type(error))):
                    LOG.exception(
                        'Unexpected error while decoding message %s',
                        quarantine.name_of(incoming.message, 'message_id'),
                    )
                self._reject(rejected, 'unexpected', incoming, reason)
                continue
            if events:
                understood.append(recorder.Understood(incoming, events))
            else:
                self._metrics.ignored.inc()
                if self._namer:
                    self._namer.renamed(
                        self._decoder.renamed(incoming.message)
                    )
        if understood:
            self._record(understood, rejected)
        self._keep(rejected.pop(_UNKNOWN, []), _UNKNOWN)
        for kind, messages in rejected.items():
            self.set_aside(messages, kind)

    def _record(
        self,
        understood: list[recorder.Understood],
        rejected: dict[str, list[base.RejectedMessage]],
    ) -> None:
        begun = time.monotonic()
        refused = self._recorder.record(understood)
        self._metrics.insert_time.observe(time.monotonic() - begun)
        for each in refused:
            self._reject(rejected, 'refused', each.origin, each.reason)
        refused_origins = {id(each.origin) for each in refused}
        stored = [
            event
            for each in understood
            if id(each.origin) not in refused_origins
            for event in each.events
        ]
        if self._namer:
            self._namer.notice(stored)
        times = [event.event_time for event in stored]
        if times:
            self._metrics.stored.inc(len(times))
            lag = (timestamps.now() - max(times)) / timestamps.MICROSECONDS
            self._metrics.lag.set(lag)
            self._metrics.lags.observe(lag)

    def _reject(
        self,
        rejected: dict[str, list[base.RejectedMessage]],
        kind: str,
        incoming: Incoming,
        reason: str,
    ) -> None:
        rejected.setdefault(kind, []).append(
            quarantine.reject(
                incoming.message, incoming.ctxt, self._region, reason
            )
        )

    def _keep(
        self, messages: Sequence[base.RejectedMessage], kind: str
    ) -> None:
        for part in quarantine.parts(messages):
            self._patience(lambda part=part: self._write_rejected(part))
            self._metrics.rejected.labels(kind).inc(len(part))

    def _write_rejected(
        self, messages: Sequence[base.RejectedMessage]
    ) -> None:
        now = timestamps.now()
        self._storage.write_rejected(
            [dataclasses.replace(m, received_at=now) for m in messages]
        )

    def _note_unknown(self, incoming: Incoming) -> None:
        self._metrics.unknown.inc()
        event_type = quarantine.name_of(incoming.message, 'event_type')
        if self._news.is_new(('unknown', event_type)):
            LOG.info(
                'No definition names the event type "%s"; its messages are '
                '%s.',
                event_type,
                'kept as rejected' if self._keep_unknown else 'dropped',
            )
