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
"""stratometrics-collector: notifications to events."""

from collections.abc import Sequence
import sys

from oslo_config import cfg

from stratometrics import cloud
from stratometrics import service
from stratometrics.collector import master
from stratometrics.collector import targets
from stratometrics.notifications import errors as notification_errors


def main(argv: Sequence[str] | None = None) -> int:
    """Run the collector until SIGTERM.

    :param argv: the arguments; by default those of the process.
    :returns: the exit status.
    """
    arguments = sys.argv[1:] if argv is None else argv
    try:
        collector = master.Master(lambda: service.prepare(arguments))
    except (
        cfg.Error,
        cloud.CloudError,
        notification_errors.DefinitionError,
        targets.TargetError,
    ) as error:
        print(f'stratometrics-collector: {error}', file=sys.stderr)
        return 1
    collector.run()
    return 0


if __name__ == '__main__':
    sys.exit(main())
