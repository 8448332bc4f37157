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
"""What a bash adds to words, when somebody presses the tabulator."""

import os
import pathlib
import pty
import select
import subprocess
import time

import fixtures
import testtools

from stratometrics.tests.functional.osc import base

#: Where the package bash-completion is installed.
_LIBRARY = pathlib.Path('/usr/share/bash-completion/bash_completion')

#: What the script of cliff asks that package for, on machines without it.
_WORDS = """\
_get_comp_words_by_ref() {
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD-1]}
    words=("${COMP_WORDS[@]}")
}
"""

#: So that what it shows has nothing in it but texts.
_INPUTRC = """\
set bell-style none
set completion-query-items 0
set enable-bracketed-paste off
set page-completions off
set show-all-if-ambiguous on
"""

_PROMPT = 'ready> '

#: Seconds after which nothing more is expected.
_DEADLINE = 60


class CompletionTest(testtools.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.script = subprocess.run(
            [base.OPENSTACK, 'complete'],
            stdout=subprocess.PIPE,
            text=True,
            timeout=_DEADLINE,
            check=True,
        ).stdout

    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        library = _LIBRARY.read_text() if _LIBRARY.exists() else _WORDS
        (folder / 'completion.sh').write_text(library + self.script)
        (folder / 'inputrc').write_text(_INPUTRC)
        self.terminal, there = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        bash = subprocess.Popen(
            ['bash', '--noprofile', '--norc', '-i'],
            cwd=folder,
            env={
                'HOME': str(folder),
                'INPUTRC': str(folder / 'inputrc'),
                'PATH': os.environ['PATH'],
                'PS1': _PROMPT,
                'TERM': 'dumb',
            },
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
        )
        self.addCleanup(bash.wait)
        self.addCleanup(bash.kill)
        os.close(there)
        self.shown = ''
        self.until(_PROMPT)
        self.type('stty cols 200; . ./completion.sh\n')
        self.until(_PROMPT)

    def type(self, text):
        self.shown = ''
        os.write(self.terminal, text.encode())

    def until(self, text):
        """Wait for a text, and return what was shown up to it."""
        deadline = time.monotonic() + _DEADLINE
        while text not in self.shown:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.terminal], [], [], max(left, 0))
            self.assertTrue(ready, f'{text!r} is not in {self.shown!r}')
            self.shown += os.read(self.terminal, 65536).decode()
        return self.shown.partition(text)[0]

    def test_words_of_commands(self):
        self.type('openstack bil\tus\tsh\t')
        self.until('openstack billing usage show ')

    def test_options(self):
        self.type('openstack billing usage show --mon\t')
        self.until('openstack billing usage show --month ')

    def test_what_there_is_is_listed(self):
        self.type('openstack billing coverage show --\t')
        self.until('--exact')
        # The line that is typed follows.
        listed = self.until(f'{_PROMPT}openstack billing coverage show --')
        self.assertIn('--sort-column', listed)
