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
"""stratometrics-status: is this deployment ready for this release?"""

from collections.abc import Callable
import logging
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from stratometrics import conf as stratometrics_conf
from stratometrics import service
from stratometrics.cmd.checks import broker
from stratometrics.cmd.checks import clickhouse
from stratometrics.cmd.checks import definitions
from stratometrics.cmd.checks import emitters
from stratometrics.cmd.checks import policies

Check = Callable[[cfg.ConfigOpts], upgradecheck.Result]

#: Seconds that ClickHouse gets to say anything at all.
_PATIENCE = 10.0

CHECKS: tuple[tuple[str, Check], ...] = (
    ('ClickHouse', clickhouse.server),
    ('Schema', clickhouse.schema),
    ('Resource definitions', definitions.valid),
    ('Policies', policies.valid),
    ('Exchanges and topics', broker.sources),
    ('Emitters', emitters.heard),
)


class Checks(upgradecheck.UpgradeCommands):
    """The checks of ``stratometrics-status upgrade check``."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__()
        self._conf = conf
        self._upgrade_checks = tuple(
            (name, (Checks._run, {'check': check})) for name, check in CHECKS
        )

    def _run(self, check: Check) -> upgradecheck.Result:
        try:
            _shorten(self._conf)
            return check(self._conf)
        except cfg.Error as error:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))


def _shorten(conf: cfg.ConfigOpts) -> None:
    """Have no check wait for a server as long as a service may."""
    for option in ('connect_timeout', 'send_receive_timeout', 'query_timeout'):
        conf.set_override(
            option, min(conf.clickhouse[option], _PATIENCE), group='clickhouse'
        )


def main() -> int:
    """Run the checks; the exit status is the worst result."""
    # Libraries log what the checks tell, some of it with a traceback.
    logging.getLogger().addHandler(logging.NullHandler())
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    try:
        return upgradecheck.main(
            conf, service.PROJECT, Checks(conf), sys.argv[1:]
        )
    except cfg.Error as error:
        print(f'stratometrics-status: {error}', file=sys.stderr)
        return upgradecheck.Code.FAILURE


if __name__ == '__main__':
    sys.exit(main())
