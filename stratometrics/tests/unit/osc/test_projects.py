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
"""The options that name projects, and what needs no Keystone of them.

What Keystone tells, the functional tests ask a real one.
"""

import argparse
import contextlib
import io
import types

from osc_lib import exceptions
import testtools

from stratometrics.osc.options import projects


class TestOptions(testtools.TestCase):
    def parsed(self, *words):
        parser = argparse.ArgumentParser()
        projects.add_projects(parser)
        return parser.parse_args(words)

    def test_who_names_none_asks_nobody(self):
        # A client manager that there is none of cannot be asked.
        self.assertEqual({}, projects.asked(self.parsed(), None))
        self.assertEqual(
            {'all_projects': True},
            projects.asked(self.parsed('--all-projects'), None),
        )

    def test_an_empty_name_is_not_that_of_all(self):
        # Nothing is asked, so there is nothing to ask with.
        manager = types.SimpleNamespace(session=None)
        asked = self.parsed('--project', '')
        said = self.assertRaises(
            exceptions.CommandError, projects.asked, asked, manager
        )
        self.assertIn('of a project is empty', str(said))
        one = argparse.Namespace(project='', project_domain=None)
        self.assertRaises(exceptions.CommandError, projects.one, one, manager)
        domain = argparse.Namespace(project='acme', project_domain='')
        said = self.assertRaises(
            exceptions.CommandError, projects.one, domain, manager
        )
        self.assertIn('of a domain is empty', str(said))

    def test_all_and_some_exclude_each_other(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertRaises(
                SystemExit, self.parsed, '--all-projects', '--project', 'a'
            )
        self.assertIn('not allowed with', said.getvalue())
