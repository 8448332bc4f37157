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

"""What the Helm chart starts, on this machine, with real servers.

Jobs and deployments run as processes, with the files and the environment that
their pods would have. Images, and what Kubernetes adds, are not tested.
"""

import base64
import contextlib
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import fixtures
import kombu
import openstack
import requests
import testtools

from stratometrics.tests.deploy import charts
from stratometrics.tests.functional import base
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

TOP = pathlib.Path(__file__).parents[3]
CHART = charts.Chart(TOP / 'contrib/helm/stratometrics')
PAGE = TOP / 'doc/source/install/kubernetes.rst'
# A command of the client would have to quote all of this.
PASSWORD = 'it\'s "a" $secret | % ; # \\ > {x} !'
REGION = identity.REGION


class Cluster:
    """Runs the containers of rendered objects as processes.

    :param home: an empty folder. Programs look there for what a pod has in
        /etc/stratometrics.
    """

    def __init__(self, objects, home):
        self._objects = objects
        self._home = pathlib.Path(home)

    def find(self, kind, component):
        [found] = (
            item
            for item in self._objects
            if item['kind'] == kind
            and item['metadata']['labels']['component'] == component
        )
        return found

    def start(self, kind, component):
        """Start the one container of an object.

        :returns: the process and the container.
        """
        item = self.find(kind, component)
        pod = (
            item['spec'] if kind == 'Pod' else item['spec']['template']['spec']
        )
        [container] = pod['containers']
        home = self._home / f'{kind}-{component}'
        scripts = self._mount(pod, container, home)
        command = [
            str(scripts / pathlib.Path(word).name)
            if word.startswith('/usr/local/lib/stratometrics/')
            else word
            for word in container['command']
        ]
        environment = {
            'HOME': str(home),
            'PATH': f'{pathlib.Path(sys.executable).parent}:/usr/bin:/bin',
            'PYTHONPATH': os.environ.get('PYTHONPATH', ''),
            'PYTHONWARNINGS': 'ignore',
        }
        for variable in container.get('env', ()):
            environment[variable['name']] = self._value(variable)
        with (home / 'log').open('w') as log:
            running = process.spawn(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, to be killed at once.
                start_new_session=True,
            )
        return running, container

    def log(self, kind, component):
        return (self._home / f'{kind}-{component}' / 'log').read_text()

    def _mount(self, pod, container, home):
        """Lay out the files of a pod below its home.

        :returns: the folder of what else there is.
        """
        volumes = {volume['name']: volume for volume in pod.get('volumes', ())}
        scripts = home / 'scripts'
        scripts.mkdir(parents=True, exist_ok=True)
        for mount in container.get('volumeMounts', ()):
            files = self._files(volumes[mount['name']])
            path = pathlib.Path(mount['mountPath'])
            if 'subPath' in mount:
                files = {path.name: files[mount['subPath']]}
                path = path.parent
            etc = pathlib.Path('/etc/stratometrics')
            if path.is_relative_to(etc):
                folder = home / '.stratometrics' / path.relative_to(etc)
            else:
                folder = scripts
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (folder / name).write_text(text)
        return scripts

    def _files(self, volume):
        if 'configMap' in volume:
            return self._named('ConfigMap', volume['configMap']['name'])[
                'data'
            ]
        names = [
            source['secret']['name']
            for source in volume.get('projected', {}).get('sources', ())
        ]
        if 'secret' in volume:
            names.append(volume['secret']['secretName'])
        return {
            file: base64.b64decode(text).decode()
            for name in names
            for file, text in self._named('Secret', name)['data'].items()
        }

    def _named(self, kind, name):
        [found] = (
            item
            for item in self._objects
            if item['kind'] == kind and item['metadata']['name'] == name
        )
        return found

    def _value(self, variable):
        if 'value' in variable:
            return variable['value']
        reference = variable['valueFrom']['secretKeyRef']
        data = self._named('Secret', reference['name'])['data']
        return base64.b64decode(data[reference['key']]).decode()


class ChartTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.conf = base.configuration()
        self.addCleanup(base.drop, self.conf)
        # One of its own, for its catalog changes.
        own = keystone.Keystone()
        self.addCleanup(own.close)
        own.start()
        self.keystone = own.address
        self.broker = self.user_of_a_broker()
        self.ports = {'api': ports.free_port(), 'metrics': ports.free_port()}
        self.cluster = Cluster(
            CHART.render(self.values()),
            self.useFixture(fixtures.TempDir()).path,
        )

    def user_of_a_broker(self):
        """A user with the rights that the page tells to give.

        :returns: the address of the broker, as its administrator.
        """
        rights = re.findall(r"'(\^.*notifications.*\$)'", PAGE.read_text())
        self.assertEqual(3, len(rights))
        broker = bed.own_rabbitmq()
        for command, *arguments in (
            ('add_vhost', 'nova'),
            ('add_user', 'collector', PASSWORD),
            ('set_permissions', '--vhost', 'nova', 'collector', *rights),
            ('set_permissions', '--vhost', 'nova', broker.user, *['.*'] * 3),
        ):
            broker.rabbitmqctl(command, *arguments)
        self.addCleanup(broker.rabbitmqctl, 'delete_user', 'collector')
        self.addCleanup(broker.rabbitmqctl, 'delete_vhost', 'nova')
        return dataclasses.replace(broker.address, path='/nova')

    def values(self):
        clickhouse = self.conf.clickhouse
        broker = self.broker
        return {
            'images': {'tags': {'stratometrics_api': 'this'}},
            'network': {
                'api': {'port': self.ports['api']},
                'collector': {'metrics_port': self.ports['metrics']},
            },
            'collectors': {
                'default': None,
                'nova': {
                    'oslo_messaging': {
                        'hosts': {'default': broker.host},
                        'path': broker.path,
                        'port': {'amqp': {'default': broker.port}},
                        'auth': {
                            'stratometrics': {
                                'username': 'collector',
                                'password': PASSWORD,
                            }
                        },
                    },
                    'targets': [
                        'nova:notifications',
                        'nova:versioned_notifications',
                    ],
                },
            },
            'endpoints': {
                'identity': {
                    'auth': {
                        'admin': {'password': identity.PASSWORD},
                        'stratometrics': {
                            'username': f'stratometrics-{REGION}',
                            'password': PASSWORD,
                            'region_name': REGION,
                            'role': ['service', 'reader'],
                        },
                    },
                    'hosts': {'internal': self.keystone.host},
                    'port': {'api': {'internal': self.keystone.port}},
                },
                'billing': {
                    'name': 'stratometrics-chart',
                    'hosts': {'default': '127.0.0.1'},
                    'port': {'api': {'default': self.ports['api']}},
                },
                'clickhouse': {
                    'auth': {
                        'stratometrics': {
                            'username': clickhouse.user,
                            'password': clickhouse.password,
                        }
                    },
                    'hosts': {'default': clickhouse.hosts[0]},
                    'port': {'native': {'default': clickhouse.port}},
                    'path': clickhouse.database,
                },
            },
        }

    def finish(self, kind, component):
        """Run something that ends; a failure shows its log."""
        running, _ = self.cluster.start(kind, component)
        status = running.wait(120)
        self.assertEqual(0, status, self.cluster.log(kind, component))

    def serve(self, component):
        """Start something that serves, and wait until its probes pass."""
        running, container = self.cluster.start('Deployment', component)
        self.addCleanup(self.end, running)
        numbers = {
            port['name']: port['containerPort'] for port in container['ports']
        }
        for name in ('livenessProbe', 'readinessProbe'):
            probe = container[name]['httpGet']
            url = f'http://127.0.0.1:{numbers[probe["port"]]}{probe["path"]}'
            self.await_answer(url, running, component)
        return running

    def await_answer(self, url, running, component):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            try:
                if requests.get(url, timeout=10).ok:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        self.fail(f'{url}: {self.cluster.log("Deployment", component)}')

    def end(self, running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()

    def test_what_is_installed_works(self):
        # A job that Kubernetes starts again does no harm.
        for _ in range(2):
            for task in ('user', 'service', 'endpoints'):
                self.finish('Job', f'ks-{task}')
        self.finish('Job', 'db-sync')
        api = self.serve('api')
        collector = self.serve('collector')
        self.finish('Pod', 'test')
        self.check_keystone()
        self.check_a_notification()
        self.check_a_question()
        for running, component in ((api, 'api'), (collector, 'collector')):
            running.terminate()
            pod = self.cluster.find('Deployment', component)
            grace = pod['spec']['template']['spec'][
                'terminationGracePeriodSeconds'
            ]
            self.assertEqual(0, running.wait(grace))

    def login(self):
        """The service's user asks Keystone."""
        return openstack.connect(
            load_envvars=False,
            load_yaml_config=False,
            region_name=REGION,
            interface='internal',
            auth={
                'auth_url': self.keystone.url,
                'username': f'stratometrics-{REGION}',
                'password': PASSWORD,
                'user_domain_name': 'service',
                'project_name': 'service',
                'project_domain_name': 'service',
            },
        )

    def check_keystone(self):
        access = self.login().session.auth.get_access(self.login().session)
        self.assertEqual({'service', 'reader'}, set(access.role_names))
        urls = access.service_catalog.get_urls(
            service_name='stratometrics-chart',
            region_name=REGION,
            interface='internal',
        )
        self.assertEqual((f'http://127.0.0.1:{self.ports["api"]}',), urls)

    def check_a_notification(self):
        exchange = kombu.Exchange('nova', type='topic', durable=True)
        with kombu.Connection(self.broker.url) as connection:
            producer = connection.Producer(serializer='json')
            for message in bed.notifications(10):
                producer.publish(
                    bed.envelope(message),
                    exchange=exchange,
                    routing_key='notifications.info',
                    content_type='application/json',
                    content_encoding='utf-8',
                    declare=[exchange],
                )
        received = 'stratometrics_collector_messages_received_total 10.0'
        url = f'http://127.0.0.1:{self.ports["metrics"]}/metrics'
        deadline = time.monotonic() + 60
        while received not in requests.get(url, timeout=10).text:
            if time.monotonic() > deadline:
                self.fail(self.cluster.log('Deployment', 'collector'))
            time.sleep(0.1)

    def check_a_question(self):
        answer = requests.get(
            f'http://127.0.0.1:{self.ports["api"]}/v1/usage',
            headers={'X-Auth-Token': self.login().auth_token},
            timeout=30,
        )
        self.assertEqual(200, answer.status_code, answer.text)
