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
"""The broker answers, and has what the collector listens to."""

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from stratometrics.collector import presence
from stratometrics.collector import targets
from stratometrics.collector import transport


def sources(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """The exchanges and queues of ``[collector]/targets`` exist.

    Services declare them when they first send a notification, and the
    collector when it first listens.
    """
    try:
        transport.check(conf)
        wanted = targets.parse(conf.collector.targets)
        missing = presence.missing(conf, wanted, conf.collector.priorities)
    except (targets.TargetError, presence.BrokerError) as error:
        return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
    told = [
        f'no {what}: {", ".join(names)}'
        for what, names in (
            ('exchange', missing.exchanges),
            ('queue', missing.queues),
        )
        if names
    ]
    if told:
        return upgradecheck.Result(
            upgradecheck.Code.WARNING,
            f'The broker has {"; ".join(told)}. A service that the cloud has '
            'not declares none. One that it has sends no notifications yet, '
            'or elsewhere: compare its control_exchange, and topics of '
            '[oslo_messaging_notifications], with [collector]/targets. The '
            'collector declares what is missing when it starts.',
        )
    return upgradecheck.Result(upgradecheck.Code.SUCCESS)
