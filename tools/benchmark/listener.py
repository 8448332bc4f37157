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
"""A batch listener of oslo.messaging that does nothing, as a process.

It reads the collector's own configuration file: the same targets, batch size
and prefetch count, and as many threads as a worker of the collector has.
"""

import signal
import sys
import threading

from oslo_config import cfg
import oslo_messaging

from stratometrics import conf as stratometrics_conf

#: What a worker of the collector has.
_THREADS = 1


class Nothing:
    """An endpoint."""

    def info(self, messages) -> None:
        pass

    warn = error = info


def main(argv: list[str]) -> None:
    """Take messages until SIGTERM."""
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    conf(argv, project='stratometrics')
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    transport = oslo_messaging.get_notification_transport(conf)
    targets = []
    for source in conf.collector.targets:
        exchange, topic = source.split(':')
        targets.append(oslo_messaging.Target(exchange=exchange, topic=topic))
    server = oslo_messaging.get_batch_notification_listener(
        transport,
        targets,
        [Nothing()],
        allow_requeue=True,
        batch_size=conf.collector.batch_size,
        batch_timeout=conf.collector.batch_timeout,
    )
    server.start(override_pool_size=_THREADS)
    stop.wait()
    server.stop()
    server.wait()
    transport.cleanup()


if __name__ == '__main__':
    main(sys.argv[1:])
