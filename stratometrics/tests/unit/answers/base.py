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
"""A cloud that answers as was recorded, over HTTP."""

from typing import TypeVar
import unittest

import openstack

from stratometrics.tests import answers

Kind = TypeVar('Kind', bound=answers.Answers)


class AnswersCase(unittest.TestCase):
    def serve(
        self, kind: type[Kind] = answers.Answers, **options: object
    ) -> Kind:
        """Serve until the test is over.

        :param kind: the application, and what it is made with.
        """
        served = kind(**options)
        self.keystone = self.enterContext(answers.served(served))
        return served

    def cloud(self, **scope: str) -> openstack.connection.Connection:
        """A connection to what is served.

        :param scope: of the token; by default the project of the services.
        """
        cloud = openstack.connect(
            auth_url=self.keystone,
            username='stratometrics',
            password='secret',
            user_domain_id='default',
            region_name='RegionOne',
            load_yaml_config=False,
            load_envvars=False,
            **(
                scope
                or {
                    'project_name': 'service',
                    'project_domain_id': 'default',
                }
            ),
        )
        self.addCleanup(cloud.close)
        return cloud
