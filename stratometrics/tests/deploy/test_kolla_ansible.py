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
"""The role for Kolla-Ansible, run by a real kolla-ansible on this host.

Its roles, filters and modules are Kolla-Ansible's own. There is no container
engine, so the two modules that talk to one check their arguments, and only
tell what they were asked for. The collection ansible.posix is not on PyPI;
an empty module stands for the one of it that Kolla-Ansible names and, without
a firewall, never runs.
"""

from collections.abc import Iterable
import configparser
import contextlib
import importlib.util
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from urllib import error
from urllib import request

import kolla
from kolla_ansible import utils as kolla_ansible
from oslo_config import cfg
import yaml

from stratometrics import conf as stratometrics_conf
from stratometrics.tests.realparts import ports

ROOT = pathlib.Path(__file__).parents[3]
CONTRIB = ROOT / 'contrib' / 'kolla-ansible'
RULES = ROOT / 'contrib' / 'prometheus' / 'stratometrics.rules.yaml'
PAGE = ROOT / 'doc' / 'source' / 'install' / 'kolla.rst'
PROGRAMS = pathlib.Path(sys.executable).parent

#: As the page has it, from the folder of the role.
INSTALL = 'cp -r roles group_vars stratometrics.yml $KOLLA/ansible/'
SETTINGS = 'cp -r etc/kolla/globals.d etc/kolla/config /etc/kolla/'
INVENTORY = 'cat inventory >> ~/all-in-one'
PASSWORDS = (
    'cat etc/kolla/passwords-stratometrics.yml >> /etc/kolla/passwords.yml'
)
ALERTS = (
    'cp ../prometheus/stratometrics.rules.yaml '
    '/etc/kolla/config/prometheus/stratometrics.rules'
)

LISTENED = 9721

#: The roles of services that are told to notify, with a template of each and
#: the service that it is for.
EMITTERS = {
    'cinder': ('cinder', 'cinder-volume'),
    'designate': ('designate', 'designate-central'),
    'glance': ('glance-api', 'glance-api'),
    'ironic': ('ironic', 'ironic-conductor'),
    'keystone': ('keystone', 'keystone'),
    'magnum': ('magnum', 'magnum-conductor'),
    'manila': ('manila', 'manila-share'),
    'neutron': ('neutron', 'neutron-server'),
    'nova': ('nova', 'nova-api'),
    'nova-cell': ('nova', 'nova-compute'),
    'octavia': ('octavia', 'octavia-worker'),
    'trove': ('trove', 'trove-conductor'),
}

#: Takes the place of what a module does with a container engine.
_TOLD = """

def main():
    import json, os
    module = {made}()
    with open(os.environ['TOLD'], 'a') as told:
        told.write(json.dumps({{'module': {name!r}, **{{
            key: value for key, value in module.params.items()
            if key in ('action', 'name', 'environment', 'image', 'volumes',
                       'module_name', 'module_args', 'healthcheck')
        }}}}) + '\\n')
    checks = module.params.get('name') == 'stratometrics_upgrade_check'
    status = int(os.environ.get('STATUS', 0)) if checks else 0
    if status:
        module.fail_json(msg='non-zero', changed=True, rc=status)
    module.exit_json(changed=True, rc=status, containers={{}})


if __name__ == '__main__':
    main()
"""


