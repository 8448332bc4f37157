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

"""From notifications to answers, on services that run."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.tests.quickstart import expectation
from stratometrics.tests.quickstart import journal
from stratometrics.tests.quickstart import notifications
from stratometrics.tests.quickstart import publisher
from stratometrics.tests.quickstart import questions
from stratometrics.tests.quickstart import report
from stratometrics.tests.quickstart import services
from stratometrics.tests.quickstart import storage
from stratometrics.tests.realparts import identity

_HOUR = 3600 * timestamps.MICROSECONDS

#: Somebody with a role in each project that owns something.
MEMBERS = {'acme': 'alice', 'globex': 'bob', 'admin': 'admin'}


@dataclasses.dataclass
class Demonstration:
    """Publishes once and asks twice.

    :param running: the services.
    :param chosen: when the notifications are said to be from.
    :param say: tells the user something.
    """

    running: services.Services
    chosen: journal.Journal
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        keystone = self.running.identities
        self._project_ids = {
            project: keystone.session(user, project).get_project_id()
            for project, user in MEMBERS.items()
        }
        self._user = questions.caller(keystone, 'alice', 'acme')
        self._admin = questions.caller(keystone, 'admin', 'admin')

    def publish(self) -> Sequence[event_model.Event]:
        """Publish everything, and wait until it is stored.

        :returns: what the messages say.
        :raises: PartError if it does not arrive.
        """
        messages = notifications.prepared(
            self.chosen.seconds, self._project_ids
        )
        found = expectation.events(messages, identity.REGION)
        begin, end = (
            timestamps.isoformat(choose(each.sent_at for each in messages))
            for choose in (min, max)
        )
        self.say(
            f'Publishing {len(messages)} notifications of Nova, Cinder, '
            'Neutron, Glance and Keystone,\n'
            f'sent between {begin} and {end} ...'
        )
        publisher.publish(
            self.running.environment['STRATO_AMQP_URL'], messages
        )
        billed = len({event.message_id for event in found})
        storage.await_messages(self.running.config_file, billed)
        self.say(
            f'The collector has stored all {billed} that tell of what is '
            'billed.'
        )
        return found

    def ask(
        self, found: Sequence[event_model.Event]
    ) -> tuple[questions.Question, bool]:
        """Ask as a user and as an administrator, and show the answers.

        :param found: what the messages say.
        :returns: the user's question, and whether all answers are right.
        :raises: PartError if there is no answer.
        """
        begin = min(
            event.event_time
            if event.created_at is None
            else min(event.created_at, event.event_time)
            for event in found
        )
        begin -= begin % _HOUR
        end = timestamps.now()
        end -= end % timestamps.MICROSECONDS
        right = expectation.amounts(found, begin, end)
        own = {
            group: amount
            for group, amount in right.items()
            if group.project_id == self._project_ids['acme']
        }
        period = timestamps.isoformat(begin), timestamps.isoformat(end)
        question = questions.Question(self._user, *period)
        self.say(
            f'\nUsage from {period[0]} to {period[1]}\n\n'
            'Project acme, as its user alice sees it:\n'
        )
        user_is_told_right = self._compare(question, own)
        self.say('\nAll projects, as an administrator sees them:\n')
        admin_is_told_right = self._compare(
            questions.Question(self._admin, *period, all_projects=True), right
        )
        others_are_hidden = questions.is_refused(
            self.running.url, self._user, self._project_ids['globex']
        )
        self.say(
            'alice may not see project globex: 403.'
            if others_are_hidden
            else 'WRONG: alice may see project globex.'
        )
        return question, (
            user_is_told_right and admin_is_told_right and others_are_hidden
        )

    def _compare(
        self,
        question: questions.Question,
        right: Mapping[expectation.Group, expectation.Amount],
    ) -> bool:
        answer = questions.ask(self.running.url, question)
        names = {number: name for name, number in self._project_ids.items()}
        self.say(report.table(answer, names))
        wrong = questions.differences(answer, right)
        self.say(
            f'\n{len(answer)} groups: each equals the computation in plain '
            'Python, to the microsecond.'
            if not wrong
            else f'\nWRONG: {len(wrong)} groups differ:'
        )
        for group in wrong:
            self.say(
                f'  {group}: {answer.get(group)}, right is {right.get(group)}'
            )
        return not wrong
