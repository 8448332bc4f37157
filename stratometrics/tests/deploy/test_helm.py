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

"""The Helm chart: what it makes of several sets of values.

The objects are checked against the schemas of Kubernetes and against each
other. What no machine without a cluster can check is that Kubernetes admits
and runs them, that a network policy or a certificate does what it should, and
how Atmosphere's roles work with the playbook.
"""

import base64
import configparser
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from unittest import mock

import fixtures
from keystoneauth1 import loading
import kubernetes_validate
from oslo_config import cfg
from oslo_config import generator
import testtools
from testtools import content
import yaml

from stratometrics import conf as stratometrics_conf
from stratometrics.collector import targets
from stratometrics.collector import transport
from stratometrics.tests.deploy import charts

TOP = pathlib.Path(__file__).parents[3]
CHART = charts.Chart(TOP / 'contrib/helm/stratometrics')
ATMOSPHERE = TOP / 'contrib/helm/atmosphere'
RULES = TOP / 'contrib/prometheus/stratometrics.rules.yaml'
#: The oldest version that Chart.yaml names, and the newest with a schema.
KUBERNETES = ('1.25', '1.37')
IMAGE = 'registry.example.com/stratometrics:1'
PASSWORDS = {
    'admin': 'of-the-cloud',
    'keystone': "$ome'thing %s",
    'clickhouse': '$torage "x"',
    'broker': 'p/a:s@s#%$',
    'maker': 'of-the-maker',
    'cache': 'of-the-cache',
}

#: What must be given, and nothing else.
LEAST = {
    'images': {'tags': {'stratometrics_api': IMAGE}},
    'endpoints': {
        'identity': {
            'auth': {
                'admin': {'password': PASSWORDS['admin']},
                'stratometrics': {'password': PASSWORDS['keystone']},
            }
        },
        'oslo_messaging': {
            'auth': {'stratometrics': {'password': PASSWORDS['broker']}}
        },
    },
}
#: Everything that can be given, with what it is joined to.
MOST = charts.merged(
    LEAST,
    {
        'release_group': 'billing',
        'images': {
            'tags': {
                'stratometrics_collector': f'{IMAGE}-collector',
                'stratometrics_db_sync': f'{IMAGE}-db-sync',
                'ks_user': f'{IMAGE}-ks',
            }
        },
        'network': {'api': {'node_port': {'enabled': True}}},
        'conf': {
            'stratometrics': {
                'DEFAULT': {'debug': True},
                'api': {'graceful_timeout': 100},
                'clickhouse': {
                    'secure': True,
                    'query_max_memory': 8589934592,
                    'compression': False,
                },
                'collector': {'metrics_port': 9800},
                'reconciler': {'interval': 86400},
                'statements': {
                    'address': {
                        'type': 'multistring',
                        'values': ['1 Cloud Street', 'Sky'],
                    }
                },
            },
            'policy': {'usage:get': 'role:reader'},
            'definitions': {'own.yaml': {'version': 1, 'resources': {}}},
        },
        'collectors': {
            'default': None,
            'nova': {
                'oslo_messaging': {
                    'hosts': {'default': 'rabbitmq-nova'},
                    'path': '/nova',
                },
                'targets': ['nova:notifications', 'nova:stratometrics'],
                'workers': 3,
                'replicas': 2,
                'conf': {'collector': {'graceful_timeout': 200}},
            },
            'cinder': {
                'oslo_messaging': {
                    'hosts': {'default': 'rabbitmq-cinder'},
                    'path': '/cinder',
                },
                'auth_secret': 'rabbitmq-cinder-default-user',
                'targets': ['openstack:notifications'],
                'region_name': 'RegionTwo',
            },
            'glance': {'transport_url': 'rabbit://a:b@h1:1,c:d@h2:2/x'},
            'octavia': {
                'transport_url_secret': {'name': 'given', 'key': 'url'}
            },
        },
        'endpoints': {
            'identity': {
                'auth': {'stratometrics': {'role': ['service', 'admin']}}
            },
            'billing': {
                'host_fqdn_override': {
                    'public': {'host': 'billing.example.com'}
                },
                'scheme': {'public': 'https'},
                'port': {'api': {'public': 443}},
            },
            'clickhouse': {
                'auth': {
                    'stratometrics': {'password': PASSWORDS['clickhouse']},
                    'db_sync': {
                        'username': 'maker',
                        'password': PASSWORDS['maker'],
                    },
                },
                'hosts': {'default': ['clickhouse-0', 'ch.example.com']},
            },
            'oslo_cache': {
                'auth': {'memcache_secret_key': PASSWORDS['cache']},
                'hosts': {'default': 'memcached'},
            },
        },
        'secrets': {
            'tls': {
                'ca': 'authorities',
                'billing': {'api': {'public': 'certificate'}},
            },
            'oci_image_registry': 'registry',
        },
        'pod': {
            'affinity': {
                'anti': {
                    'type': {
                        'default': (
                            'requiredDuringSchedulingIgnoredDuringExecution'
                        )
                    }
                }
            },
            'tolerations': {'stratometrics': {'enabled': True}},
            'priorityClassName': 'important',
            'resources': {'enabled': True},
            'etcSources': {
                'stratometrics': [{'secret': {'name': 'snippets'}}]
            },
            'mounts': {
                'stratometrics_api': {
                    'volumeMounts': [{'name': 'x', 'mountPath': '/x'}],
                    'volumes': [{'name': 'x', 'emptyDir': {}}],
                }
            },
        },
        'manifests': {'network_policy': True, 'pod_monitor': True},
        'pod_monitor': {'labels': {'release': 'monitoring'}},
        'extraObjects': {
            'own': {
                'apiVersion': 'v1',
                'kind': 'ConfigMap',
                'metadata': {'name': '{{ .Release.Name }}-own'},
            }
        },
    },
)
#: Secrets of somebody else, that values name.
FOREIGN = {
    'authorities',
    'certificate',
    'given',
    'rabbitmq-cinder-default-user',
    'registry',
    'snippets',
}