class Cloud:
    """Kolla-Ansible with our role, and a cloud of this host alone."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.share = folder / 'share'
        self.settings = folder / 'etc'
        self.node = folder / 'node'
        self.inventory = folder / 'all-in-one'
        self.told = folder / 'told'
        shipped = pathlib.Path(kolla_ansible.get_data_files_path())
        shutil.copytree(shipped, self.share)
        shutil.copy(
            self.share / 'ansible' / 'inventory' / 'all-in-one', self.inventory
        )
        (self.settings / 'config').mkdir(parents=True)
        (self.node / 'haproxy' / 'services.d').mkdir(parents=True)
        self.set_up()
        self._replace_what_talks_to_an_engine()

    def set_up(self) -> None:
        """Do what the page tells."""
        passwords = self.settings / 'passwords.yml'
        # Of Kolla-Ansible's own only what is needed here: it makes long keys
        # for others.
        passwords.write_text(
            'docker_registry_password: none\n'
            'keystone_admin_password:\n'
            'memcache_secret_key:\n'
            'rabbitmq_password:\n'
        )
        passwords.chmod(0o600)
        for command in (INSTALL, SETTINGS, INVENTORY, PASSWORDS, ALERTS):
            subprocess.run(
                [
                    'sh',
                    '-ec',
                    command.replace(
                        '/etc/kolla/', f'{self.settings}/'
                    ).replace('~/all-in-one', str(self.inventory)),
                ],
                cwd=CONTRIB,
                env={**os.environ, 'KOLLA': str(self.share)},
                check=True,
            )
        subprocess.run(
            [str(PROGRAMS / 'kolla-genpwd'), '-p', str(passwords)], check=True
        )

    def _replace_what_talks_to_an_engine(self) -> None:
        library = self.share / 'ansible' / 'library'
        for name, made in (
            ('kolla_container', 'generate_module'),
            ('kolla_toolbox', 'create_ansible_module'),
        ):
            module = library / f'{name}.py'
            text, _ = module.read_text().rsplit('if __name__ ==', 1)
            module.write_text(text + _TOLD.format(made=made, name=name))
        # What would look for systemd imports it, and is not used.
        (self.folder / 'python').mkdir()
        (self.folder / 'python' / 'dbus.py').touch()
        posix = self.folder / 'collections' / 'ansible_collections' / 'ansible'
        modules = posix / 'posix' / 'plugins' / 'modules'
        modules.mkdir(parents=True)
        (modules / 'firewalld.py').touch()

    def configure(self, **settings) -> None:
        """Write globals.yml."""
        (self.settings / 'globals.yml').write_text(
            yaml.safe_dump(
                {
                    'kolla_base_distro': 'debian',
                    'kolla_internal_vip_address': '192.0.2.10',
                    'kolla_external_vip_address': '192.0.2.11',
                    # It asks a collection that is not on PyPI.
                    'kolla_same_external_internal_vip': False,
                    'network_interface': 'lo',
                    'node_config_directory': str(self.node),
                    'ansible_become': False,
                    'ansible_python_interpreter': sys.executable,
                    'enable_cinder': True,
                    **settings,
                }
            )
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            'PATH': f'{PROGRAMS}:{os.environ["PATH"]}',
            'KOLLA_ANSIBLE_DATA_FILES_PATH': str(self.share),
            'ANSIBLE_COLLECTIONS_PATH': str(self.folder / 'collections'),
            'ANSIBLE_LOCAL_TEMP': str(self.folder / 'tmp'),
            'ANSIBLE_REMOTE_TEMP': str(self.folder / 'tmp'),
            'ANSIBLE_NOCOLOR': 'true',
            'PYTHONPATH': str(self.folder / 'python'),
            'LC_ALL': 'C.UTF-8',
            'TOLD': str(self.told),
        }

    def _run(self, arguments: list[str], **more: str):
        return subprocess.run(
            arguments,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def kolla_ansible(self, action: str, **more: str):
        """Run an action of kolla-ansible for our playbook."""
        return self._run(
            [
                str(PROGRAMS / 'kolla-ansible'),
                action,
                f'--configdir={self.settings}',
                f'--inventory={self.inventory}',
                f'--playbook={self.share / "ansible" / "stratometrics.yml"}',
            ],
            **more,
        )

    def play(self, tasks: list[dict], *arguments: str, **variables):
        """Run tasks with the variables that kolla-ansible would give."""
        playbook = self.share / 'ansible' / 'of-a-test.yml'
        playbook.write_text(
            yaml.safe_dump(
                [{'hosts': 'localhost', 'vars': variables, 'tasks': tasks}]
            )
        )
        files = [
            'globals.yml',
            'passwords.yml',
            *(f'globals.d/{path.name}' for path in self.shipped_globals()),
        ]
        return self.ansible_playbook(
            *(f'--extra-vars=@{self.settings / name}' for name in files),
            f'--extra-vars=CONFIG_DIR={self.settings}',
            '--extra-vars=kolla_action=config',
            *arguments,
            str(playbook),
        )

    def ansible_playbook(self, *arguments: str):
        return self._run(
            [
                str(PROGRAMS / 'ansible-playbook'),
                f'--inventory={self.inventory}',
                *arguments,
            ]
        )

    def shipped_globals(self) -> list[pathlib.Path]:
        return sorted((self.settings / 'globals.d').iterdir())

    def calls(self) -> list[dict]:
        """What the container engine would have been asked for."""
        return [
            json.loads(line)
            for line in self.told.read_text().split('\n')
            if line
        ]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(made.cleanup)
        cls.cloud = Cloud(pathlib.Path(made.name))

    def done_well(self, done: subprocess.CompletedProcess) -> None:
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def ini(path: pathlib.Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(
        interpolation=None, strict=False, default_section='NONE'
    )
    with path.open() as file:
        read.read_file(file)
    return read


def answer_of(url: str) -> dict:
    """Ask a server, as soon as it listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with request.urlopen(url) as answer:
                return json.load(answer)
        except error.HTTPError as answer:
            # Several versions are a choice, which is no success.
            return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


