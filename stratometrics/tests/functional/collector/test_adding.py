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
"""The page that adds a resource, followed from its file to its answer."""

import json
import os
import subprocess
import sys

import webob

from stratometrics.api import app
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.unit.documentation import pages

_FILE = '/etc/stratometrics/definitions.d/licence.yaml'
_EXCHANGE, _QUEUE = "'shop'", "'notifications.info'"


class AddingTest(bed.CollectorTestCase):
    def setUp(self) -> None:
        self.page = pages.page('contributor/adding')
        super().setUp()

    def block(self, language: str, caption: str) -> str:
        [text] = (
            text
            for found, text in pages.blocks(self.page, language)
            if found == caption
        )
        return text

    def publish_as_told(self, name: str, messages: str) -> None:
        """Run the page's program, on the exchange and topic of this test."""
        program = self.block('python', 'publish.py')
        for said, meant in (
            (_EXCHANGE, self.exchange.name),
            (_QUEUE, f'{self.topic}.info'),
        ):
            self.assertIn(said, program)
            program = program.replace(said, repr(meant))
        life = self.folder / name
        life.write_text(messages)
        subprocess.run(
            [
                sys.executable,
                '-c',
                program,
                str(life),
            ],
            env={**os.environ, 'AMQP_URL': self.broker.url},
            check=True,
        )

    def ask(self) -> dict:
        """What the command of the page is answered."""
        conf = self.conf()
        conf.set_override('auth_strategy', 'noauth', group='api')
        [command] = (
            text
            for _caption, text in pages.blocks(self.page, 'console')
            if '/v1/licences' in text
        )
        words = command.replace('\\\n', ' ').split()
        given = [
            words[place + 1]
            for place, word in enumerate(words)
            if word == '-d'
        ]
        answer = webob.Request.blank(
            f'/v1/licences?{"&".join(given)}'
        ).get_response(app.load(conf))
        self.assertEqual(200, answer.status_int, answer.text)
        return answer.json

    def test_it_is_billed_as_the_page_says(self) -> None:
        self.assertIn(
            'shop:notifications', self.block('ini', 'stratometrics.conf')
        )
        definition = self.block('yaml', _FILE)
        self.assertLessEqual(len(definition.splitlines()), 15)
        folder = self.folder / 'definitions.d'
        folder.mkdir()
        (folder / 'licence.yaml').write_text(definition)
        self.configure('definitions', directory=folder)
        self.start_and_wait()

        life = self.block('json', 'life.json')
        messages = json.loads(life)
        self.publish_as_told('life.json', life)
        self.wait_stored({message['message_id'] for message in messages})
        answer = json.loads(self.block('json', 'the answer'))
        self.assertEqual(answer, self.ask())

        again = [
            {**message, 'message_id': f'{message["message_id"]} again'}
            for message in reversed(messages)
        ]
        self.publish_as_told('again.json', json.dumps(again))
        self.wait_stored(
            {message['message_id'] for message in (*messages, *again)}
        )
        self.assertEqual(answer, self.ask())
