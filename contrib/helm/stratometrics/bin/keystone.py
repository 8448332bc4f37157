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

"""What Keystone is to know of the service: keystone.py user|service|endpoints.

Who is to be asked, and as whom, is in the environment, as for the openstack
client, and so is what is to be made, in SERVICE_*. Everything can be repeated.
"""

from collections.abc import Mapping
import os
import sys

from keystoneauth1 import exceptions
import openstack

INTERFACES = ('admin', 'internal', 'public')


def user(keystone, wanted: Mapping[str, str]) -> None:
    """A user with its roles in its project, and with the password."""
    home = _domain(keystone, wanted['USER_DOMAIN_NAME'])
    domain = _domain(keystone, wanted['PROJECT_DOMAIN_NAME'])
    project = keystone.find_project(
        wanted['PROJECT_NAME'], domain_id=domain
    ) or keystone.create_project(name=wanted['PROJECT_NAME'], domain_id=domain)
    known = keystone.find_user(
        wanted['USERNAME'], domain_id=home
    ) or keystone.create_user(
        name=wanted['USERNAME'],
        domain_id=home,
        default_project_id=project.id,
        password=wanted['PASSWORD'],
    )
    for name in wanted['ROLES'].split():
        role = keystone.find_role(name) or keystone.create_role(name=name)
        keystone.assign_project_role_to_user(project, known, role)
    # To set a password ends the user's tokens, even if it stays the same.
    if not _is_password(wanted):
        keystone.update_user(known, password=wanted['PASSWORD'])


def service(keystone, wanted: Mapping[str, str]) -> None:
    """The service in the catalog."""
    if not _service(keystone, wanted):
        keystone.create_service(
            name=wanted['NAME'],
            type=wanted['TYPE'],
            description='Billing metrics',
        )


def endpoints(keystone, wanted: Mapping[str, str]) -> None:
    """The endpoints of the service in a region, one for each interface."""
    of = _service(keystone, wanted)
    if of is None:
        sys.exit(f'There is no service {wanted["NAME"]} yet.')
    region = wanted['REGION']
    if not keystone.find_region(region):
        keystone.create_region(id=region)
    for interface in INTERFACES:
        url = wanted[f'URL_{interface.upper()}']
        known = list(
            keystone.endpoints(
                service_id=of.id,
                interface=interface,
                region_id=region,
            )
        )
        if not known:
            keystone.create_endpoint(
                service_id=of.id,
                interface=interface,
                region_id=region,
                url=url,
            )
        for endpoint in known:
            keystone.update_endpoint(endpoint, url=url)


def _domain(keystone, name: str) -> str:
    """The id of a domain, which is made if there is none."""
    # It has this id whatever it is called.
    if name.lower() == 'default':
        return 'default'
    domain = keystone.find_domain(name) or keystone.create_domain(name=name)
    return domain.id


def _service(keystone, wanted: Mapping[str, str]):
    for known in keystone.services(type=wanted['TYPE']):
        if known.name == wanted['NAME']:
            return known
    return None


def _is_password(wanted: Mapping[str, str]) -> bool:
    login = {
        name.lower(): wanted[name]
        for name in (
            'USERNAME',
            'PASSWORD',
            'USER_DOMAIN_NAME',
            'PROJECT_NAME',
            'PROJECT_DOMAIN_NAME',
        )
    }
    try:
        openstack.connect(
            load_envvars=False,
            load_yaml_config=False,
            auth={'auth_url': os.environ['OS_AUTH_URL'], **login},
        ).session.get_token()
    except exceptions.Unauthorized:
        return False
    return True


def main() -> None:
    [task] = sys.argv[1:]
    wanted = {
        name.removeprefix('SERVICE_'): value
        for name, value in os.environ.items()
        if name.startswith('SERVICE_')
    }
    tasks = {'user': user, 'service': service, 'endpoints': endpoints}
    tasks[task](openstack.connect().identity, wanted)
    print(f'Keystone knows the {task}.')


if __name__ == '__main__':
    main()
