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
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'statements',
    title='Statements',
    help='What statements look like that people read.',
)

OPTS = [
    cfg.StrOpt(
        'issuer',
        default='',
        help='The name of who issues statements: the head of each one. In '
        'exports in the format FOCUS it is that of the provider, which is '
        'OpenStack if there is none.',
    ),
    cfg.MultiStrOpt(
        'address',
        default=[],
        help='A line of the address below it; give the option once for each.',
    ),
    cfg.StrOpt(
        'footer',
        default='',
        help='A text at the end of each statement, such as how to pay.',
    ),
    cfg.StrOpt(
        'locale',
        default='en',
        help='How money, numbers and dates are written where a request does '
        'not say: a locale of CLDR, such as en, de-CH or pt-BR. It does not '
        'translate the words.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
