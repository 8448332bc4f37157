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
    'focus',
    title='FOCUS',
    help='What exports of costs in the format FOCUS say.',
)

OPTS = [
    cfg.StrOpt(
        'provider',
        default='OpenStack',
        regex=r'\S',
        help='The name of who runs the cloud, publishes its services and '
        'bills for them: ProviderName, PublisherName and InvoiceIssuerName.',
    ),
]


def register_opts(conf):
    # By name: an OptGroup object would carry overrides from one ConfigOpts
    # to the next.
    conf.register_opts(OPTS, group=GROUP.name)


def list_opts():
    return {GROUP: OPTS}
