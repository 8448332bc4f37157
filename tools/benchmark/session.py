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
"""What the parts of one run share: the options, the servers, the data."""

import argparse
import contextlib
import dataclasses
import functools
from typing import Self

from benchmark import dataset
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import traffic as traffic_module
from stratometrics.model import timestamps


@dataclasses.dataclass(frozen=True)
class Cloud:
    """The data set, in a database of its own.

    :param now: microseconds since the epoch; its months count back from it.
    """

    database: servers_module.Database
    plan: dataset.Plan
    now: int


class Session:
    """One run of the benchmark; leaving it drops the data set.

    :param args: the options of the command line.
    """

    def __init__(
        self,
        args: argparse.Namespace,
        report: report_module.Report,
        servers: servers_module.Servers,
    ) -> None:
        self.args = args
        self.report = report
        self.servers = servers
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._cleanup.close()

    @functools.cached_property
    def traffic(self) -> traffic_module.Traffic:
        """Messages like the recorded ones."""
        return traffic_module.Traffic()

    @functools.cached_property
    def cloud(self) -> Cloud:
        """The data set, made when it is first asked for.

        Its parts lie as they came until :func:`questions.merge`.
        """
        args = self.args
        plan = dataset.Plan(
            instances=args.instances,
            events=args.events_per_instance,
            months=args.months,
            projects=min(args.projects, args.instances),
            flavors=args.flavors,
            parts=args.parts,
        )
        now = timestamps.now()
        self.report.facts('Data set', dataclasses.asdict(plan))
        database = self._cleanup.enter_context(
            servers_module.database(self.servers.configure('data-set'))
        )
        database.pool.execute('SYSTEM STOP MERGES $database.events')
        dataset.build(database.pool, plan, now)
        return Cloud(database, plan, now)
