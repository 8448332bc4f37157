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
"""What the DevStack plugin writes and does, in every phase.

DevStack itself is not here; stratometrics/tests/devstack stands in for it.
What that cannot tell: whether packages can be installed, and whether the
services that are told to send notifications do so.
"""

import configparser
import pathlib
import re
import subprocess
import time

import fixtures
from oslo_config import cfg
import testtools

from stratometrics import conf as stratometrics_conf
from stratometrics.tests import shipped
from stratometrics.tests.devstack import harness

PLUGINS = ('octavia', 'manila', 'designate', 'ironic', 'magnum', 'trove')

CLICKHOUSE = (
    'etc/apt/sources.list.d/clickhouse.list',
    'etc/clickhouse-server/config.d/stratometrics.xml',
    'etc/clickhouse-server/users.d/stratometrics.xml',
    'usr/share/keyrings/clickhouse-keyring.gpg',
)

OWN_TOPIC = 'notifications,stratometrics'


class DevStackTestCase(testtools.TestCase):
    def machine(self, localrc: str = '', **options) -> harness.Stack:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        return harness.Stack(folder, localrc, **options)

    def stacked(self, localrc: str = '', **options) -> harness.Stack:
        machine = self.machine(localrc, **options)
        machine.run('stack')
        return machine

    def messaging(self, machine: harness.Stack, file: str) -> dict[str, str]:
        found = machine.ini(file)['oslo_messaging_notifications']
        return {
            name: value
            for name, value in found.items()
            if name in ('driver', 'topics')
        }

    def position(self, machine: harness.Stack, *words: str) -> int:
        """When something was done, among everything that was."""
        [done] = machine.ran(*words)
        return machine.done().index(done)


