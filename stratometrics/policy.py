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
"""Decides by the default rules and the operator's policy files."""

import argparse
from collections.abc import Mapping
import sys
import threading

from oslo_config import cfg
from oslo_context import context as oslo_context
from oslo_log import log as logging
from oslo_policy import policy

from stratometrics import policies
from stratometrics import service

LOG = logging.getLogger(__name__)


class PolicyFileError(Exception):
    """A policy file cannot be used; str() says which and why."""


class Enforcer:
    """Answers whether a caller may do something.

    Edited policy files take effect with the next question. One that an edit
    broke is reported, and the rules that held before stay in force until it
    is mended. Safe to share between threads.

    :param conf: a ConfigOpts that has read its files.
    :raises PolicyFileError: a file is missing that was configured, or cannot
        be read.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._lock = threading.Lock()
        self._complaint = ''
        # One enforcer follows the files, and is not looked at while it reads
        # them; the other one decides, by rules that never change.
        self._reader: policy.Enforcer | None = None
        self._read: policy.Rules | None = None
        self._decider: policy.Enforcer | None = None
        self._refresh()

    def allows(
        self,
        rule: str,
        target: Mapping[str, str],
        context: oslo_context.RequestContext,
    ) -> bool:
        """Tell whether a rule lets a caller pass.

        :param rule: the name of a registered rule.
        :param target: what the rule is about; what was asked for, never what
            the caller is.
        """
        # Without what the token lacks: a rule would compare it as "None".
        credentials = {
            name: value
            for name, value in context.to_policy_values().items()
            if value is not None
        }
        return bool(self._current().authorize(rule, target, credentials))

    def _current(self) -> policy.Enforcer:
        with self._lock:
            try:
                self._refresh()
                self._complaint = ''
            except PolicyFileError as error:
                # Whatever it read so far must not count.
                self._reader = None
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    LOG.error('%s; the former rules stay in force', error)
            return self._decider

    def _refresh(self) -> None:
        if self._reader is None:
            self._reader = self._enforcer()
            self._require_configured_file()
        try:
            self._reader.load_rules()
        except cfg.Error as error:
            raise PolicyFileError(str(error)) from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise PolicyFileError(
                f'the policy files cannot be read: {error}'
            ) from error
        if self._reader.rules is not self._read:
            self._read = self._reader.rules
            self._decider = self._enforcer(rules=self._read, use_conf=False)

    def _enforcer(self, **kwargs: object) -> policy.Enforcer:
        enforcer = policy.Enforcer(self._conf, **kwargs)
        enforcer.register_defaults(policies.list_rules())
        return enforcer

    def _require_configured_file(self) -> None:
        # Only the default file may be missing.
        name = self._conf.oslo_policy.policy_file
        where = self._conf.get_location('policy_file', 'oslo_policy')
        if where.location.is_user_controlled and not self._conf.find_file(
            name
        ):
            raise PolicyFileError(f'there is no policy file {name}')


def get_enforcer() -> policy.Enforcer:
    """The enforcer that the oslopolicy-* tools look into.

    Of their arguments only those count that say where the configuration is.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('--config-file', action='append', default=[])
    parser.add_argument('--config-dir', action='append', default=[])
    known, _ = parser.parse_known_args(sys.argv[1:])
    conf = service.prepare(
        [
            *(f'--config-file={path}' for path in known.config_file),
            *(f'--config-dir={path}' for path in known.config_dir),
        ]
    )
    enforcer = policy.Enforcer(conf)
    enforcer.register_defaults(policies.list_rules())
    return enforcer
