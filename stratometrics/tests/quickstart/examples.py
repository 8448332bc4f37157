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
from stratometrics.tests.quickstart import questions


def commands(
    found: Sequence[event_model.Event], question: questions.Question
) -> Iterator[tuple[str, Sequence[str]]]:
    """Three commands, by the cloud that each is for.

    :param found: what the messages say.
    :param question: what a user has asked the API.
    """
    yield 'admin', ('billing', 'coverage', 'show')