class ServicesTest(DevStackTestCase):
    def test_the_api_and_the_collector_run(self) -> None:
        machine = self.stacked()
        self.assertEqual({'strato-api', 'strato-collector'}, {*machine.units})
        self.assertRegex(
            machine.units['strato-api'],
            f'^/.*/uwsgi --procname-prefix strato-api '
            f'--ini {machine.conf_dir}/stratometrics-api-uwsgi.ini$',
        )
        self.assertRegex(
            machine.units['strato-collector'],
            f'^/.*/stratometrics-collector '
            f'--config-file {machine.conf_dir}/stratometrics.conf$',
        )

    def test_its_extras_are_those_that_there_are(self) -> None:
        project = configparser.ConfigParser()
        project.read(shipped.ROOT / 'setup.cfg')
        [(*_, extras)] = self.stacked().ran('setup_develop')
        # Among them that of the openstack command.
        self.assertIn('cli', extras.split(','))
        self.assertLessEqual(set(extras.split(',')), set(project['extras']))

    def test_the_api_is_behind_the_proxy(self) -> None:
        machine = self.stacked()
        uwsgi = machine.ini('stratometrics/stratometrics-api-uwsgi.ini')
        self.assertEqual(
            'stratometrics.wsgi.api:application', uwsgi['uwsgi']['module']
        )
        self.assertEqual(
            f'OS_STRATOMETRICS_CONFIG_FILES={machine.conf_dir}'
            '/stratometrics.conf',
            uwsgi['uwsgi']['env'],
        )
        site = 'etc/apache2/sites-available/stratometrics-api.conf'
        [line] = (machine.root / site).read_text().splitlines()
        self.assertIn('ProxyPass "/billing" "unix:/', line)

    def test_what_keystone_is_told(self) -> None:
        machine = self.stacked()
        told = [
            words[3:]
            for words in machine.ran('openstack')
            if 'create' in words or 'add' in words
        ]
        self.assertEqual(
            [['user', 'create', 'stratometrics']]
            + [['role', 'add', name] for name in ('service', 'admin')]
            + [['endpoint', 'create', '1d']] * 3,
            [words[:3] for words in told],
        )
        self.assertEqual(
            [
                [interface, 'http://192.0.2.1/billing', '--region']
                for interface in ('public', 'admin', 'internal')
            ],
            [words[3:6] for words in told[3:]],
        )

    def test_tls(self) -> None:
        machine = self.stacked('ENABLED_SERVICES+=,tls-proxy')
        self.assertEqual(
            'https://192.0.2.1/billing/healthcheck',
            machine.ran('curl')[-1][-1],
        )
        conf = machine.ini('stratometrics/stratometrics.conf')
        self.assertEqual(
            'True', conf['oslo_middleware']['enable_proxy_headers_parsing']
        )

    def test_the_database_begins_empty(self) -> None:
        machine = self.stacked()
        self.assertEqual(
            ['version', 'version', 'sync'],
            [words[4] for words in machine.ran('stratometrics-manage')],
        )
        machine.run('stack', SCHEMA='7')
        self.assertEqual(
            ['version', 'version', 'downgrade', 'sync'],
            [words[4] for words in machine.ran('stratometrics-manage')],
        )
        # And everything else before the services are started.
        self.assertLess(
            self.position(
                machine,
                'stratometrics-manage',
                '--config-file',
                f'{machine.conf_dir}/stratometrics.conf',
                'db',
                'sync',
            ),
            self.position(machine, 'run_process', 'strato-api'),
        )

    def test_every_option_is_one_of_ours(self) -> None:
        machine = self.stacked(plugins=['ceilometer'])
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf(
            ['--config-file', f'{machine.conf_dir}/stratometrics.conf'],
            project='stratometrics',
        )
        written = machine.ini('stratometrics/stratometrics.conf')
        for group in ('clickhouse', 'collector'):
            for name in written[group]:
                self.assertIsNotNone(conf[group][name], name)
        self.assertEqual(['127.0.0.1'], conf.clickhouse.hosts)
        self.assertEqual('RegionOne', conf.collector.region_name)
        self.assertEqual(
            {
                'password',
                'stratometrics',
                'http://192.0.2.1/identity',
                'RegionOne',
            },
            {
                written['service_credentials'][name]
                for name in (
                    'auth_type',
                    'username',
                    'auth_url',
                    'region_name',
                )
            },
        )
        self.assertEqual(
            'billing', written['keystone_authtoken']['service_type']
        )

    def test_one_of_the_services_alone(self) -> None:
        machine = self.stacked('disable_service strato-api')
        self.assertEqual(['strato-collector'], [*machine.units])
        self.assertEqual([], machine.ran('openstack'))
        self.assertEqual([], machine.ran('stratometrics-manage'))
        self.assertNotIn('/billing', str(machine.ran('curl')))

    def test_audits(self) -> None:
        machine = self.stacked(
            'STRATOMETRICS_AUDITS=True\nSTRATOMETRICS_AUDIT_INTERVAL=60'
        )
        self.assertRegex(
            machine.units['strato-audit-cinder'],
            r'^/.*/devstack/tools/every\.sh 60 /.*/cinder-volume-usage-audit '
            r'--config-file /.*/etc/cinder/cinder\.conf$',
        )
        self.assertRegex(
            machine.units['strato-audit-neutron'],
            r'^/.*/devstack/tools/every\.sh 60 /.*/neutron-usage-audit '
            r'--config-file /.*/etc/neutron/neutron\.conf '
            r'--config-file /etc/neutron/plugins/ml2/ml2_conf\.ini$',
        )
        machine.run('unstack')
        self.assertEqual({}, machine.units)

    def test_the_smoke_test_if_it_is_asked_for(self) -> None:
        self.assertEqual([], self.stacked().ran('python3'))
        machine = self.stacked('STRATOMETRICS_SMOKE_TEST=True')
        [[_, script]] = machine.ran('python3')
        self.assertTrue(pathlib.Path(script).is_file(), script)

    def test_again(self) -> None:
        machine = self.machine()
        machine.run('stack')
        before = {
            name: (machine.root / name).read_text() for name in machine.files()
        }
        packages = machine.ran('install_package')
        self.assertEqual(1, len(packages))
        machine.run('stack')
        self.assertEqual([], machine.ran('install_package'))
        after = {
            name: (machine.root / name).read_text() for name in machine.files()
        }
        # A new password, on both sides.
        changed = {name for name in before if before[name] != after[name]}
        self.assertEqual(
            {CLICKHOUSE[2], 'etc/stratometrics/stratometrics.conf'}, changed
        )

    def test_nothing_is_left(self) -> None:
        machine = self.stacked('disable_service key n-api n-cpu c-api c-vol')
        others = [
            name
            for name in machine.files()
            if 'stratometrics' not in name and 'clickhouse' not in name
        ]
        machine.run('unstack')
        self.assertEqual({}, machine.units)
        machine.run('clean')
        self.assertEqual(others, machine.files())
        self.assertFalse((machine.root / 'var/lib/clickhouse').exists())
        # Twice does no harm.
        machine.run('unstack')
        machine.run('clean')

    def test_a_failure_ends_it(self) -> None:
        machine = self.machine(
            'SERVICE_TIMEOUT=1',
            programs={'stratometrics-manage': ['/bin/false']},
        )
        ran = machine.try_to('stack')
        self.assertEqual(1, ran.returncode)
        self.assertIn('ClickHouse cannot be used', ran.stderr)
        self.assertEqual({}, machine.units)

    def test_an_api_that_does_not_answer_ends_it(self) -> None:
        machine = self.machine(
            'SERVICE_TIMEOUT=1\nSTRATOMETRICS_CLICKHOUSE_HOSTS=ch',
            programs={'curl': ['/bin/false']},
        )
        ran = machine.try_to('stack')
        self.assertEqual(1, ran.returncode)
        self.assertIn('strato-api does not work', ran.stderr)

    def test_a_mistake_is_noticed(self) -> None:
        """The stand-in does not let everything pass."""
        machine = self.machine('function create_service_user { no_such; }')
        self.assertNotEqual(0, machine.try_to('stack').returncode)


