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
"""What Nova knows of the past of one server: the actions on it (R14).

An action tells what it was and when it began; from microversion 2.58 on also
when its last step ended. The states follow from that, forwards from the first
action that is kept. The other facts are those of the present, where they are
known to have been the same: not the flavor before a resize, and not the image
before a rebuild.
"""

from collections.abc import Iterator, Mapping
import dataclasses
import itertools
import math
from typing import Any

from stratometrics.model import observation
from stratometrics.model import places
from stratometrics.model import timestamps
from stratometrics.notifications import errors
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

SERVICE_TYPE = 'compute'
#: The first to say which cells are down, and the highest that is needed.
MICROVERSION = '2.69'

#: The state after an action, where it does not depend on the one before.
_BECOMES = {
    'create': 'active',
    'migrate': 'resized',
    'pause': 'paused',
    'reboot': 'active',
    'rescue': 'rescued',
    'resize': 'resized',
    'restore': 'active',
    'resume': 'active',
    'shelveOffload': 'shelved_offloaded',
    'start': 'active',
    'stop': 'stopped',
    'suspend': 'suspended',
    'unpause': 'active',
    'unrescue': 'active',
    'unshelve': 'active',
}
#: After these a server that had been stopped is so again.
_KEEP_STOPPED = ('confirmResize', 'evacuate', 'rebuild', 'revertResize')
#: One name for several courses: the steps tell which was taken.
_STEPS = {
    'delete': {'compute_soft_delete_instance': 'soft-delete'},
    'shelve': {
        'compute_shelve_instance': 'shelved',
        'compute_shelve_offload_instance': 'shelved_offloaded',
    },
}
_FAILED = 'Error'
_ACTIONS = '/servers/{}/os-instance-actions'
_OFFLOADED = 'shelved_offloaded'


@dataclasses.dataclass(frozen=True, slots=True)
class _Stage:
    """A part of a server's life.

    :param begin: microseconds since the epoch.
    :param flavor: tells flavors apart, without a name for them.
    :param image: tells images apart.
    """

    begin: int
    state: str
    flavor: int
    image: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """What was done for an action.

    :param ended_at: microseconds since the epoch; None if it is under way.
    """

    name: str
    ended_at: int | None


def history(
    inquiry: listing.Inquiry, present: observation.Observation
) -> list[observation.Observation]:
    """What a server was, oldest first, up to the present.

    :param present: what was listed of it, living or deleted.
    :returns: each holds from its ``changed_at`` on. Of a past that differs
        from the present in its flavor ``type``, ``type_id`` and the measures
        are not told, nor is another image. Nothing, if no action is kept.
    :raises Unavailable: Nova cannot be asked.
    """
    microversion = pages.microversion(inquiry, SERVICE_TYPE, MICROVERSION)
    try:
        stages = _stages(inquiry, microversion, present)
    except pages.Missing:
        # It was purged; or it is deleted, and Nova older than 2.21.
        return []
    except (
        AttributeError,
        KeyError,
        TypeError,
        errors.NotUnderstood,
    ) as error:
        raise listing.Unavailable(
            f'{SERVICE_TYPE}: the actions on server '
            f'{places.shown(present.resource_id)} are not understood: '
            f'{type(error).__name__} {error}'
        ) from error
    if not stages:
        return []
    stages = _reconciled(stages, present)
    last = stages[-1]
    return [_observation(stage, last, present) for stage in stages]


def _stages(
    inquiry: listing.Inquiry,
    microversion: str | None,
    present: observation.Observation,
) -> list[_Stage]:
    server_id = present.resource_id
    answer = pages.ask(
        inquiry, SERVICE_TYPE, _ACTIONS, server_id, microversion=microversion
    )
    actions = answer['instanceActions']
    stages: list[_Stage] = []
    numbers = itertools.count(1)
    flavor = flavor_before = image = 0
    state = state_before = ''
    # They come latest first, and only the latest may be under way.
    for action in reversed(actions):
        name = action['action']
        if name == 'create' and present.created_at is not None:
            state = 'building'
            stages.append(_Stage(present.created_at, state, flavor, image))
        steps: list[_Step] = []
        if _is_told_by_steps(action, state) or action is actions[0]:
            steps = _steps(inquiry, server_id, microversion, action)
        if name == 'unshelve' and any(
            step.name == 'compute_unshelve_instance' for step in steps
        ):
            # Nova may offload in the same step that shelves.
            stages = _offloaded(stages)
        for ended_at, became in _effects(action, steps):
            if name in ('resize', 'migrate'):
                flavor_before, state_before = flavor, state
            if name == 'resize':
                flavor = next(numbers)
            elif name == 'revertResize':
                flavor = flavor_before
            elif name == 'rebuild':
                image = next(numbers)
            if became:
                state = became
            elif name in ('confirmResize', 'revertResize'):
                state = _kept(state_before)
            else:
                state = _kept(state)
            stages.append(_Stage(ended_at, state, flavor, image))
    return stages


