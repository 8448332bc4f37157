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
import unittest

from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.tests import fixtures

DECODER = decoder.Decoder(definitions.Definitions.load(None), 'R')

#: One that was made, renamed and removed, of each kind.
PROJECT = 'b6071ed272e24d06b833cfc105678b74'
USER = 'f0e9437233a44b0089eb5e826d772298'
DOMAIN = '3031e4d024334691b952befb0ec51429'


class RenameTest(unittest.TestCase):
    def test_what_keystone_told(self) -> None:
        found = {}
        for recorded in fixtures.load('keystone'):
            message = recorded.message
            self.assertEqual((), DECODER.decode(message))
            for thing in DECODER.renamed(message):
                found.setdefault(thing, []).append(
                    message['event_type'].rpartition('.')[2]
                )
        life = ['created', 'updated', 'deleted']
        self.assertEqual(
            ['created', 'updated', 'updated', 'deleted'],
            found['project', PROJECT],
        )
        self.assertEqual(life, found['user', USER])
        self.assertEqual(life, found['domain', DOMAIN])
        self.assertEqual(
            {'project', 'user', 'domain'}, {kind for kind, _ in found}
        )

    def test_the_basic_format(self) -> None:
        self.assertEqual(
            [('project', PROJECT)],
            DECODER.renamed(
                {
                    'event_type': 'identity.project.updated',
                    'payload': {'resource_info': PROJECT},
                }
            ),
        )

    def test_what_tells_of_no_name(self) -> None:
        for event_type, payload in (
            ('identity.authenticate', {'resource_info': PROJECT}),
            ('identity.project.updated', {}),
            ('identity.project.updated', {'resource_info': None}),
            ('identity.project.updated', {'resource_info': {'id': PROJECT}}),
            ('identity.project.updated', PROJECT),
            ('compute.instance.exists', {'resource_info': PROJECT}),
            ('unheard.of', {'resource_info': PROJECT}),
        ):
            with self.subTest(event_type, payload=payload):
                self.assertEqual(
                    [],
                    DECODER.renamed(
                        {'event_type': event_type, 'payload': payload}
                    ),
                )