def changed(values, *path_and_value):
    """Values of which one is another."""
    *path, value = path_and_value
    for key in reversed(path):
        value = {key: value}
    return charts.merged(values, value)


class Rendered:
    """Objects by kind and name."""

    def __init__(self, *values):
        self.objects = CHART.render(*values)

    def __getitem__(self, kind):
        found = {}
        for item in self.objects:
            if item['kind'] == kind:
                name = item['metadata']['name']
                assert name not in found, f'{kind} {name} is there twice'
                found[name] = item
        return found

    def job(self, name):
        [job] = (
            job
            for job in self['Job'].values()
            if job['metadata']['labels']['component'] == name
        )
        return job

    def pods(self):
        """Specifications of pods, with their labels, by name."""
        for kind in ('Deployment', 'Job'):
            for name, item in self[kind].items():
                template = item['spec']['template']
                yield name, template['metadata']['labels'], template['spec']
        for name, pod in self['Pod'].items():
            yield name, pod['metadata']['labels'], pod['spec']

    def secret(self, name):
        """The files of a Secret as texts."""
        return {
            file: base64.b64decode(content).decode()
            for file, content in self['Secret'][name]['data'].items()
        }

    def options(self, *files):
        """What files, by Secret and name, say, by section and option."""
        parser = configparser.RawConfigParser(
            default_section='none', strict=False
        )
        parser.optionxform = str
        for secret, file in files:
            parser.read_string(self.secret(secret)[file])
        return {name: dict(parser[name]) for name in parser.sections()}

    def configuration(self, *files):
        """The service's configuration, from the files of Secrets."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = []
            for number, (secret, file) in enumerate(files):
                path = pathlib.Path(folder, f'{number}.conf')
                path.write_text(self.secret(secret)[file])
                arguments += ['--config-file', str(path)]
            conf = cfg.ConfigOpts()
            stratometrics_conf.register_opts(conf)
            loading.register_auth_conf_options(conf, 'keystone_authtoken')
            conf.register_opts(
                loading.get_auth_plugin_conf_options('password'),
                group='keystone_authtoken',
            )
            conf(arguments, project='stratometrics')
            return conf

    def broker(self, name, environment=None):
        """The address that a collector has, with its environment."""
        conf = self.configuration(*collector(name))
        with mock.patch.dict(os.environ, environment or {}):
            return transport.url(conf)


MAIN = ('stratometrics-etc', 'stratometrics.conf')


def collector(name):
    return MAIN, (f'stratometrics-collector-{name}', 'collector.conf')


def known_options():
    """The names of all options that the service has, by section."""
    known = {}
    text = (TOP / 'etc/stratometrics/config-generator.conf').read_text()
    namespaces = re.findall(r'^namespace = (\S+)$', text, re.MULTILINE)
    for _, groups in generator._list_opts(namespaces):
        for group, options in groups:
            name = str(group or 'DEFAULT')
            known.setdefault(name, set()).update(
                option.dest for option in options
            )
    plugin = loading.get_auth_plugin_conf_options('password')
    known['keystone_authtoken'].update(option.dest for option in plugin)
    return known


class TestChart(testtools.TestCase):
    """What holds for every set of values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sets = {
            'least': Rendered(LEAST),
            'most': Rendered(MOST),
            'atmosphere': Rendered(atmosphere_values()),
        }

    def each(self):
        for name, rendered in self.sets.items():
            self.addDetail('values', content.text_content(name))
            yield rendered

    def test_kubernetes_knows_the_objects(self):
        for rendered in self.each():
            for item in rendered.objects:
                if item['kind'] == 'PodMonitor':
                    continue
                for version in KUBERNETES:
                    kubernetes_validate.validate(item, version, strict=True)

    def test_names(self):
        pattern = re.compile(r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?')
        for rendered in self.each():
            seen = set()
            for item in rendered.objects:
                name = item['metadata']['name']
                self.assertTrue(pattern.fullmatch(name), name)
                self.assertNotIn((item['kind'], name), seen)
                seen.add((item['kind'], name))

    def test_kinds(self):
        self.assertEqual(
            {
                'ConfigMap': 2,
                'Deployment': 2,
                'Ingress': 1,
                'Job': 4,
                'Pod': 1,
                'PodDisruptionBudget': 2,
                'Secret': 4,
                'Service': 1,
                'ServiceAccount': 1,
            },
            count(self.sets['least'].objects),
        )
        self.assertEqual(
            {
                'ConfigMap': 3,
                'Deployment': 5,
                'Ingress': 1,
                'Job': 4,
                'NetworkPolicy': 2,
                'Pod': 1,
                'PodDisruptionBudget': 5,
                'PodMonitor': 4,
                'Secret': 8,
                'Service': 1,
                'ServiceAccount': 1,
            },
            count(self.sets['most'].objects),
        )

    def test_everything_can_be_left_out(self):
        manifests = dict.fromkeys(CHART.defaults['manifests'], False)
        self.assertEqual(
            [], CHART.render(changed(LEAST, 'manifests', manifests))
        )

    def test_selectors_choose_what_they_should(self):
        for rendered in self.each():
            pods = [(name, labels) for name, labels, _ in rendered.pods()]
            for name, item in rendered['Deployment'].items():
                self.assertEqual([name], chosen(item['spec'], pods))
            for kind in ('PodDisruptionBudget', 'PodMonitor'):
                for name, item in rendered[kind].items():
                    self.assertEqual([name], chosen(item['spec'], pods))
            for item in rendered['Service'].values():
                selector = {'matchLabels': item['spec']['selector']}
                self.assertEqual(
                    ['stratometrics-api'], chosen({'selector': selector}, pods)
                )
            for item in rendered['NetworkPolicy'].values():
                found = chosen({'selector': item['spec']['podSelector']}, pods)
                component = item['metadata']['labels']['component']
                self.assertTrue(found)
                for name in found:
                    self.assertTrue(
                        name.startswith(f'stratometrics-{component}'), name
                    )

    def test_ports_are_those_that_are_listened_on(self):
        for rendered in self.each():
            conf = rendered.configuration(MAIN)
            api = rendered['Deployment']['stratometrics-api']
            [container] = api['spec']['template']['spec']['containers']
            self.assertEqual(
                [{'name': 'api', 'containerPort': conf.api.bind_port}],
                container['ports'],
            )
            [service] = rendered['Service'].values()
            self.assertEqual('api', service['spec']['ports'][0]['targetPort'])
            for ingress in rendered['Ingress'].values():
                [rule] = ingress['spec']['rules']
                [path] = rule['http']['paths']
                self.assertEqual(
                    {
                        'name': service['metadata']['name'],
                        'port': {'name': service['spec']['ports'][0]['name']},
                    },
                    path['backend']['service'],
                )
            for name, item in rendered['Deployment'].items():
                if name == 'stratometrics-api':
                    continue
                own = rendered.configuration(
                    *collector(name.removeprefix('stratometrics-collector-'))
                )
                [container] = item['spec']['template']['spec']['containers']
                self.assertEqual(
                    [
                        {
                            'name': f'metrics-{worker}',
                            'containerPort': own.collector.metrics_port
                            + worker,
                        }
                        for worker in range(own.collector.workers)
                    ],
                    container['ports'],
                )
            for monitor in rendered['PodMonitor'].values():
                name = monitor['metadata']['name']
                pod = rendered['Deployment'][name]['spec']['template']['spec']
                self.assertEqual(
                    [port['name'] for port in pod['containers'][0]['ports']],
                    [
                        endpoint['port']
                        for endpoint in monitor['spec']['podMetricsEndpoints']
                    ],
                )

    def test_probes(self):
        for rendered in self.each():
            for name, item in rendered['Deployment'].items():
                [container] = item['spec']['template']['spec']['containers']
                ports = {port['name'] for port in container['ports']}
                api = name == 'stratometrics-api'
                for probe, path in (
                    ('readinessProbe', '/healthcheck' if api else '/metrics'),
                    # A restart does not bring ClickHouse back.
                    ('livenessProbe', '/' if api else '/metrics'),
                ):
                    asked = container[probe]['httpGet']
                    self.assertEqual(path, asked['path'])
                    self.assertIn(asked['port'], ports)

    def test_a_pod_ends_after_what_it_finishes(self):
        for rendered in self.each():
            for name, item in rendered['Deployment'].items():
                pod = item['spec']['template']['spec']
                if name == 'stratometrics-api':
                    finishing = rendered.configuration(MAIN).api
                    pause = int(
                        pod['containers'][0]['lifecycle']['preStop']['exec'][
                            'command'
                        ][1]
                    )
                else:
                    finishing = rendered.configuration(
                        *collector(
                            name.removeprefix('stratometrics-collector-')
                        )
                    ).collector
                    pause = 0
                self.assertGreater(
                    pod['terminationGracePeriodSeconds'],
                    finishing.graceful_timeout + pause,
                )

    def test_pods_find_what_they_refer_to(self):
        for rendered in self.each():
            secrets = {*rendered['Secret'], *FOREIGN}
            keys = {
                name: rendered['Secret'][name]['data']
                for name in rendered['Secret']
            }
            for _, _, pod in rendered.pods():
                self.assertIn(
                    pod['serviceAccountName'], rendered['ServiceAccount']
                )
                mounted = pod.get('volumes', ())
                volumes = {volume['name']: volume for volume in mounted}
                self.assertEqual(len(volumes), len(mounted))
                for volume in volumes.values():
                    for used in secrets_of(volume):
                        if not used.startswith('rabbitmq-'):
                            self.assertIn(used, secrets)
                    if 'configMap' in volume:
                        self.assertIn(
                            volume['configMap']['name'], rendered['ConfigMap']
                        )
                for container in pod['containers']:
                    paths = [
                        mount['mountPath']
                        for mount in container.get('volumeMounts', ())
                    ]
                    self.assertEqual(len(set(paths)), len(paths))
                    for mount in container.get('volumeMounts', ()):
                        volume = volumes[mount['name']]
                        if 'subPath' in mount and 'items' not in volume.get(
                            'secret', {}
                        ):
                            used = volume['secret']['secretName']
                            self.assertIn(mount['subPath'], keys[used])
                    for variable in container.get('env', ()):
                        reference = variable.get('valueFrom', {}).get(
                            'secretKeyRef'
                        )
                        if reference and reference['name'] in keys:
                            self.assertIn(
                                reference['key'], keys[reference['name']]
                            )
                        elif reference:
                            self.assertTrue(
                                reference['name'] in FOREIGN
                                or reference['name'].startswith('rabbitmq-'),
                                reference['name'],
                            )

    def test_containers_may_do_little(self):
        for rendered in self.each():
            for _, _, pod in rendered.pods():
                self.assertIs(False, pod['automountServiceAccountToken'])
                self.assertIs(True, pod['securityContext']['runAsNonRoot'])
                for container in pod['containers']:
                    allowed = container['securityContext']
                    self.assertIs(True, allowed['readOnlyRootFilesystem'])
                    self.assertIs(False, allowed['allowPrivilegeEscalation'])
                    self.assertEqual(['ALL'], allowed['capabilities']['drop'])

    def test_passwords_are_in_secrets_alone(self):
        for rendered in self.each():
            told = 0
            for item in rendered.objects:
                if item['kind'] == 'Secret':
                    told += 1
                    continue
                text = json.dumps(item)
                for password in PASSWORDS.values():
                    self.assertNotIn(json.dumps(password)[1:-1], text)
            self.assertTrue(told)

    def test_options_are_known(self):
        known = known_options()
        for rendered in self.each():
            for name, secret in rendered['Secret'].items():
                for file in secret['data']:
                    if not file.endswith('.conf'):
                        continue
                    for section, options in rendered.options(
                        (name, file)
                    ).items():
                        self.assertIn(section, known)
                        for option in options:
                            self.assertIn(option, known[section], section)


def count(objects):
    kinds = {}
    for item in objects:
        kinds[item['kind']] = kinds.get(item['kind'], 0) + 1
    return kinds


def chosen(spec, pods):
    """The names of pods that have the labels of a selector."""
    wanted = spec['selector']['matchLabels'].items()
    assert wanted
    return [name for name, labels in pods if wanted <= labels.items()]


def secrets_of(volume):
    """The names of Secrets that a volume is made of."""
    if 'secret' in volume:
        yield volume['secret']['secretName']
    for source in volume.get('projected', {}).get('sources', ()):
        if 'secret' in source:
            yield source['secret']['name']


class TestConfiguration(testtools.TestCase):
    """What the service reads."""

    def test_least(self):
        rendered = Rendered(LEAST)
        conf = rendered.configuration(*collector('default'))
        self.assertEqual('0.0.0.0', str(conf.api.bind_host))
        self.assertEqual(9721, conf.api.bind_port)
        self.assertEqual(
            ['clickhouse.openstack.svc.cluster.local'], conf.clickhouse.hosts
        )
        self.assertEqual('stratometrics', conf.clickhouse.database)
        self.assertIsNone(conf.clickhouse.port)
        self.assertEqual(
            'http://keystone-api.openstack.svc.cluster.local:5000/v3',
            conf.keystone_authtoken.auth_url,
        )
        self.assertEqual(
            PASSWORDS['keystone'], conf.keystone_authtoken.password
        )
        self.assertEqual('RegionOne', conf.collector.region_name)
        self.assertEqual(
            stratometrics_conf.collector.OPTS[1].default,
            conf.collector.targets,
        )
        [host] = rendered.broker('default').hosts
        self.assertEqual(PASSWORDS['broker'], host.password)
        self.assertEqual('rabbitmq.openstack.svc.cluster.local', host.hostname)
        self.assertEqual(5672, host.port)
        self.assertNotIn('service_credentials', rendered.options(MAIN))

    def test_most(self):
        rendered = Rendered(MOST)
        conf = rendered.configuration(MAIN)
        self.assertEqual(8589934592, conf.clickhouse.query_max_memory)
        self.assertIs(True, conf.clickhouse.secure)
        self.assertIs(False, conf.clickhouse.compression)
        self.assertEqual(PASSWORDS['clickhouse'], conf.clickhouse.password)
        self.assertEqual(
            ['clickhouse-0.openstack.svc.cluster.local', 'ch.example.com'],
            conf.clickhouse.hosts,
        )
        self.assertEqual(
            '/etc/ssl/certs/openstack-helm.crt', conf.clickhouse.cafile
        )
        self.assertEqual(['1 Cloud Street', 'Sky'], conf.statements.address)
        options = rendered.options(MAIN)
        self.assertEqual(
            'memcached.openstack.svc.cluster.local:11211',
            options['keystone_authtoken']['memcached_servers'],
        )
        self.assertEqual(
            'ENCRYPT',
            options['keystone_authtoken']['memcache_security_strategy'],
        )
        self.assertEqual(
            PASSWORDS['keystone'].replace('$', '$$'),
            options['service_credentials']['password'],
        )
        self.assertEqual(
            {'usage:get': 'role:reader'},
            yaml.safe_load(
                rendered.secret('stratometrics-etc')['policy.yaml']
            ),
        )
        definitions = rendered['ConfigMap']['stratometrics-definitions']
        self.assertEqual(
            MOST['conf']['definitions']['own.yaml'],
            yaml.safe_load(definitions['data']['own.yaml']),
        )

    def test_the_database_is_made_by_its_own_user(self):
        rendered = Rendered(MOST)
        conf = rendered.configuration(
            MAIN, ('stratometrics-db-sync', 'db-sync.conf')
        )
        self.assertEqual('maker', conf.clickhouse.user)
        self.assertEqual(PASSWORDS['maker'], conf.clickhouse.password)
        pod = rendered.job('db-sync')['spec']['template']['spec']
        self.assertIn(
            'stratometrics-db-sync',
            [name for volume in pod['volumes'] for name in secrets_of(volume)],
        )

    def test_null_takes_an_option_out(self):
        rendered = Rendered(
            changed(LEAST, 'conf', 'stratometrics', 'api', {'bind_port': None})
        )
        self.assertNotIn('bind_port', rendered.options(MAIN)['api'])

    def test_each_collector_has_its_broker(self):
        rendered = Rendered(MOST)
        conf = rendered.configuration(*collector('nova'))
        broker = rendered.broker('nova')
        [host] = broker.hosts
        self.assertEqual(
            ('rabbitmq-nova.openstack.svc.cluster.local', 'nova'),
            (host.hostname, broker.virtual_host),
        )
        self.assertEqual(PASSWORDS['broker'], host.password)
        self.assertEqual(3, conf.collector.workers)
        self.assertEqual(200, conf.collector.graceful_timeout)
        self.assertEqual(
            ['nova:notifications', 'nova:stratometrics'],
            conf.collector.targets,
        )
        nova = rendered['Deployment']['stratometrics-collector-nova']
        self.assertEqual(2, nova['spec']['replicas'])
        self.assertEqual(
            [('h1', 1), ('h2', 2)],
            [
                (host.hostname, host.port)
                for host in rendered.broker('glance').hosts
            ],
        )

    def test_users_of_brokers_come_from_secrets(self):
        rendered = Rendered(MOST)
        item = rendered['Deployment']['stratometrics-collector-cinder']
        [container] = item['spec']['template']['spec']['containers']
        given = {
            'RABBITMQ_USERNAME': 'default_user_x',
            'RABBITMQ_PASSWORD': 'aB3-_x',
        }
        environment = {}
        for variable in container['env']:
            if 'valueFrom' in variable:
                reference = variable['valueFrom']['secretKeyRef']
                self.assertEqual(
                    'rabbitmq-cinder-default-user', reference['name']
                )
                environment[variable['name']] = given[variable['name']]
            else:
                # As Kubernetes does with what stands before.
                environment[variable['name']] = re.sub(
                    r'\$\((\w+)\)',
                    lambda match: environment[match[1]],
                    variable['value'],
                )
        [host] = rendered.broker('cinder', environment).hosts
        self.assertEqual(
            ('default_user_x', 'aB3-_x'), (host.username, host.password)
        )
        self.assertEqual(
            'rabbitmq-cinder.openstack.svc.cluster.local', host.hostname
        )
        conf = rendered.configuration(*collector('cinder'))
        self.assertEqual('RegionTwo', conf.collector.region_name)

        item = rendered['Deployment']['stratometrics-collector-octavia']
        [container] = item['spec']['template']['spec']['containers']
        self.assertEqual(
            {
                'name': 'OS_DEFAULT__TRANSPORT_URL',
                'valueFrom': {'secretKeyRef': {'name': 'given', 'key': 'url'}},
            },
            container['env'][0],
        )
        given = {'OS_DEFAULT__TRANSPORT_URL': 'rabbit://u:p@there/v'}
        [host] = rendered.broker('octavia', given).hosts
        self.assertEqual('there', host.hostname)

    def test_endpoints(self):
        def urls(rendered):
            pod = rendered.job('ks-endpoints')['spec']['template']['spec']
            return {
                variable['name']: variable['value']
                for variable in pod['containers'][0]['env']
                if variable['name'].startswith('SERVICE_URL_')
            }

        inside = 'http://stratometrics-api.openstack.svc.cluster.local:9721'
        self.assertEqual(
            {
                'SERVICE_URL_ADMIN': inside,
                'SERVICE_URL_INTERNAL': inside,
                'SERVICE_URL_PUBLIC': (
                    'http://stratometrics.openstack.svc.cluster.local'
                ),
            },
            urls(Rendered(LEAST)),
        )
        rendered = Rendered(MOST)
        self.assertEqual(
            'https://billing.example.com', urls(rendered)['SERVICE_URL_PUBLIC']
        )
        [ingress] = rendered['Ingress'].values()
        self.assertEqual(
            [{'secretName': 'certificate', 'hosts': ['billing.example.com']}],
            ingress['spec']['tls'],
        )

    def test_options_of_other_services_would_be_found(self):
        rendered = Rendered(
            changed(LEAST, 'conf', 'stratometrics', 'api', {'threds': 3})
        )
        self.assertNotIn('threds', known_options()['api'])
        self.assertIn('threds', rendered.options(MAIN)['api'])

    def test_prometheus_finds_the_monitors(self):
        monitors = Rendered(MOST)['PodMonitor']
        self.assertEqual(
            {'monitoring'},
            {
                item['metadata']['labels']['release']
                for item in monitors.values()
            },
        )

    def test_metrics_are_of_the_job_that_alerts_ask_for(self):
        jobs = re.findall(r'job="([^"]+)"', RULES.read_text())
        for monitor in Rendered(MOST)['PodMonitor'].values():
            for endpoint in monitor['spec']['podMetricsEndpoints']:
                [relabeling] = endpoint['relabelings']
                self.assertEqual('job', relabeling['targetLabel'])
                self.assertEqual(
                    'stratometrics-collector', relabeling['replacement']
                )
                self.assertIn(relabeling['replacement'], jobs)


class TestChanges(testtools.TestCase):
    """What is replaced when values change."""

    def annotations(self, values):
        return {
            name: item['spec']['template']['metadata']['annotations']
            for name, item in Rendered(values)['Deployment'].items()
        }

    def replaced(self, *change):
        before = self.annotations(MOST)
        after = self.annotations(changed(MOST, *change))
        return {name for name in before if before[name] != after[name]}

    def test_nothing_changes_by_itself(self):
        self.assertEqual(CHART.render(MOST), CHART.render(copy.deepcopy(MOST)))

    def test_everything_by_the_configuration(self):
        everything = set(self.annotations(MOST))
        self.assertEqual(
            everything,
            self.replaced('conf', 'stratometrics', 'api', 'workers', 7),
        )
        self.assertEqual(
            everything, self.replaced('conf', 'policy', 'usage:get', '!')
        )
        self.assertEqual(
            everything,
            self.replaced('conf', 'definitions', 'b.yaml', {'version': 1}),
        )

    def test_one_collector_by_what_is_its_own(self):
        self.assertEqual(
            {'stratometrics-collector-nova'},
            self.replaced('collectors', 'nova', 'targets', ['nova:others']),
        )

    def test_jobs_are_repeated_if_they_would_do_something_else(self):
        before = set(Rendered(MOST)['Job'])

        def repeated(*change):
            after = set(Rendered(changed(MOST, *change))['Job'])
            return {
                job.rpartition('-')[0].removeprefix('stratometrics-')
                for job in after - before
            }

        self.assertEqual(set(), repeated('pod', 'replicas', 'api', 5))
        self.assertEqual(
            {'db-sync'},
            repeated('images', 'tags', 'stratometrics_db_sync', 'x:2'),
        )
        self.assertEqual(
            {'ks-user'}, repeated('images', 'tags', 'ks_user', 'x:2')
        )
        self.assertEqual(
            {'ks-user', 'ks-service', 'ks-endpoints', 'db-sync'},
            repeated(
                'endpoints',
                'identity',
                'auth',
                'stratometrics',
                'password',
                'another',
            ),
        )
        self.assertEqual(
            {'ks-endpoints'},
            repeated(
                'endpoints',
                'billing',
                'host_fqdn_override',
                'public',
                'host',
                'other.example.com',
            ),
        )

    def test_no_job_is_asked_to_change(self):
        """Kubernetes refuses another pod for a job that there is."""
        before = Rendered(MOST)['Job']
        for change in (
            ('labels', 'job', 'node_selector_value', 'other'),
            ('pod', 'tolerations', 'stratometrics', 'enabled', False),
            ('pod', 'affinity', 'anti', 'topologyKey', 'default', 'zone'),
            ('pod', 'priorityClassName', 'other'),
            ('pod', 'security_context', 'stratometrics', 'pod', 'fsGroup', 7),
            ('pod', 'resources', 'enabled', False),
            ('secrets', 'oci_image_registry', 'other'),
            ('secrets', 'tls', 'ca', 'other'),
            ('images', 'pull_policy', 'Always'),
            ('release_group', 'other'),
        ):
            after = Rendered(changed(MOST, *change))['Job']
            self.assertEqual(set(), set(before) & set(after), change)


class TestBadValues(testtools.TestCase):
    """What is refused, and how it is told."""

    def refused(self, values):
        error = self.assertRaises(charts.ChartError, CHART.render, values)
        return str(error)

    def test_what_is_missing(self):
        for path, told in (
            (('images', 'tags', 'stratometrics_api'), 'name the image'),
            (
                ('endpoints', 'identity', 'auth', 'admin', 'password'),
                'endpoints.identity.auth.admin.password',
            ),
            (
                ('endpoints', 'identity', 'auth', 'stratometrics', 'password'),
                'endpoints.identity.auth.stratometrics.password',
            ),
            (
                (
                    'endpoints',
                    'oslo_messaging',
                    'auth',
                    'stratometrics',
                    'password',
                ),
                'collectors.default',
            ),
        ):
            self.assertIn(told, self.refused(changed(LEAST, *path, None)))

    def test_a_misspelt_key(self):
        for path, value, key in (
            (('manifest',), {}, 'manifest'),
            (('manifests', 'pbd'), True, 'pbd'),
            (('collectors', 'nova', 'target'), [], 'target'),
            (('endpoints', 'clickhouse', 'host'), {}, 'host'),
            (('endpoints', 'identity', 'hosts', 'defalut'), 'x', 'defalut'),
            (('pod', 'replicas', 'apis'), 3, 'apis'),
            (('network', 'api', 'prot'), 3, 'prot'),
        ):
            told = self.refused(changed(LEAST, *path, value))
            self.assertIn(f"'{key}'", told)

    def test_a_wrong_value(self):
        for path, told in (
            (('collectors', 'a', 'targets', ['nova']), "'nova'"),
            (('collectors', 'a', 'workers', 0), '0'),
            (('collectors', 'Nova', {}), "'Nova'"),
            (('pod', 'replicas', 'api', 'two'), "'two'"),
            (('conf', 'definitions', 'a.yml', {}), "'a.yml'"),
            (
                ('conf', 'stratometrics', 'api', {'x': {'type': 'list'}}),
                '$.conf.stratometrics.api.x',
            ),
        ):
            self.assertIn(told, self.refused(changed(LEAST, *path)))

    def test_an_option_cannot_be_put_in_by_a_password(self):
        self.refused(
            changed(
                LEAST,
                'endpoints',
                'clickhouse',
                'auth',
                'stratometrics',
                'password',
                'x\n[api]\nauth_strategy = noauth',
            )
        )

    def test_defaults_say_what_may_be_null(self):
        text = (CHART.path / 'values.yaml').read_text()
        required = re.findall(r'^ *([^#\n]*: null)$', text, re.MULTILINE)
        self.assertEqual(
            ['password: null'] * 3 + ['stratometrics_api: null'],
            sorted(required),
        )


class TestExamples(testtools.TestCase):
    """What the page shows."""

    def example(self, name):
        text = (TOP / 'contrib/helm/examples' / name).read_text()
        return yaml.safe_load(text)

    def test_values(self):
        rendered = Rendered(self.example('values.yaml'))
        self.assertIn(
            'stratometrics-collector-default', rendered['Deployment']
        )

    def test_several_brokers(self):
        brokers = self.example('brokers.yaml')
        rendered = Rendered(self.example('values.yaml'), brokers)
        for name, given in brokers['collectors'].items():
            if given and 'auth_secret' not in given:
                self.assertEqual(name, rendered.broker(name).virtual_host)
        self.assertNotIn(
            'stratometrics-collector-default', rendered['Deployment']
        )

    def test_the_host_of_clickhouse_is_what_its_operator_makes(self):
        made = self.example('clickhouse.yaml')
        values = self.example('values.yaml')
        self.assertEqual(
            f'clickhouse-{made["metadata"]["name"]}',
            values['endpoints']['clickhouse']['hosts']['default'],
        )


class TestHelm(testtools.TestCase):
    """The chart with Helm itself."""

    def setUp(self):
        super().setUp()
        self.helm = shutil.which('helm')
        if self.helm is None:
            self.skipTest('there is no helm, and no registry has it')

        self.folder = self.useFixture(fixtures.TempDir()).path

    def values(self, values):
        file = pathlib.Path(self.folder, 'values.yaml')
        file.write_text(json.dumps(values))
        return str(file)

    def run_helm(self, *arguments):
        return subprocess.run(
            [self.helm, *arguments],
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def test_lint(self):
        self.run_helm(
            'lint', '--strict', str(CHART.path), '-f', self.values(MOST)
        )

    def test_it_renders_the_same(self):
        for values in (LEAST, MOST):
            text = self.run_helm(
                'template',
                'stratometrics',
                str(CHART.path),
                '--namespace',
                'openstack',
                '-f',
                self.values(values),
            )
            self.assertEqual(
                sorted(map(json.dumps, CHART.render(values))),
                sorted(map(json.dumps, charts.objects([text]))),
            )


#: What Atmosphere's role adds for the endpoint identity.
KEYSTONE = {
    'identity': {
        'auth': {
            'admin': {
                'region_name': 'RegionOne',
                'username': 'admin-RegionOne',
                'password': PASSWORDS['admin'],
            }
        },
        'hosts': {'default': 'keystone-api'},
        'scheme': {'public': 'https'},
        'host_fqdn_override': {'public': {'host': 'identity.example.com'}},
        'path': {'default': '/'},
        'port': {'api': {'default': 5000, 'public': 443}},
    }
}


def atmosphere_values():
    """What the playbook for Atmosphere hands to the chart.

    Ansible fills the templates in; what Atmosphere's roles would tell of
    Keystone stands above.
    """
    inventory = {
        'stratometrics_image': IMAGE,
        'stratometrics_api_host': 'billing.example.com',
        'stratometrics_keystone_password': PASSWORDS['keystone'],
        'stratometrics_clickhouse_hosts': ['clickhouse'],
        'stratometrics_clickhouse_password': PASSWORDS['clickhouse'],
        'openstack_helm_endpoints_region_name': 'RegionOne',
        'keystone_of_atmosphere': KEYSTONE,
        'openstack_helm_endpoints': (
            '{{ _stratometrics_endpoints'
            ' | combine(keystone_of_atmosphere, recursive=True) }}'
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, 'values.json')
        playbook = pathlib.Path(folder, 'playbook.yml')
        playbook.write_text(
            json.dumps(
                [
                    {
                        'hosts': 'localhost',
                        'gather_facts': False,
                        'vars_files': [str(ATMOSPHERE / 'vars.yml')],
                        'tasks': [
                            {
                                'ansible.builtin.copy': {
                                    'content': (
                                        '{{ _stratometrics_helm_values'
                                        ' | to_json }}'
                                    ),
                                    'dest': str(result),
                                    'mode': '0600',
                                }
                            }
                        ],
                    }
                ]
            )
        )
        variables = pathlib.Path(folder, 'inventory.json')
        variables.write_text(json.dumps(inventory))
        subprocess.run(
            [
                sys.executable,
                '-m',
                'ansible',
                'playbook',
                '--inventory',
                'localhost,',
                '--connection',
                'local',
                '--extra-vars',
                f'@{variables}',
                str(playbook),
            ],
            check=True,
            capture_output=True,
            env={
                **os.environ,
                'ANSIBLE_HOME': folder,
                'ANSIBLE_PYTHON_INTERPRETER': sys.executable,
                'LC_ALL': 'C.UTF-8',
            },
            timeout=120,
        )
        return json.loads(result.read_text())


class TestAtmosphere(testtools.TestCase):
    """What Atmosphere is given."""

    #: What each service needs beside the driver.
    FURTHER = {
        'nova': {
            'DEFAULT': {
                'instance_usage_audit': True,
                'instance_usage_audit_period': 'hour',
            },
            'notifications': {
                'notification_format': 'both',
                'notify_on_state_change': 'vm_and_task_state',
            },
        },
        'ironic': {'DEFAULT': {'notification_level': 'info'}},
    }

    def setUp(self):
        super().setUp()
        text = (ATMOSPHERE / 'notifications.yml').read_text()
        self.services = {
            name.removesuffix('_helm_values'): values['conf']
            for name, values in yaml.safe_load(text).items()
        }
        self.collectors = yaml.safe_load(
            (ATMOSPHERE / 'vars.yml').read_text()
        )['_stratometrics_collectors']

    def test_services_tell(self):
        for name, conf in self.services.items():
            self.assertEqual(
                {
                    'oslo_messaging_notifications': {'driver': 'messagingv2'},
                    **self.FURTHER.get(name, {}),
                },
                conf[name],
            )

    def test_messages_wait_for_the_collector(self):
        for name, conf in self.services.items():
            own, ours = conf['rabbitmq']['policies']
            self.assertEqual({name}, {own['vhost'], ours['vhost']})
            self.assertGreater(ours['priority'], own['priority'])
            self.assertGreaterEqual(
                ours['definition']['message-ttl'], 24 * 3600 * 1000
            )
            for queue in (
                'notifications.info',
                'versioned_notifications.error',
                'ironic_versioned_notifications.warn',
            ):
                self.assertTrue(re.search(ours['pattern'], queue), queue)
            for queue in ('conductor', 'notifications_reply', 'reply_1.x'):
                self.assertFalse(re.search(ours['pattern'], queue), queue)

    def test_everybody_is_heard(self):
        collectors = {
            name: given for name, given in self.collectors.items() if given
        }
        self.assertEqual(set(self.services), set(collectors))
        heard = [
            target
            for given in collectors.values()
            for target in given['targets']
        ]
        # Swift tells nothing in Atmosphere. Cinder and Manila, which are on
        # brokers of their own, use the same exchange.
        expected = [
            *stratometrics_conf.collector.OPTS[1].default,
            'openstack:notifications',
        ]
        expected.remove('swift:notifications')
        self.assertEqual(sorted(expected), sorted(heard))
        targets.parse(heard)
        for name, given in collectors.items():
            self.assertEqual(f'/{name}', given['oslo_messaging']['path'])

    def test_the_chart_takes_the_values(self):
        rendered = Rendered(atmosphere_values())
        conf = rendered.configuration(MAIN)
        self.assertEqual(
            'http://keystone-api.openstack.svc.cluster.local:5000/',
            conf.keystone_authtoken.auth_url,
        )
        self.assertEqual(
            'stratometrics-RegionOne', conf.keystone_authtoken.username
        )
        self.assertEqual({}, rendered['Ingress'])
        self.assertEqual(
            {'stratometrics-api'}
            | {
                f'stratometrics-collector-{name}'
                for name, given in self.collectors.items()
                if given
            },
            set(rendered['Deployment']),
        )