def _kept(state: str) -> str:
    return 'stopped' if state == 'stopped' else 'active'


def _offloaded(stages: list[_Stage]) -> list[_Stage]:
    if not stages or stages[-1].state != 'shelved':
        return stages
    return [*stages[:-1], dataclasses.replace(stages[-1], state=_OFFLOADED)]


def _is_told_by_steps(action: Mapping[str, Any], state: str) -> bool:
    """Whether the steps of an action are needed to understand it.

    :param state: the one before the action.
    """
    return (
        action['action'] in _STEPS
        or (action['action'] == 'unshelve' and state == 'shelved')
        # In whole seconds one that never ended looks like a quick one.
        or action.get('updated_at') in (None, action['start_time'])
    )


def _steps(
    inquiry: listing.Inquiry,
    server_id: str,
    microversion: str | None,
    action: Mapping[str, Any],
) -> list[_Step]:
    """The steps of an action, in the order in which they ended.

    :returns: nothing for an action that changes nothing.
    """
    if not _has_effect(action):
        return []
    detail = pages.ask(
        inquiry,
        SERVICE_TYPE,
        f'{_ACTIONS}/{{}}',
        server_id,
        action['request_id'],
        microversion=microversion,
    )
    steps = [
        _Step(event['event'], spelling.end_of_second(event, 'finish_time'))
        for event in detail['instanceAction'].get('events', [])
    ]
    return sorted(
        steps,
        key=lambda step: math.inf if step.ended_at is None else step.ended_at,
    )


def _has_effect(action: Mapping[str, Any]) -> bool:
    name = action['action']
    return (
        name in _BECOMES or name in _STEPS or name in _KEEP_STOPPED
    ) and action.get('message') != _FAILED


def _effects(
    action: Mapping[str, Any], steps: list[_Step]
) -> Iterator[tuple[int, str]]:
    """When an action changed the state, and to which.

    :param steps: of the action, if they were asked for.
    :returns: a time, and a state; '' if it depends on the one before.
        Nothing for an action that failed, is under way or changes nothing.
    """
    if not _has_effect(action) or any(step.ended_at is None for step in steps):
        return
    name = action['action']
    if name in _STEPS:
        for step in steps:
            if step.name in _STEPS[name]:
                yield step.ended_at, _STEPS[name][step.name]
    elif steps:
        yield steps[-1].ended_at, _BECOMES.get(name, '')
    elif action.get('updated_at') not in (None, action['start_time']):
        yield (
            spelling.end_of_second(action, 'updated_at'),
            _BECOMES.get(name, ''),
        )


def _reconciled(
    stages: list[_Stage], present: observation.Observation
) -> list[_Stage]:
    """The stages with an end that is the present.

    Some states come without an action: an error, or what an operator set. Of
    such a state the time of the last change is known.
    """
    stages = sorted(stages, key=lambda stage: stage.begin)
    last = stages[-1]
    if last.state == present.state:
        return stages
    since = (
        present.ended_at
        if present.ended_at is not None
        else present.changed_at
    )
    if since is None:
        return stages
    second = since - since % timestamps.MICROSECONDS
    before = [stage for stage in stages if stage.begin < second]
    return [
        *before,
        dataclasses.replace(last, begin=since, state=present.state),
    ]


def _observation(
    stage: _Stage, last: _Stage, present: observation.Observation
) -> observation.Observation:
    told: dict[str, Any] = {}
    if stage.flavor != last.flavor:
        told |= {'type': None, 'type_id': None, 'measures': {}}
    if stage.image != last.image:
        told['image'] = None
    if stage is not last:
        told['ended_at'] = None
        # A server that is offloaded is on no host, and so in no zone.
        told['availability_zone'] = (
            '' if stage.state == _OFFLOADED else present.availability_zone
        )
        if stage.state != _OFFLOADED and present.state == _OFFLOADED:
            told['availability_zone'] = None
    return dataclasses.replace(
        present, state=stage.state, changed_at=stage.begin, **told
    )