class Plain(Case):
    """A cloud with what the page tells and nothing more."""

    #: What globals.yml says.
    settings: dict = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud.configure(**cls.settings)
        cls.prepare()
        done = cls.cloud.kolla_ansible('genconfig')
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)

    @classmethod
    def prepare(cls) -> None:
        """Add to the settings."""

    def file(self, name: str, service: str = 'api') -> pathlib.Path:
        return self.cloud.node / f'stratometrics-{service}' / name

    def read(self, service: str) -> cfg.ConfigOpts:
        """The configuration, as the service has it."""
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf(
            ['--config-file', str(self.file('stratometrics.conf', service))],
            project='stratometrics',
        )
        return conf

    def container(self, service: str) -> dict:
        return json.loads(self.file('config.json', service).read_text())

    def uwsgi(self) -> dict:
        return dict(ini(self.file('stratometrics-api-uwsgi.ini'))['uwsgi'])

    def balanced(self) -> str:
        services = self.cloud.node / 'haproxy' / 'services.d'
        return (services / 'stratometrics-api.cfg').read_text()

    def test_the_service_knows_all_options(self):
        """Those of the API; the collector has the same."""
        done = subprocess.run(
            [
                str(PROGRAMS / 'oslo-config-validator'),
                '--config-file=etc/stratometrics/config-generator.conf',
                f'--input-file={self.file("stratometrics.conf")}',
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        names, others = (
            [(name, list(section)) for name, section in read.items()]
            for read in (
                ini(self.file('stratometrics.conf', service))
                for service in ('api', 'collector')
            )
        )
        self.assertEqual(names, others)

    def test_kolla_takes_what_it_copies_into_containers(self):
        place = (
            pathlib.Path(kolla.__file__).parent / 'docker/base/set_configs.py'
        )
        described = importlib.util.spec_from_file_location('places', place)
        set_configs = importlib.util.module_from_spec(described)
        described.loader.exec_module(set_configs)
        for service in ('api', 'collector'):
            with self.subTest(service):
                found = self.container(service)
                set_configs.validate_config(found)
                for entry in found['config_files']:
                    name = pathlib.Path(entry['source']).name
                    self.assertTrue(self.file(name, service).exists(), name)

    def test_what_holds_passwords_is_not_for_everybody(self):
        for service in ('api', 'collector'):
            found = self.file('stratometrics.conf', service)
            self.assertEqual(found.stat().st_mode & 0o007, 0)
            (copied,) = [
                entry
                for entry in self.container(service)['config_files']
                if entry['dest'] == '/etc/stratometrics/stratometrics.conf'
            ]
            self.assertEqual(copied['perm'], '0600')
            self.assertEqual(copied['owner'], 'stratometrics')

    def test_the_configuration(self):
        with (self.cloud.settings / 'passwords.yml').open() as file:
            passwords = yaml.safe_load(file)
        conf = self.read('collector')
        self.assertEqual(conf.clickhouse.hosts, ['clickhouse.example.com'])
        self.assertEqual(conf.clickhouse.port, 9000)
        self.assertEqual(conf.clickhouse.cluster, '')
        self.assertFalse(conf.clickhouse.secure)
        self.assertEqual(
            conf.clickhouse.password,
            passwords['stratometrics_clickhouse_password'],
        )
        self.assertIsNone(conf.collector.metrics_port)
        self.assertEqual(conf.reconciler.interval, 86400)
        text = ini(self.file('stratometrics.conf', 'collector'))
        self.assertEqual(
            text['oslo_messaging_notifications']['transport_url'],
            f'rabbit://openstack:{passwords["rabbitmq_password"]}'
            '@127.0.0.1:5672//',
        )
        self.assertEqual(
            dict(text['oslo_messaging_rabbit']),
            {'rabbit_quorum_queue': 'true'},
        )
        self.assertEqual(text['keystone_authtoken']['service_type'], 'billing')

    def test_all_that_tell_are_listened_to(self):
        shipped = cfg.ConfigOpts()
        stratometrics_conf.register_opts(shipped)
        shipped([], default_config_files=[])
        targets = self.read('collector').collector.targets
        exchanges = {target.split(':')[0] for target in targets}
        # Kolla-Ansible has no Swift, and Trove an exchange of its own.
        self.assertEqual(
            exchanges,
            {target.split(':')[0] for target in shipped.collector.targets}
            - {'swift'}
            | {'trove'},
        )
        for target in targets:
            self.assertIn(
                target.split(':')[1],
                ('stratometrics', 'ironic_versioned_notifications'),
            )

    def test_a_file_of_each_service(self):
        for service in ('api', 'collector'):
            text = ini(self.file('stratometrics.conf', service))
            self.assertEqual(
                text['DEFAULT']['log_file'],
                f'/var/log/kolla/stratometrics/stratometrics-{service}.log',
            )

    def test_the_load_balancer(self):
        text = self.balanced()
        self.assertIn('bind 192.0.2.10:9721\n', text)
        self.assertIn('bind 192.0.2.11:9721\n', text)
        self.assertEqual(text.count('option httpchk GET /healthcheck\n'), 2)
        self.assertNotIn(' ssl ', text)

    def test_uwsgi(self):
        options = self.uwsgi()
        self.assertEqual(options['http-socket'], '127.0.0.1:9721')
        self.assertNotIn('https-socket', options)
        self.assertNotIn('http', options)
        conf = self.read('api')
        self.assertGreater(
            int(options['threads']),
            conf.api.max_working + conf.api.max_waiting,
        )

    def test_a_real_uwsgi_serves(self):
        port = ports.free_port()
        places = {
            f'127.0.0.1:{LISTENED}': f'127.0.0.1:{port}',
            '/var/log/kolla/stratometrics/': f'{self.cloud.folder}/',
        }
        for name in ('stratometrics.conf', 'stratometrics-api-uwsgi.ini'):
            text = self.file(name).read_text()
            for place, here in places.items():
                text = text.replace(place, here)
            self.file(f'here-{name}').write_text(text)
        output = self.cloud.folder / 'uwsgi.log'
        with (
            output.open('w') as log,
            subprocess.Popen(
                [
                    str(PROGRAMS / 'uwsgi'),
                    str(self.file('here-stratometrics-api-uwsgi.ini')),
                ],
                env={
                    **os.environ,
                    'OS_STRATOMETRICS_CONFIG_FILES': str(
                        self.file('here-stratometrics.conf')
                    ),
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as server,
        ):
            try:
                versions = answer_of(f'http://127.0.0.1:{port}/')
                # Before that, uWSGI may miss a signal.
                ready = 'gracefully_kill_them_all'
                shown = self.cloud.folder / 'stratometrics-api-uwsgi.log'
                deadline = time.monotonic() + 60
                while (
                    ready not in shown.read_text()
                    and time.monotonic() < deadline
                ):
                    time.sleep(0.1)
                server.terminate()
                server.wait(60)
            finally:
                # Its workers too, if it did not end as it was told.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGKILL)
        self.assertEqual(versions['versions'][0]['id'], 'v1.0', versions)

    def test_the_programs_are_those_of_the_package(self):
        project = configparser.ConfigParser()
        project.read(ROOT / 'setup.cfg')
        self.assertIn(
            f'\n{self.container("collector")["command"].split()[0]} = ',
            project['entry_points']['console_scripts'],
        )
        self.assertEqual(
            self.container('api')['command'],
            'uwsgi /etc/stratometrics/stratometrics-api-uwsgi.ini',
        )


class Elaborate(Plain):
    """TLS everywhere, a cluster, and files of the operator."""

    settings = {
        'kolla_enable_tls_internal': True,
        'kolla_enable_tls_external': True,
        'kolla_enable_tls_backend': True,
        'kolla_copy_ca_into_containers': True,
        'rabbitmq_enable_tls': True,
        'openstack_cacert': '/etc/ssl/certs/ca-certificates.crt',
        'enable_prometheus': True,
        'enable_ceilometer': True,
        'stratometrics_clickhouse_enable_tls': True,
        'stratometrics_clickhouse_cluster': 'billing',
        'stratometrics_clickhouse_replicated': False,
        'stratometrics_clickhouse_password': 'p$a%s"s#w',
        'stratometrics_collector_workers': 2,
        'stratometrics_enable_reconciliation': False,
        'stratometrics_api_max_working': 4,
        'stratometrics_api_max_waiting': 10,
    }

    @classmethod
    def prepare(cls):
        certificates = cls.cloud.folder / 'certificates'
        (certificates / 'ca').mkdir(parents=True)
        (certificates / 'ca' / 'root.crt').write_text('an authority\n')
        for name in ('backend-cert.pem', 'backend-key.pem'):
            (certificates / name).write_text('nobody reads it\n')
        # A file that comes later wins over globals.yml and over the shipped.
        overrides = cls.cloud.settings / 'globals.d' / 'zz-test.yml'
        overrides.write_text(
            yaml.safe_dump(
                {
                    'kolla_certificates_dir': str(certificates),
                    'stratometrics_clickhouse_hosts': ['c1', 'c2'],
                    'stratometrics_clickhouse_password': cls.settings[
                        'stratometrics_clickhouse_password'
                    ],
                }
            )
        )
        own = cls.cloud.settings / 'config' / 'stratometrics'
        (own / 'definitions.d').mkdir(parents=True)
        (own / 'definitions.d' / 'more.yaml').write_text('resources: {}\n')
        (own / 'policy.yaml').write_text('"project_reader": "role:reader"\n')
        (own / 'stratometrics-api.conf').write_text(
            '[api]\ntimezone = Europe/Berlin\n'
        )

    def test_the_configuration(self):
        conf = self.read('collector')
        self.assertEqual(conf.clickhouse.hosts, ['c1', 'c2'])
        self.assertEqual(conf.clickhouse.port, 9440)
        self.assertTrue(conf.clickhouse.secure)
        self.assertEqual(
            conf.clickhouse.cafile, '/etc/ssl/certs/ca-certificates.crt'
        )
        self.assertEqual(conf.clickhouse.cluster, 'billing')
        self.assertFalse(conf.clickhouse.replicated)
        self.assertEqual(conf.clickhouse.password, 'p$a%s"s#w')
        self.assertEqual(conf.collector.metrics_port, 9722)
        self.assertEqual(conf.collector.metrics_host, '127.0.0.1')
        self.assertEqual(conf.reconciler.interval, 0)
        text = ini(self.file('stratometrics.conf', 'collector'))
        self.assertEqual(
            dict(text['oslo_messaging_rabbit']),
            {
                'rabbit_quorum_queue': 'true',
                'ssl': 'true',
                'ssl_ca_file': '/etc/ssl/certs/ca-certificates.crt',
            },
        )
        self.assertNotIn('service_credentials', text)
        self.assertTrue(
            text['keystone_authtoken']['auth_url'].startswith('https://')
        )

    #: The uWSGI from PyPI knows no TLS.
    test_a_real_uwsgi_serves = None

    def test_what_operators_add(self):
        self.assertEqual(self.read('api').api.timezone, 'Europe/Berlin')
        self.assertEqual(self.read('collector').api.timezone, 'UTC')
        for service in ('api', 'collector'):
            with self.subTest(service):
                text = ini(self.file('stratometrics.conf', service))
                self.assertEqual(
                    text['oslo_policy']['policy_file'], 'policy.yaml'
                )
                self.assertTrue(
                    self.file('definitions.d/more.yaml', service).exists()
                )
                copied = {
                    entry['dest']
                    for entry in self.container(service)['config_files']
                }
                self.assertGreaterEqual(
                    copied,
                    {
                        '/etc/stratometrics/definitions.d',
                        '/etc/stratometrics/policy.yaml',
                        '/var/lib/kolla/share/ca-certificates',
                    },
                )

    def test_the_load_balancer(self):
        text = self.balanced()
        self.assertEqual(text.count(' ssl verify required '), 2)
        self.assertRegex(text, r'bind 192\.0\.2\.10:9721 ssl crt ')

    def test_uwsgi(self):
        options = self.uwsgi()
        self.assertEqual(options['threads'], '22')
        self.assertNotIn('http-socket', options)
        copied = {
            entry['dest'] for entry in self.container('api')['config_files']
        }
        _, *files = options['https-socket'].split(',')
        self.assertEqual(len(files), 2)
        self.assertLessEqual(set(files), copied)


class Emitters(Case):
    """The files of other services, from Kolla-Ansible's own templates."""

    def rendered(
        self, roles: Iterable[str], *arguments: str, **settings
    ) -> dict[str, configparser.ConfigParser]:
        self.cloud.configure(
            enable_octavia=True,
            octavia_auto_configure=False,
            enable_designate=True,
            **settings,
        )
        out = self.cloud.folder / 'out'
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        known = self.cloud.share / 'etc_examples' / 'kolla' / 'passwords.yml'
        nothing = {'stat': {'exists': False}}
        done = self.cloud.play(
            [
                {
                    'ansible.builtin.include_vars': (
                        'roles/{{ item }}/defaults/main.yml'
                    ),
                    'loop': list(roles),
                },
                {
                    'vars': {
                        'project_name': '{{ item[0] }}',
                        'service_name': '{{ item[2] }}',
                    },
                    'merge_configs': {
                        'sources': [
                            '{{ playbook_dir }}/roles/{{ item[0] }}/templates/'
                            '{{ item[1] }}.conf.j2',
                            '{{ node_custom_config }}/{{ item[1] }}.conf',
                        ],
                        'dest': f'{out}/{{{{ item[0] }}}}.conf',
                    },
                    'loop': [[role, *EMITTERS[role]] for role in roles],
                },
            ],
            f'--extra-vars=@{known}',
            f'--extra-vars=@{self.cloud.settings / "passwords.yml"}',
            *arguments,
            keystone_domain_directory=nothing,
        )
        self.done_well(done)
        return {path.stem: ini(path) for path in out.iterdir()}

    def topics(self, found: configparser.ConfigParser) -> list[str]:
        section = found['oslo_messaging_notifications']
        self.assertIn(section['driver'], ('messaging', 'messagingv2'))
        return section['topics'].split(',')

    def test_each_tells_on_our_topic(self):
        found = self.rendered(EMITTERS)
        self.assertEqual(set(found), set(EMITTERS))
        for name, conf in found.items():
            with self.subTest(name):
                self.assertEqual(self.topics(conf), ['stratometrics'])
        for name in ('nova', 'nova-cell'):
            with self.subTest(name):
                conf = found[name]
                self.assertEqual(
                    conf['DEFAULT']['instance_usage_audit'], 'true'
                )
                self.assertEqual(
                    conf['notifications']['notify_on_state_change'],
                    'vm_and_task_state',
                )
        self.assertEqual(
            found['ironic']['DEFAULT']['notification_level'], 'info'
        )

    def test_others_are_told_as_well(self):
        found = self.rendered(
            ('cinder', 'designate', 'keystone', 'neutron', 'nova'),
            enable_ceilometer=True,
            designate_enable_notifications_sink=True,
        )
        ours = 'stratometrics'
        sink = 'notifications_designate'
        for name, conf in found.items():
            with self.subTest(name):
                expected = {
                    'designate': [sink, ours],
                    'neutron': ['notifications', sink, ours],
                    'nova': ['notifications', sink, ours],
                }
                self.assertEqual(
                    self.topics(conf),
                    expected.get(name, ['notifications', ours]),
                )

    def test_without_the_service_nothing_is_different(self):
        found = self.rendered(
            ('cinder', 'nova'), '--extra-vars={"enable_stratometrics": false}'
        )
        for name, conf in found.items():
            with self.subTest(name):
                section = conf['oslo_messaging_notifications']
                self.assertEqual(section['driver'], 'noop')
        self.assertNotIn('instance_usage_audit', found['nova']['DEFAULT'])

    def test_what_is_rotated_and_scraped(self):
        self.cloud.configure(
            enable_prometheus=True, stratometrics_collector_workers=2
        )
        out = self.cloud.folder / 'other'
        out.mkdir()
        done = self.cloud.play(
            [
                {
                    'ansible.builtin.include_role': {
                        'name': 'cron',
                        'tasks_from': 'config',
                    },
                },
                {
                    'ansible.builtin.include_vars': (
                        'roles/prometheus/defaults/main.yml'
                    ),
                },
                {
                    'merge_yaml': {
                        'sources': [
                            '{{ node_custom_config }}/prometheus/'
                            'prometheus.yml.d/50-stratometrics.yml',
                        ],
                        'dest': f'{out}/prometheus.yml',
                    },
                },
            ]
        )
        self.done_well(done)
        rotated = (self.cloud.node / 'cron' / 'logrotate.conf').read_text()
        self.assertIn('"/var/log/kolla/nova/*.log"', rotated)
        self.assertIn('"/var/log/kolla/stratometrics/*.log"\n{\n}', rotated)
        jobs = {
            job['job_name']: job
            for job in yaml.safe_load((out / 'prometheus.yml').read_text())[
                'scrape_configs'
            ]
        }
        self.assertEqual(
            {
                name: job['static_configs'][0]['targets']
                for name, job in jobs.items()
            },
            {
                'stratometrics-collector': [
                    '127.0.0.1:9722',
                    '127.0.0.1:9723',
                ],
                'stratometrics-api': ['http://192.0.2.10:9721/healthcheck'],
            },
        )
        self.assertEqual(
            jobs['stratometrics-api']['relabel_configs'][-1]['replacement'],
            '127.0.0.1:9115',
        )
        # The names are those that the alerts ask for.
        asked = re.findall(r'job="([^"]+)"', RULES.read_text())
        self.assertEqual(set(asked), set(jobs))


class Syntax(Case):
    def test_the_playbook_and_each_file_of_tasks(self):
        # The playbook names files of tasks by what it is asked for.
        ansible = self.cloud.share / 'ansible'
        files = sorted((CONTRIB / 'roles/stratometrics/tasks').glob('*.yml'))
        every = ansible / 'every-file.yml'
        every.write_text(
            yaml.safe_dump(
                [
                    {
                        'hosts': 'localhost',
                        'tasks': [
                            {
                                'ansible.builtin.import_role': {
                                    'name': 'stratometrics',
                                    'tasks_from': file.stem,
                                }
                            }
                            for file in files
                        ],
                    }
                ]
            )
        )
        done = self.cloud.ansible_playbook(
            '--syntax-check',
            str(ansible / 'stratometrics.yml'),
            str(every),
        )
        self.done_well(done)


class Deployed(Case):
    """What a container engine would be asked for, and when."""

    def steps(self, action: str, **more: str) -> list[str]:
        self.cloud.configure(**self.settings)
        self.cloud.told.write_text('')
        done = self.cloud.kolla_ansible(action, **more)
        self.output = done.stdout + done.stderr
        self.status = done.returncode
        return [
            step
            for step, _ in itertools.groupby(
                f'{call["action"]} {call["name"]}'
                if call['module'] == 'kolla_container'
                else call['module_name'].rsplit('.')[-1]
                for call in self.cloud.calls()
            )
        ]

    settings: dict = {'enable_loadbalancer': False}
    registered = [
        'catalog_service',
        'endpoint',
        'project',
        'identity_user',
        'identity_role',
        'role_assignment',
    ]
    compared = [
        'compare_container stratometrics_api',
        'compare_container stratometrics_collector',
    ]
    restarted = [
        'recreate_or_restart_container stratometrics_api',
        'recreate_or_restart_container stratometrics_collector',
    ]

    def test_deploy(self):
        self.assertEqual(
            self.steps('deploy'),
            [
                *self.registered,
                *self.compared,
                'start_container bootstrap_stratometrics',
                *self.restarted,
            ],
            self.output,
        )
        calls = self.cloud.calls()
        (service,) = [
            call['module_args']
            for call in calls
            if call.get('module_name') == 'openstack.cloud.catalog_service'
        ]
        self.assertEqual(service['service_type'], 'billing')
        self.assertEqual(
            {
                (
                    call['module_args']['endpoint_interface'],
                    call['module_args']['url'],
                )
                for call in calls
                if call.get('module_name') == 'openstack.cloud.endpoint'
            },
            {
                ('internal', 'http://192.0.2.10:9721'),
                ('public', 'http://192.0.2.11:9721'),
            },
        )
        self.assertEqual(
            [
                (call['module_args']['role'], call['module_args']['state'])
                for call in calls
                if call.get('module_name') == 'openstack.cloud.role_assignment'
            ],
            [('service', 'present'), ('admin', 'present')],
        )
        (bootstrap,) = [
            call
            for call in calls
            if call.get('name') == 'bootstrap_stratometrics'
        ]
        self.assertIn('KOLLA_BOOTSTRAP', bootstrap['environment'])

    def test_upgrade(self):
        # A warning, such as that a service was never heard, stops nothing.
        self.assertEqual(
            self.steps('upgrade', STATUS='1'),
            [
                'stop_container stratometrics_api',
                'stop_container stratometrics_collector',
                *self.registered,
                'start_container bootstrap_stratometrics',
                'start_container stratometrics_upgrade_check',
                *self.compared,
                *self.restarted,
            ],
            self.output,
        )

    def test_an_upgrade_that_is_not_ready(self):
        steps = self.steps('upgrade', STATUS='2')
        self.assertEqual(
            steps[-1], 'start_container stratometrics_upgrade_check'
        )
        self.assertNotEqual(self.status, 0)


class Checked(Case):
    def refusal(self, **settings) -> str:
        self.cloud.configure(**settings)
        done = self.cloud.kolla_ansible('prechecks')
        self.assertNotEqual(done.returncode, 0)
        return ' '.join((done.stdout + done.stderr).split())

    def setUp(self):
        self.own = self.cloud.settings / 'globals.d'
        kept = self.cloud.folder / 'kept'
        shutil.copytree(self.own, kept)
        self.addCleanup(shutil.move, kept, self.own)
        self.addCleanup(shutil.rmtree, self.own)

    def test_no_clickhouse_is_named(self):
        (self.own / 'zz.yml').write_text('stratometrics_clickhouse_hosts: []')
        self.assertIn(
            'stratometrics_clickhouse_hosts has to be a list of servers',
            self.refusal(),
        )

    def test_services_that_do_not_notify(self):
        (self.own / 'stratometrics-notifications.yml').unlink()
        told = self.refusal()
        for name in ('cinder', 'glance', 'keystone', 'neutron', 'nova'):
            self.assertIn(
                f'{name}_enabled_notification_topics is not set', told
            )
        # It is not enabled.
        self.assertNotIn('octavia_enabled_notification_topics', told)

    def test_a_clickhouse_that_is_not_there(self):
        port = ports.free_port()
        (self.own / 'zz.yml').write_text(
            'stratometrics_clickhouse_hosts: [127.0.0.1]\n'
            f'stratometrics_clickhouse_port: {port}\n'
        )
        self.assertIn(f'No ClickHouse at 127.0.0.1:{port}', self.refusal())


class Documented(unittest.TestCase):
    def test_the_commands_are_those_that_were_run(self):
        page = re.sub(r'\\\n +', '', PAGE.read_text()).splitlines()
        for command in (INSTALL, SETTINGS, INVENTORY, PASSWORDS, ALERTS):
            self.assertTrue(
                any(line.strip()[2:] == command for line in page), command
            )


class Linted(unittest.TestCase):
    def test_ansible_lint(self):
        with tempfile.TemporaryDirectory() as made:
            # It leaves a folder where it runs.
            folder = pathlib.Path(made) / 'kolla-ansible'
            shutil.copytree(CONTRIB, folder)
            done = subprocess.run(
                [str(PROGRAMS / 'ansible-lint'), '--nocolor'],
                cwd=folder,
                env={**os.environ, 'PATH': f'{PROGRAMS}:{os.environ["PATH"]}'},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Profile 'production' was required", done.stderr)
