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
"""How every command begins: options, configuration files, logging."""

from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log as logging
from oslo_reports import opts as report_opts

from stratometrics import conf as stratometrics_conf
from stratometrics import version

PROJECT = 'stratometrics'

#: It logs a traceback for each attempt to connect; what its errors say is
#: told once, by those that call it.
_QUIET = ['clickhouse_driver=CRITICAL']


def prepare(
    argv: Sequence[str],
    default_config_files: Sequence[str] | None = None,
    cli_opts: Sequence[cfg.Opt] = (),
    prints: bool = False,
) -> cfg.ConfigOpts:
    """Read the configuration and set logging up.

    :param argv: the arguments of the command, without its name.
    :param default_config_files: what to read if the arguments name no file;
        by default the usual places, such as
        /etc/stratometrics/stratometrics.conf.
    :param cli_opts: options and sub-commands of this command alone.
    :param prints: whether standard output is for what the command prints;
        then the log goes to standard error.
    :returns: the configuration, with every option of the service registered.
    :raises oslo_config.cfg.Error: the configuration cannot be read.
    """
    conf = cfg.ConfigOpts()
    logging.register_options(conf)
    conf.set_default(
        'default_log_levels', [*logging.get_default_log_levels(), *_QUIET]
    )
    stratometrics_conf.register_opts(conf)
    report_opts.set_defaults(conf)
    conf.register_cli_opts(cli_opts)
    conf.set_default('use_stderr', prints)
    try:
        conf(
            argv,
            project=PROJECT,
            version=version.version_info.version_string(),
            default_config_files=default_config_files,
        )
    except (OSError, UnicodeDecodeError) as error:
        raise cfg.Error(
            f'the configuration files cannot be read: {error}'
        ) from error
    _check(conf)
    logging.setup(conf, PROJECT)
    return conf


def _check(conf: cfg.ConfigOpts) -> None:
    """Read each option once: a wrong value is told now, not when needed."""
    for module in stratometrics_conf.MODULES:
        for opt in module.OPTS:
            conf[module.GROUP.name][opt.dest]
