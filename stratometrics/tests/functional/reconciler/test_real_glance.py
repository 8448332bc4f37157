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
"""Reconciliation against a real Glance and a real Keystone.

Glance notifies a real RabbitMQ; what is lost is what the tests take out of
its queue.
"""

import contextlib
import json
import time

import kombu

from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import timestamps as spellings
from stratometrics.tests.functional import images
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import addresses

QUEUE = 'notifications.info'


class RealGlanceTest(bed.CollectorTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.rabbitmq, cls.keystone, _glance = images.start(cls)
        cls.images = images.Images(
            cls.keystone.identity.session('alice', 'acme')
        )

    def broker_address(self) -> addresses.Address:
        return self.rabbitmq.address

    def setUp(self) -> None:
        super().setUp()
        self.began = timestamps.now()
        self.configure(
            'collector', targets='glance:notifications', batch_timeout=0.1
        )
        # As Glance declares its queue.
        self.configure('oslo_messaging_rabbit', amqp_durable_queues='false')
        self.configure(
            'service_credentials',
            auth_type='password',
            auth_url=self.keystone.identity.url,
            username='reconciler',
            password=self.keystone.identity.password,
            project_name='service',
            user_domain_id='default',
            project_domain_id='default',
        )
        # Everything in these tests happened a moment ago.
        self.configure('reconciler', settling_time=0, resource_types='image')
        for image in self.images.ask('GET', '/v2/images').json()['images']:
            self.images.ask('DELETE', f'/v2/images/{image["id"]}')
        self.lose()

    def upload(self, name: str, data: bytes = b'raw') -> str:
        """Make an image; give its id."""
        return self.images.upload(name, data)['id']

    def lose(self) -> None:
        """Take all notifications away before anybody has read them."""
        # It may not be declared yet: then nothing was sent.
        with (
            kombu.Connection(self.rabbitmq.address.url) as connection,
            contextlib.suppress(*connection.channel_errors),
        ):
            kombu.Queue(QUEUE)(connection.channel()).purge()

    def collect(self, *events: tuple[str, str]) -> None:
        """Let the collector take what has been sent.

        :param events: ids of images and event types that must be among it.
        """
        collector = self.start_and_wait()
        self.wait_until(
            lambda: (
                set(
                    self.select(
                        'SELECT resource_id, event_type FROM $database.events'
                    )
                )
                >= set(events)
            ),
            f'{events} are stored',
        )
        self.end(collector)

    def manage(self, *arguments: str, status: int = 0) -> str:
        done = programs.manage(self.config_file, *arguments)
        self.assertEqual(status, done.returncode, done.stderr)
        self.assertNotIn(self.keystone.identity.password, done.stderr)
        return done.stderr if status else done.stdout

    def reconcile(self, *arguments: str) -> dict[str, int]:
        [found] = json.loads(
            self.manage('reconcile', '--format', 'json', *arguments)
        )
        self.assertEqual('done', found['outcome'], found)
        return {
            name: found[name]
            for name in ('listed', 'unknown', 'changed', 'estimated')
        }

    def usage(self, now: int) -> dict[str, int]:
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(0, now),
                now=now,
                resource_types=('image',),
                group_by=('resource_id',),
            )
        )
        return {row.group[0]: row.usage for row in rows}

    def settle(self, image_id: str) -> None:
        """Wait until the second is over in which an image last changed.

        Glance keeps whole seconds: until then it may change once more in the
        same one, and is left alone.
        """
        image = self.images.ask('GET', f'/v2/images/{image_id}').json()
        changed_at = spellings.parse(image['updated_at'])
        self.wait_until(
            lambda: timestamps.now() > changed_at + timestamps.MICROSECONDS,
            'the second is over',
        )

    def created(self, image_id: str) -> int:
        image = self.images.ask('GET', f'/v2/images/{image_id}').json()
        return spellings.parse(image['created_at'])

    def test_what_was_lost_is_found(self) -> None:
        kept, changed, gone = map(self.upload, ('kept', 'changed', 'gone'))
        self.collect(
            (kept, 'image.activate'),
            (changed, 'image.activate'),
            (gone, 'image.activate'),
        )
        [(last_heard,)] = self.select(
            'SELECT toUnixTimestamp64Micro(max(event_time)) '
            'FROM $database.events WHERE resource_id = {id:String}',
            id=gone,
        )
        missed = self.upload('missed', b'twice as raw')
        self.images.ask('DELETE', f'/v2/images/{gone}')
        self.images.ask(
            'PATCH',
            f'/v2/images/{changed}',
            json=[
                {'op': 'replace', 'path': '/visibility', 'value': 'community'}
            ],
            headers={
                'Content-Type': 'application/openstack-images-v2.1-json-patch'
            },
        )
        self.lose()
        self.settle(changed)
        expected = {'listed': 3, 'unknown': 1, 'changed': 1, 'estimated': 1}
        self.assertEqual(expected, self.reconcile('--dry-run'))
        self.assertNotIn(missed, self.usage(timestamps.now()))
        self.assertEqual(expected, self.reconcile())
        self.assertEqual(
            {'listed': 3, 'unknown': 0, 'changed': 0, 'estimated': 0},
            self.reconcile(),
        )
        now = timestamps.now()
        found = self.usage(now)
        self.assertEqual(now - self.created(missed), found[missed])
        self.assertEqual(
            [('community',)],
            self.select(
                "SELECT attributes['visibility'] FROM $database.events "
                'WHERE resource_id = {id:String} '
                'ORDER BY event_time DESC LIMIT 1',
                id=changed,
            ),
        )
        self.assertEqual(found[gone], self.usage(now + 10**9)[gone])
        self.assertLess(found[gone], last_heard - self.began + 2_000_000)
        # An image that was there all along is billed to this day.
        self.assertEqual(10**9, self.usage(now + 10**9)[kept] - found[kept])

    def test_a_cloud_that_was_there_before(self) -> None:
        first, second = map(self.upload, ('first', 'second'))
        self.lose()
        self.settle(second)
        output = self.manage('import')
        self.assertIn('image', output)
        now = timestamps.now()
        before = self.usage(now)
        self.assertEqual(
            {image: now - self.created(image) for image in (first, second)},
            before,
        )
        self.manage('import')
        self.assertEqual(before, self.usage(now))
        self.assertEqual(
            [('import',)],
            self.select('SELECT DISTINCT source FROM $database.events'),
        )

    def test_the_collector_reconciles_by_itself(self) -> None:
        missed = self.upload('missed')
        self.lose()
        self.configure('reconciler', interval=1)
        collectors = [self.start_and_wait() for _ in range(2)]
        self.wait_until(
            lambda: missed in self.usage(timestamps.now()),
            'it has reconciled',
        )
        image = self.upload('gone')
        self.wait_until(
            lambda: image in self.usage(timestamps.now()), 'it collects'
        )
        begun = time.monotonic()
        for collector in collectors:
            collector.terminate()
        for collector in collectors:
            self.assertEqual(0, collector.wait(bed.PATIENCE))
        self.assertLess(time.monotonic() - begun, 30)

    def test_without_the_right_password_it_says_so(self) -> None:
        self.configure('service_credentials', password='wrong')
        error = self.manage('reconcile', status=1)
        self.assertIn('catalog', error)
        self.assertNotIn('Traceback', error)

    def test_without_credentials_it_says_so(self) -> None:
        self.configure('service_credentials', auth_type='')
        error = self.manage('reconcile', status=1)
        self.assertIn('[service_credentials]', error)
        self.configure('reconciler', interval=60)
        collector = self.start()
        self.assertEqual(1, collector.wait(bed.PATIENCE))
        self.assertIn('[service_credentials]', self.log())
