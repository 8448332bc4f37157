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
"""The same month once more, when its intervals are stored."""

import pathlib

from benchmark import cloud as cloud_module
from benchmark import growth
from benchmark import questions
from benchmark import report as report_module

PART = 'closed'

#: Seconds that one project's month and the whole cloud's may take.
AIM_PROJECT = 0.015
AIM_CLOUD = 0.1


def run(
    report: report_module.Report,
    cloud: cloud_module.Cloud,
    store: pathlib.Path | None,
    repeat: int,
) -> None:
    """Close all months and ask for the last one, and for more of them.

    :param store: the server's files, if they can be reached.
    :param repeat: how often each question is timed.
    :raises WrongAnswer: an answer is not what the events say.
    """
    cloud.open()
    cloud.merge()
    cloud.close()
    asked = questions.Asked(report, PART, cloud, store, repeat)
    asked.heading('closed')
    asked.checked('closed')
    asked.project('closed', aim=AIM_PROJECT)
    asked.whole('closed', aim=AIM_CLOUD)
    asked.hours('closed', aim=questions.AIM_HOURS)
    growth.of_period(report, PART, cloud, 'closed', repeat)
