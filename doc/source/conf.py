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

"""How the documentation is built."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'ext'))

project = 'Stratometrics'
copyright = 'the Stratometrics developers'
extensions = [
    'command_help',
    'man_references',
    'openstack_commands',
    'openstackdocstheme',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxpolicygen',
    'oslo_policy.sphinxext',
]

openstackdocs_repo_name = 'openstack/stratometrics'
openstackdocs_auto_name = False
openstackdocs_bug_project = 'stratometrics'
openstackdocs_bug_tag = 'docs'

config_generator_config_file = '../../etc/stratometrics/config-generator.conf'
sample_config_basename = '_static/stratometrics'
policy_generator_config_file = '../../etc/stratometrics/policy-generator.conf'
sample_policy_basename = '_static/stratometrics'

# Two hyphens are those of an option.
smartquotes_action = 'qe'

html_theme = 'openstackdocs'
pygments_style = 'native'

autoprogram_cliff_application = 'openstack'
autoprogram_cliff_app_dist_name = 'stratometrics'
# What all commands have in common stands on the page once.
autoprogram_cliff_ignored = [
    '--help',
    '--format',
    '--column',
    '--fit-width',
    '--max-width',
    '--noindent',
    '--prefix',
    '--print-empty',
    '--quote',
    '--sort-ascending',
    '--sort-column',
    '--sort-descending',
    '--variable',
]

man_pages = [
    (f'cli/{name}', name, told, ['the Stratometrics developers'], 1)
    for name, told in (
        ('openstack-billing', 'see who used what, and what it costs'),
        ('stratometrics-api', 'answer what was used and what it costs'),
        ('stratometrics-collector', 'make events of notifications'),
        ('stratometrics-manage', 'administer Stratometrics'),
        ('stratometrics-status', 'see whether an upgrade is ready'),
    )
]