class ClickHouseTest(DevStackTestCase):
    def test_the_packages_of_its_makers(self) -> None:
        machine = self.stacked()
        self.assertEqual(
            [['install_package', 'clickhouse-server', 'clickhouse-client']],
            machine.ran('install_package'),
        )
        self.assertEqual(
            'deb [signed-by=/usr/share/keyrings/clickhouse-keyring.gpg '
            'arch=amd64] https://packages.clickhouse.com/deb stable main\n',
            (machine.root / CLICKHOUSE[0]).read_text(),
        )
        # Known before they are asked for.
        self.assertLess(
            self.position(machine, 'apt_get_update'),
            self.position(machine, 'install_package'),
        )

    def test_rpm(self) -> None:
        machine = self.stacked(
            'STRATOMETRICS_CLICKHOUSE_CHANNEL=lts', packages='rpm'
        )
        repository = machine.ini('yum.repos.d/clickhouse.repo')['clickhouse']
        url = 'https://packages.clickhouse.com/rpm/lts/'
        self.assertEqual(url, repository['baseurl'])
        self.assertEqual(f'{url}repodata/repomd.xml.key', repository['gpgkey'])
        self.assertEqual('1', repository['repo_gpgcheck'])
        machine.run('clean')
        self.assertNotIn('etc/yum.repos.d/clickhouse.repo', machine.files())

    def test_other_distributions_are_told(self) -> None:
        ran = self.machine(packages='ebuild').try_to('stack')
        self.assertEqual(1, ran.returncode)
        self.assertIn('not supported: installing ClickHouse', ran.stderr)

    def test_one_that_was_there_before_stays(self) -> None:
        machine = self.machine()
        (machine.folder / 'packages/clickhouse-server').touch()
        machine.run('stack')
        self.assertEqual([], machine.ran('install_package'))
        machine.run('clean')
        self.assertEqual([], machine.ran('uninstall_package'))
        self.assertTrue((machine.root / 'var/lib/clickhouse').exists())
        self.assertEqual(
            [], [name for name in machine.files() if 'clickhouse' in name]
        )

    def test_an_existing_server(self) -> None:
        machine = self.stacked(
            'STRATOMETRICS_CLICKHOUSE_HOSTS=ch-1,ch-2\n'
            'STRATOMETRICS_CLICKHOUSE_PORT=9440\n'
            'STRATOMETRICS_CLICKHOUSE_SECURE=yes\n'
            'STRATOMETRICS_CLICKHOUSE_USER=maker\n'
            'STRATOMETRICS_CLICKHOUSE_PASSWORD=given\n'
            'STRATOMETRICS_CLICKHOUSE_DATABASE=metering'
        )
        conf = machine.ini('stratometrics/stratometrics.conf')
        self.assertEqual(
            {
                'hosts': 'ch-1,ch-2',
                'port': '9440',
                'secure': 'True',
                'user': 'maker',
                'password': 'given',
                'database': 'metering',
            },
            conf['clickhouse'],
        )
        self.assertEqual([], machine.ran('install_package'))
        self.assertEqual([], machine.ran('restart_service'))
        # What others have in it stays.
        machine.run('stack', SCHEMA='7')
        self.assertNotIn(
            'downgrade',
            [words[4] for words in machine.ran('stratometrics-manage')],
        )
        machine.run('clean')
        self.assertEqual([], machine.ran('uninstall_package'))

    def test_what_local_conf_adds_is_known_to_the_migrations(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        machine = self.machine(
            'STRATOMETRICS_CLICKHOUSE_HOSTS=ch\n'
            'function merge_post_config {\n'
            '    iniset "$STRATOMETRICS_CONF" clickhouse cafile /ca.pem\n'
            '}',
            programs={
                'stratometrics-manage': [
                    *('sh', '-c', f'cat "$2" >>{folder}/seen; echo', 'sh'),
                ]
            },
        )
        machine.run('stack')
        seen = (folder / 'seen').read_text()
        self.assertGreater(seen.count('[clickhouse]'), 1)
        self.assertEqual(
            seen.count('[clickhouse]'), seen.count('cafile = /ca.pem')
        )

    def test_secrets(self) -> None:
        machine = self.stacked()
        conf = machine.conf_dir / 'stratometrics.conf'
        self.assertEqual(0o600, conf.stat().st_mode & 0o777)
        users = machine.root / CLICKHOUSE[2]
        self.assertEqual(0o640, users.stat().st_mode & 0o777)
        password = machine.ini('stratometrics/stratometrics.conf')[
            'clickhouse'
        ]['password']
        self.assertRegex(password, '^[0-9a-f]{32}$')
        self.assertNotIn(password, users.read_text())
        self.assertNotIn(password, str(machine.done()))
        self.assertNotIn(password, machine.trace())
        # DevStack shows the password of RabbitMQ in its log; we do not.
        ours = re.findall(
            r'^\++ (?:plugin\.sh|clickhouse|emitters|stratometrics): (.*)',
            machine.trace(),
            re.M,
        )
        self.assertIn('is_service_enabled strato', ours)
        self.assertNotIn(f':{harness.PASSWORD}@', '\n'.join(ours))

    def test_a_secret_that_is_given(self) -> None:
        machine = self.machine('STRATOMETRICS_CLICKHOUSE_PASSWORD=given-one')
        for mode in ('stack', 'unstack', 'clean'):
            machine.run(mode)
            self.assertNotIn('given-one', str(machine.done()), mode)
        self.assertIn('settings: enable_service strato-api', machine.trace())
        self.assertNotIn('given-one', machine.trace())


class EmittersTest(DevStackTestCase):
    ALONE = {'driver': 'messagingv2'}
    BESIDE = {'driver': 'messagingv2', 'topics': OWN_TOPIC}

    CORE = (
        'keystone/keystone.conf',
        'glance/glance-api.conf',
        'cinder/cinder.conf',
        'nova/nova.conf',
        'nova/nova_cell1.conf',
        'nova/nova-cpu.conf',
        'neutron/neutron.conf',
    )

    def test_core_services(self) -> None:
        machine = self.stacked()
        for file in self.CORE:
            self.assertEqual(self.ALONE, self.messaging(machine, file), file)
        self.assertNotIn(
            'targets',
            machine.ini('stratometrics/stratometrics.conf')['collector'],
        )

    def test_all_that_nova_has_to_tell(self) -> None:
        machine = self.stacked()
        for name in ('nova', 'nova_cell1', 'nova-cpu'):
            file = machine.ini(f'nova/{name}.conf')
            self.assertEqual(
                {
                    'notification_format': 'both',
                    'notify_on_state_change': 'vm_and_task_state',
                },
                file['notifications'],
            )
            self.assertEqual('True', file['DEFAULT']['instance_usage_audit'])
            self.assertEqual(
                'hour', file['DEFAULT']['instance_usage_audit_period']
            )
            # Not that of the cell, which the collector does not read.
            self.assertTrue(
                file['oslo_messaging_notifications']['transport_url'].endswith(
                    ':5672/'
                )
            )

    def test_one_format_if_that_is_wanted(self) -> None:
        machine = self.stacked('NOVA_NOTIFICATION_FORMAT=unversioned')
        self.assertEqual(
            'unversioned',
            machine.ini('nova/nova.conf')['notifications'][
                'notification_format'
            ],
        )

    def test_beside_ceilometer(self) -> None:
        machine = self.stacked(plugins=['ceilometer', *PLUGINS])
        for file in (
            *self.CORE,
            *(f'{name}/{name}.conf' for name in PLUGINS),
        ):
            self.assertEqual(self.BESIDE, self.messaging(machine, file), file)
        for name in ('nova', 'nova_cell1', 'nova-cpu'):
            self.assertEqual(
                'versioned_notifications,stratometrics',
                machine.ini(f'nova/{name}.conf')['notifications'][
                    'versioned_notifications_topics'
                ],
            )
        self.assertEqual(
            'ironic_versioned_notifications,stratometrics',
            machine.ini('ironic/ironic.conf')['DEFAULT'][
                'versioned_notifications_topics'
            ],
        )
        self.assertEqual(
            {
                f'{target.partition(":")[0]}:stratometrics'
                for target in self.targets_by_default()
            }
            | {'trove:stratometrics'},
            self.targets(machine),
        )

    def test_the_exchange_of_trove(self) -> None:
        machine = self.stacked(plugins=['trove'])
        self.assertEqual(
            {*self.targets_by_default(), 'trove:notifications'},
            self.targets(machine),
        )

    def targets(self, machine: harness.Stack) -> set[str]:
        written = machine.ini('stratometrics/stratometrics.conf')
        return {*written['collector']['targets'].split(',')}

    def targets_by_default(self) -> list[str]:
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], default_config_files=[])
        return conf.collector.targets

    def test_a_topic_of_the_users_choice(self) -> None:
        machine = self.stacked('STRATOMETRICS_NOTIFICATION_TOPIC=metering')
        self.assertEqual(
            'notifications,metering',
            self.messaging(machine, 'nova/nova.conf')['topics'],
        )
        self.assertIn(
            'nova:metering',
            machine.ini('stratometrics/stratometrics.conf')['collector'][
                'targets'
            ],
        )

    def test_only_what_is_enabled(self) -> None:
        machine = self.stacked(
            'disable_service c-sch c-api c-vol q-svc q-ovn-agent g-api'
        )
        self.assertEqual(
            {'keystone', 'nova'},
            {
                name.split('/')[1]
                for name in machine.files()
                if name.endswith('.conf') and 'stratometrics' not in name
            },
        )

    def test_a_compute_host(self) -> None:
        machine = self.stacked(
            'ENABLED_SERVICES=n-cpu,q-agt\n'
            'disable_service strato-api strato-collector'
        )
        self.assertEqual(
            self.ALONE, self.messaging(machine, 'nova/nova-cpu.conf')
        )
        self.assertEqual(
            self.ALONE, self.messaging(machine, 'neutron/neutron.conf')
        )
        self.assertEqual({}, machine.units)
        self.assertEqual([], machine.ran('setup_develop'))
        self.assertEqual([], machine.ran('install_package'))

    def test_none_if_that_is_wanted(self) -> None:
        machine = self.stacked('STRATOMETRICS_EMITTERS=False')
        self.assertNotIn(
            'oslo_messaging_notifications', machine.ini('cinder/cinder.conf')
        )
        self.assertEqual(
            {'notification_format': 'unversioned'},
            machine.ini('nova/nova.conf')['notifications'],
        )
        self.assertIn('strato-api', machine.units)

    def test_plugins_in_any_order(self) -> None:
        expected = {
            'octavia': ('controller_worker', 'event_notifications', 'True'),
            'manila': (
                'DEFAULT',
                'enable_gathering_share_usage_size',
                'True',
            ),
            'designate': ('DEFAULT', 'notification_plugin', 'default'),
            'ironic': ('DEFAULT', 'notification_level', 'info'),
            'magnum': ('DEFAULT', 'debug', 'True'),
            'trove': (
                'DEFAULT',
                'exists_notification_transformer',
                'trove.extensions.mgmt.instances.models.'
                'NovaNotificationTransformer',
            ),
        }
        for ours in ('first', 'last'):
            machine = self.stacked(plugins=PLUGINS, ours=ours)
            for plugin, (section, option, value) in expected.items():
                with self.subTest(f'{plugin}, ours {ours}'):
                    file = machine.ini(f'{plugin}/{plugin}.conf')
                    self.assertEqual(value, file[section][option])
                    self.assertEqual(
                        'messagingv2',
                        file['oslo_messaging_notifications']['driver'],
                    )
            # What was started before it was told is started again, and the
            # sink, which sends nothing, is left alone.
            restarted = {
                words[2] for words in machine.ran('systemctl', 'restart')
            }
            self.assertEqual(
                {
                    f'devstack@{unit}.service'
                    for unit in machine.units
                    if ours == 'last'
                    and not unit.startswith('strato-')
                    and unit != 'designate-sink'
                    and unit not in PLUGINS
                },
                restarted,
            )

    def test_swift(self) -> None:
        enabled = 'enable_service s-proxy s-object'
        machine = self.stacked(enabled)
        proxy = machine.ini('swift/proxy-server.conf')
        self.assertRegex(
            proxy['pipeline:main']['pipeline'], 'ceilometer proxy-server$'
        )
        self.assertEqual('notifications', proxy['filter:ceilometer']['topic'])
        self.assertEqual(
            'swift', proxy['filter:ceilometer']['control_exchange']
        )
        self.assertEqual(1, len(machine.ran('install_ceilometermiddleware')))
        # Ceilometer's is DevStack's own business.
        for ours in ('first', 'last'):
            machine = self.stacked(enabled, plugins=['ceilometer'], ours=ours)
            self.assertEqual([], machine.ran('install_ceilometermiddleware'))
            self.assertNotIn(
                'ceilometer',
                machine.ini('swift/proxy-server.conf')['pipeline:main'][
                    'pipeline'
                ],
            )


