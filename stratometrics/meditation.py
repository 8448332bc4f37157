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
"""Guru Meditation Reports: what a process is doing, for who must find out."""

import contextlib
import os
import pathlib
import signal
import sys
import threading
import time

from oslo_config import cfg
from oslo_log import log as logging
from oslo_reports import report
from oslo_reports.generators import conf as conf_generators
from oslo_reports.generators import process as process_generators
from oslo_reports.generators import threading as thread_generators
from oslo_reports.models import version as version_models

from stratometrics import version

LOG = logging.getLogger(__name__)

SIGNAL = signal.SIGUSR2


class Reporter:
    """Tells of the process that it is asked in, which may be a fork.

    A report has the threads and where each of them is, the process with its
    children, the version, and all options but the secret ones. It goes to
    standard error, or to a file of its own in ``[oslo_reports]/log_dir``.

    :param name: of the service.
    :param conf: the configuration; may be replaced when that is read again.
    """

    def __init__(self, name: str, conf: cfg.ConfigOpts) -> None:
        self.conf = conf
        self._name = name
        self._watching_in: int | None = None

    def obey(self) -> None:
        """Report whenever it is asked for, in this process.

        By SIGUSR2, or by a change of a file; see :meth:`watch`. To be called
        in the main thread.
        """
        self.watch()
        signal.signal(SIGNAL, self._on_signal)

    def watch(self) -> bool:
        """Report when ``[oslo_reports]/file_event_handler`` changes.

        In this process, and in all that Python forks from it. To be called
        again in a process that something else has forked.

        :returns: False if it names none.
        """
        name = self.conf.oslo_reports.file_event_handler
        if not name:
            return False
        if self._watching_in is None:
            # A fork has no threads but the one that forked.
            os.register_at_fork(after_in_child=self.watch)
        if self._watching_in != os.getpid():
            self._watching_in = os.getpid()
            threading.Thread(
                target=self._watch,
                args=(pathlib.Path(name),),
                name='reports',
                daemon=True,
            ).start()
        return True

    def _watch(self, path: pathlib.Path) -> None:
        before = _changed(path)
        while True:
            time.sleep(self.conf.oslo_reports.file_event_handler_interval)
            now = _changed(path)
            if now > before:
                self._report()
            before = now

    def _on_signal(self, number: int, frame: object) -> None:
        # The signal may have come in the middle of anything, such as a line
        # of the log: let that be finished. If there can be no more threads,
        # the process must not end for a report's sake.
        with contextlib.suppress(RuntimeError):
            threading.Thread(
                target=self._report, name='report', daemon=True
            ).start()

    def _report(self) -> None:
        try:
            self._write(self.text())
        except Exception:
            LOG.exception('No Guru Meditation Report can be made')

    def text(self) -> str:
        """The report."""
        made = report.TextReport('Guru Meditation')
        for title, generator in (
            ('Package', self._package),
            ('Threads', thread_generators.ThreadReportGenerator()),
            ('Processes', process_generators.ProcessReportGenerator()),
            (
                'Configuration',
                conf_generators.ConfigReportGenerator(self.conf),
            ),
        ):
            made.add_section(title, generator)
        return made.run()

    def _package(self) -> version_models.PackageModel:
        return version_models.PackageModel(
            'OpenStack', self._name, version.version_info.version_string()
        )

    def _write(self, text: str) -> None:
        folder = self.conf.oslo_reports.log_dir
        if not folder:
            print(text, file=sys.stderr, flush=True)
            return
        moment = time.strftime('%Y%m%d%H%M%S', time.gmtime())
        # Several processes may be asked at once.
        path = pathlib.Path(
            folder, f'{self._name}_{os.getpid()}_gurumeditation_{moment}'
        )
        path.touch(0o600)
        path.write_text(f'{text}\n')
        LOG.info('A Guru Meditation Report is in %s', path)


def _changed(path: pathlib.Path) -> float:
    """When a file was changed; 0 while there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
