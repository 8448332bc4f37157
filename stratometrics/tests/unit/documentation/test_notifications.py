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
"""What to set in which service, as the page says it and the code needs it."""

import configparser
import re
import unittest

import yaml

from stratometrics.collector import targets
from stratometrics.conf import collector
from stratometrics.tests.unit.documentation import pages

#: Exchanges of the table that only definitions which are off listen to.
_OFF = 'heat'

_NAME = re.compile('``([^`]+)``')

_TARGETS = next(each for each in collector.OPTS if each.name == 'targets')

#: What each service is told beside its driver; a name is spelled as the
#: service spells it in its own code.
_SETTINGS = {
    'nova.conf': {
        ('DEFAULT', 'instance_usage_audit'): 'true',
        ('DEFAULT', 'instance_usage_audit_period'): 'hour',
        ('notifications', 'notification_format'): 'both',
        ('notifications', 'notify_on_state_change'): 'vm_and_task_state',
        ('notifications', 'versioned_notifications_topics'): (
            'versioned_notifications,stratometrics'
        ),
    },
    'cinder.conf': {('DEFAULT', 'volume_usage_audit_period'): 'hour'},
    'keystone.conf': {('DEFAULT', 'notification_format'): 'cadf'},
    'octavia.conf': {('controller_worker', 'event_notifications'): 'true'},
    'manila.conf': {('DEFAULT', 'enable_gathering_share_usage_size'): 'true'},
    'designate.conf': {('DEFAULT', 'notification_plugin'): 'default'},
    'ironic.conf': {
        ('DEFAULT', 'notification_level'): 'info',
        ('DEFAULT', 'versioned_notifications_topics'): (
            'ironic_versioned_notifications,stratometrics'
        ),
    },
    'trove.conf': {
        ('DEFAULT', 'exists_notification_transformer'): (
            'trove.extensions.mgmt.instances.models.'
            'NovaNotificationTransformer'
        ),
        ('DEFAULT', 'exists_notification_interval'): '3600',
    },
}


#: Where ways to install set the same; topics are a matter of their own.
_WAYS = (
    'devstack/lib/emitters',
    'contrib/helm/atmosphere/notifications.yml',
    'contrib/kolla-ansible/etc/kolla/config/nova.conf',
)
_OWN = 'versioned_notifications_topics'


def settings(text: str) -> dict[str, dict[tuple[str, str], str]]:
    """What the page sets, by file, section and option."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for caption, block in pages.blocks(text, 'ini'):
        parser = configparser.ConfigParser(
            default_section='', interpolation=None
        )
        parser.read_string(block)
        for section in parser.sections():
            for option, value in parser[section].items():
                found.setdefault(caption, {})[section, option] = value
    return found


def definitions() -> dict[str, dict]:
    """The shipped definitions, as they are written."""
    folder = pages.CODE / 'notifications' / 'definitions'
    return {
        path.stem: yaml.safe_load(path.read_text(encoding='utf-8'))
        for path in folder.glob('*.yaml')
    }


class NotificationsTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = pages.page('admin/notifications')
        [_head, *self.rows] = pages.rows(self.page)

    def targets(self) -> set[str]:
        return {_NAME.findall(row[1])[0] for row in self.rows}

    def test_the_targets_are_those_that_are_listened_to(self) -> None:
        off = {each for each in self.targets() if each.startswith(_OFF)}
        self.assertEqual(set(_TARGETS.default), self.targets() - off)
        self.assertIn('(off)', self.page)

    def test_what_arrives_from_each_exchange(self) -> None:
        defined: dict[str, set[str]] = {}
        for body in definitions().values():
            for name, resource in body.get('resources', {}).items():
                for source in resource.get('sources', {}).values():
                    defined.setdefault(source['exchange'], set()).add(name)
        shown: dict[str, set[str]] = {}
        for _service, target, types, _audits in self.rows:
            exchange = _NAME.findall(target)[0].partition(':')[0]
            shown.setdefault(exchange, set()).update(_NAME.findall(types))
        self.assertEqual(
            defined, {key: value for key, value in shown.items() if value}
        )

    def test_who_sends_audits(self) -> None:
        audited = {
            name
            for body in definitions().values()
            for name, resource in body.get('resources', {}).items()
            for source in resource.get('sources', {}).values()
            for event_type in source['event_types'].values()
            if event_type and event_type.get('audit')
        }
        for service, _target, types, audits in self.rows:
            with self.subTest(service):
                self.assertEqual(
                    audits != 'none',
                    not audited.isdisjoint(_NAME.findall(types)),
                )

    def test_what_is_set_in_each_service(self) -> None:
        found = settings(self.page)
        for name, options in _SETTINGS.items():
            with self.subTest(name):
                self.assertEqual(options, found[name])
        common = found["the service's own file"]
        self.assertEqual(
            'messagingv2', common['oslo_messaging_notifications', 'driver']
        )

    def test_the_collector_declares_queues_as_services_do(self) -> None:
        option = 'oslo_messaging_rabbit', 'amqp_durable_queues'
        services = settings(self.page)["the service's own file"]
        guided = settings(pages.page('install/manual'))['']
        self.assertEqual('true', services[option])
        self.assertEqual(services[option], guided.get(option))

    def test_beside_another_consumer(self) -> None:
        found = settings(self.page)
        own = found['stratometrics.conf']['collector', 'targets']
        sources = targets.parse(
            [each.strip() for each in own.split(',') if each.strip()]
        )
        self.assertEqual(
            {
                each.replace(':notifications', ':stratometrics')
                for each in _TARGETS.default
            },
            {':'.join(source) for source in sources},
        )
        self.assertEqual(
            'notifications,stratometrics',
            found["the service's own file"][
                'oslo_messaging_notifications', 'topics'
            ],
        )

    def test_one_more_target_takes_none_away(self) -> None:
        found = settings(pages.page('contributor/adding'))
        named = found['stratometrics.conf']['collector', 'targets']
        self.assertLess(
            set(_TARGETS.default), {each.strip() for each in named.split(',')}
        )

    def test_ways_to_install_set_the_same(self) -> None:
        told: dict[str, set[str]] = {}
        for options in _SETTINGS.values():
            for (_section, option), value in options.items():
                told.setdefault(option, set()).add(value)
        del told[_OWN]
        for way in _WAYS:
            text = (pages.CODE.parent / way).read_text(encoding='utf-8')
            self.assertIn('notify_on_state_change', text, way)
            for option, values in told.items():
                given = re.findall(
                    rf'^[^#\n]*\b{option}\b["\s:=]+([\w.]+)', text, re.M
                )
                with self.subTest(way, option=option):
                    self.assertLessEqual(
                        {each.lower() for each in given},
                        {each.lower() for each in values},
                    )