class ToolsTest(testtools.TestCase):
    def test_again_and_again_until_it_is_told_to_end(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # Also if the command fails.
        again = subprocess.Popen(
            [
                harness.REPOSITORY / 'devstack/tools/every.sh',
                '0.1',
                'sh',
                '-c',
                f'echo >>{folder}/runs; exit 3',
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(again.kill)
        runs = folder / 'runs'
        deadline = time.monotonic() + 30
        while not runs.exists() or len(runs.read_text()) < 3:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        again.terminate()
        said = again.communicate(timeout=10)[1]
        self.assertEqual(0, again.returncode)
        self.assertIn('sh failed with status 3', said)


class FilesTest(testtools.TestCase):
    FOLDER = harness.REPOSITORY / 'devstack'

    def test_every_setting_is_described(self) -> None:
        settings = (self.FOLDER / 'settings').read_text()
        names = {*re.findall(r'^ *(STRATOMETRICS_\w+)=', settings, re.M)}
        derived = {
            'STRATOMETRICS_DIR',
            'STRATOMETRICS_CONF',
            'STRATOMETRICS_CONF_DIR',
            'STRATOMETRICS_UWSGI_CONF',
            'STRATOMETRICS_SERVICE_HOST',
            'STRATOMETRICS_SERVICE_PROTOCOL',
        }
        page = harness.REPOSITORY / 'doc/source/install/devstack.rst'
        described = {*re.findall(r'STRATOMETRICS_\w+', page.read_text())}
        self.assertEqual(set(), names - derived - described)
        self.assertEqual(set(), described - names)

    def test_the_sample_is_accepted(self) -> None:
        sample = (self.FOLDER / 'local.conf.sample').read_text()
        localrc = sample.partition('[[local|localrc]]')[2].partition('[[')[0]
        self.assertIn('enable_plugin stratometrics ', localrc)
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        machine = harness.Stack(
            folder, 'function enable_plugin { :; }\n' + localrc
        )
        machine.run('stack')
        self.assertIn('strato-api', machine.units)
