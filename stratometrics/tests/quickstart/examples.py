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
"""What is asked from the command line, for its user to see."""

from collections.abc import Iterator, Sequence

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.tests.quickstart import questions

#: A server of the project acme that was resized.
RESIZED = 'db1'

_MINUTE = 60 * timestamps.MICROSECONDS


def commands(
    found: Sequence[event_model.Event], question: questions.Question
) -> Iterator[Sequence[str]]:
    """Three commands of a user: what follows ``openstack billing``.

    :param found: what the messages say.
    :param question: what the user has asked the API before; the first command
        asks the same.
    """
    period = ('--from', question.begin, '--to', question.end)
    yield ('usage', 'show', 'instance', '--group-by', 'type,state', *period)
    yield (
        *('resource', 'list', '--resource-type', 'instance', *period),
        *('-c', 'Name', '-c', 'Type', '-c', 'State', '-c', 'Usage'),
    )
    # From the first to the last: more would make little of what happened.
    times = [event.event_time for event in found]
    begin = min(times) // _MINUTE * _MINUTE
    end = (max(times) // _MINUTE + 1) * _MINUTE
    yield (
        *('timeline', 'show', RESIZED, '--chart', '--chart-by', 'type'),
        *('--from', timestamps.isoformat(begin)),
        *('--to', timestamps.isoformat(end)),
    )
