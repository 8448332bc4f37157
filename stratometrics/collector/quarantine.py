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
"""Messages that are set aside, whole, with the reason (R13)."""

from collections.abc import Iterable, Iterator, Mapping
import hashlib
import json
import re
from typing import Any

from stratometrics.model import timestamps
from stratometrics.storage import base

#: What is kept of a request's context; the rest can hold a token.
_CONTEXT = (
    'request_id',
    'global_request_id',
    'project_id',
    'tenant',
    'user_id',
    'user',
)

#: A token in a body that nothing could be decoded from, in quotes that are
#: escaped if the body is an envelope.
_TOKEN = re.compile(r'(auth_token\\*"\s*:\s*\\*")[^"\\]+')

_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029]')

_ENVELOPED = 'oslo.message'
_LONGEST_NAME = 255
#: An error can quote a whole message.
_LONGEST_REASON = 1000

#: What is held in memory or written at once: messages, and characters.
_PART_MESSAGES = 1000
_PART_SIZE = 16 * 1024**2


def reject(
    message: Any, context: Mapping[str, Any], region: str, reason: str
) -> base.RejectedMessage:
    """Set a message aside that could be decoded, but was not understood.

    :param message: the notification as the driver handed it over.
    :param context: the request's context, of which only ids are kept.
    :param region: the region that it came from.
    :param reason: what was not understood.
    """
    kept = message
    if isinstance(message, Mapping):
        kept = dict(message)
        for name in _CONTEXT:
            if context.get(name) is not None:
                kept[f'_context_{name}'] = context[name]
    return _rejected(
        # Lone surrogates, which no UTF-8 can hold, survive as escapes.
        json.dumps(kept, ensure_ascii=True, default=str),
        region,
        reason,
        name_of(message, 'event_type'),
        name_of(message, 'message_id'),
    )


def reject_body(body: bytes, region: str, reason: str) -> base.RejectedMessage:
    """Set a message aside that the messaging driver did not hand over.

    :param body: the body as it came.
    :param region: the region that it came from.
    :param reason: why it was not handed over.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode('latin-1')
    message = restore(text)
    if message is None:
        return _rejected(_TOKEN.sub(r'\1***', text), region, reason, '', '')
    context = {
        name.removeprefix('_context_'): message.pop(name)
        for name in list(message)
        if name.startswith('_context_')
    }
    return reject(message, context, region, reason)


def restore(body: str) -> dict[str, Any] | None:
    """The notification in a body, for a replay.

    :param body: JSON text of a notification, or of one in its envelope.
    :returns: None if the body holds none.
    """
    try:
        message = json.loads(body)
        if isinstance(message, dict) and _ENVELOPED in message:
            message = json.loads(message[_ENVELOPED])
    except (ValueError, TypeError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def parts(
    messages: Iterable[base.RejectedMessage],
) -> Iterator[list[base.RejectedMessage]]:
    """Messages in parts of a moderate size, however large each is."""
    part: list[base.RejectedMessage] = []
    size = 0
    for message in messages:
        size += len(message.body)
        if part and (size > _PART_SIZE or len(part) == _PART_MESSAGES):
            yield part
            part, size = [], len(message.body)
        part.append(message)
    if part:
        yield part


def _rejected(
    body: str, region: str, reason: str, event_type: str, message_id: str
) -> base.RejectedMessage:
    reason = _printable(reason)[:_LONGEST_REASON]
    digest = hashlib.sha256(body.encode())
    for name in (region, reason):
        digest.update(b'\0' + name.encode())
    return base.RejectedMessage(
        id=digest.hexdigest(),
        received_at=timestamps.now(),
        region=region,
        reason=reason,
        event_type=event_type,
        message_id=message_id,
        body=body,
    )


def name_of(message: Any, key: str) -> str:
    """What a message is called by a key, as one short line of text."""
    value = message.get(key) if isinstance(message, Mapping) else None
    return '' if value is None else _printable(str(value))[:_LONGEST_NAME]


def _printable(text: str) -> str:
    """A text that is one line of a log, whatever the message put there."""
    encodable = text.encode(errors='backslashreplace').decode()
    return _CONTROL.sub(
        lambda found: found[0].encode('unicode_escape').decode(), encodable
    )
