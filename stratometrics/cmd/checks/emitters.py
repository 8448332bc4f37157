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
"""The services have been heard of lately."""

import contextlib

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from stratometrics import coverage
from stratometrics.cmd import coverage as spelling
from stratometrics.model import coverage as model
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver

_LOOK = 'See "stratometrics-manage coverage".'


def heard(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """No service has fallen silent, and anything has come at all."""
    try:
        found = definitions.Definitions.load(conf.definitions.directory)
        with contextlib.closing(driver.get_storage(conf)) as storage:
            report = coverage.survey(
                storage,
                found,
                timestamps.now(),
                conf.coverage.silent_after * timestamps.MICROSECONDS,
            )
    except (definitions.DefinitionError, errors.StorageError) as error:
        return upgradecheck.Result(
            upgradecheck.Code.WARNING,
            f'It cannot be told what has been heard of: {error}',
        )
    return judged(report)


def judged(report: model.Report) -> upgradecheck.Result:
    """What a report of coverage means for a deployment."""
    if not any(line.arrivals for line in report.lines):
        return upgradecheck.Result(
            upgradecheck.Code.WARNING,
            'No notification has been stored yet. Once the collector runs, '
            'look at how the services send theirs. ' + _LOOK,
        )
    told = [_silence(line, report.now) for line in report.silent]
    told += [
        f'the audits of {_place(line)} have stopped'
        for line in report.lines
        if line.audits is model.Audits.MISSING
    ]
    if told:
        return upgradecheck.Result(
            upgradecheck.Code.WARNING, f'{"; ".join(told)}. {_LOOK}'
        )
    return upgradecheck.Result(upgradecheck.Code.SUCCESS)


def _silence(line: model.Line, now: int) -> str:
    if line.arrivals is None:
        return f'nothing has ever come of {_place(line)}, and some exist'
    since = spelling.span(now - line.arrivals.last_received)
    return f'nothing has come of {_place(line)} for {since}'


def _place(line: model.Line) -> str:
    region = line.place.region
    of = line.place.resource_type
    return f'{of} in {region}' if region else of
