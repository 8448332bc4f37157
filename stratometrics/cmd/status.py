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

import contextlib
import logging
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from stratometrics import conf as stratometrics_conf
from stratometrics import service
from stratometrics.notifications import definitions
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver


class Checks(upgradecheck.UpgradeCommands):
    """The checks of ``stratometrics-status upgrade check``."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__()
        self._conf = conf

    def _storage(self) -> upgradecheck.Result:
        """ClickHouse answers, and its schema is that of this release."""
        try:
            with contextlib.closing(driver.get_storage(self._conf)) as storage:
                storage.check()
        except (cfg.Error, errors.StorageError) as error:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)

    def _definitions(self) -> upgradecheck.Result:
        """The operator's definitions are valid for this release."""
        try:
            definitions.Definitions.load(self._conf.definitions.directory)
        except definitions.DefinitionError as error:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)

    _upgrade_checks = (
        ('ClickHouse', _storage),
        ('Resource definitions', _definitions),
    )


def main() -> int:
    """Run the checks; the exit status is the worst result."""
    # It logs a traceback for each attempt to connect; the check tells why.
    logging.getLogger('clickhouse_driver').addHandler(logging.NullHandler())
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
