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
"""YAML that means one thing, and what is said of all other."""

import testtools

from stratometrics import strict_yaml


class LoadTest(testtools.TestCase):
    def said(self, text):
        return str(
            self.assertRaises(strict_yaml.NotYaml, strict_yaml.load, text)
        )

    def test_what_is_written(self):
        self.assertEqual(
            {
                'texts': ['a', '2026-10-01', '2026-10-01T00:00:00Z'],
                'others': [1, 0.5, True, None],
            },
            strict_yaml.load(
                'texts: [a, 2026-10-01, 2026-10-01T00:00:00Z]\n'
                'others: [1, 0.5, yes, ~]\n'
            ),
        )
        self.assertIsNone(strict_yaml.load(''))

    def test_a_key_that_comes_twice(self):
        self.assertEqual(
            "line 3: the key 'a' comes twice", self.said('a: 1\nb: 2\na: 1\n')
        )
        self.assertEqual(
            "line 2: the key 'a' comes twice", self.said('b:\n- {a: 1, a: 2}')
        )
        # What is merged may be said otherwise, which is what it is for.
        self.assertEqual(
            {'x': {'a': 1}, 'y': {'a': 2}},
            strict_yaml.load('x: &x {a: 1}\ny: {<<: *x, a: 2}\n'),
        )

    def test_a_text_that_is_not_what_its_tag_says(self):
        for tag in ('int', 'float', 'bool', 'timestamp'):
            self.assertEqual(
                f'line 2: not what tag:yaml.org,2002:{tag} means',
                self.said(f'- 1\n- !!{tag} x\n'),
            )

    def test_what_would_run_something(self):
        self.assertIn(
            'could not determine a constructor',
            self.said('!!python/object/apply:os.system [true]'),
        )

    def test_characters(self):
        self.assertEqual(
            r"line 2: '\x07' is a character that YAML does not have",
            self.said('a: 1\nb: \x07\n'),
        )
        self.assertIn('holds a lone surrogate', self.said(r'"\ud800"'))
        self.assertEqual('line 2: not YAML', self.said('\n"\\UFFFFFFFF"'))

    def test_what_is_no_yaml(self):
        self.assertIn('line 2: ', self.said('a: [\n'))
        self.assertIn('line 2: ', self.said('--- a\n--- b\n'))
        self.assertEqual('nested too deeply', self.said('[' * 10_000))
