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
"""Rejected messages, tried again after a fix (R13)."""

from collections.abc import Callable, Collection, Sequence
import dataclasses
import functools

from oslo_log import log as logging

from stratometrics.collector import births
from stratometrics.collector import quarantine
from stratometrics.collector import recorder as recorder_module
from stratometrics.notifications import decoder as decoder_module
from stratometrics.notifications import errors as notification_errors
from stratometrics.storage import base

LOG = logging.getLogger(__name__)

_BIRTHS = 100_000

#: Gives the decoder for a region.
DecoderOf = Callable[[str], decoder_module.Decoder]


@dataclasses.dataclass
class Counts:
    """What became of the rejected messages.

    :param stored: messages whose events are stored now.
    :param events: the events of those messages.
    :param ignored: messages that a definition lists as ignored now.
    :param remaining: messages that are still not understood.
    """

    stored: int = 0
    events: int = 0
    ignored: int = 0
    remaining: int = 0


def replay(
    storage: base.Storage,
    decoder_of: DecoderOf,
    event_types: Collection[str] = (),
) -> Counts:
    """Decode rejected messages again and store what is understood now.

    It can be interrupted and run again at any time: events are stored before
    their messages are forgotten, and storing them again is harmless (R2).

    :param storage: where the messages are and the events go.
    :param decoder_of: gives what understands the messages of a region now.
    :param event_types: only messages of these types; by default all.
    :returns: what became of the messages that were looked at.
    :raises StorageUnavailable: storage went away.
    """
    counts = Counts()
    recorder = recorder_module.Recorder(storage, births.Births(_BIRTHS))
    decoder_of = functools.cache(decoder_of)
    for part in quarantine.parts(storage.rejected(event_types)):
        done = _replay(part, decoder_of, recorder, counts)
        if done:
            storage.remove_rejected(done)
    return counts


def _replay(
    part: Sequence[base.RejectedMessage],
    decoder_of: DecoderOf,
    recorder: recorder_module.Recorder,
    counts: Counts,
) -> list[str]:
    understood = []
    done = []
    for rejected in part:
        events = _decode(rejected, decoder_of(rejected.region))
        if events is None:
            counts.remaining += 1
        elif events:
            understood.append(recorder_module.Understood(rejected, events))
        else:
            counts.ignored += 1
            done.append(rejected.id)
    refused = {each.origin.id for each in recorder.record(understood)}
    counts.remaining += len(refused)
    for each in understood:
        if each.origin.id not in refused:
            counts.stored += 1
            counts.events += len(each.events)
            done.append(each.origin.id)
    return done


def _decode(
    rejected: base.RejectedMessage, decoder: decoder_module.Decoder
) -> Sequence | None:
    message = quarantine.restore(rejected.body)
    if message is None:
        return None
    try:
        return decoder.decode(message)
    except notification_errors.NotUnderstood:
        return None
    except Exception:
        LOG.exception('Unexpected error while decoding %s', rejected.id)
        return None
