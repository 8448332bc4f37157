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
"""Projects and domains by name or id."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from keystoneauth1 import exceptions as keystone_exceptions
from osc_lib import exceptions

_IDENTITY = {'service_type': 'identity', 'min_version': '3'}


def add_project(parser: argparse.ArgumentParser) -> None:
    """Take ``--project``, once, and ``--project-domain``."""
    parser.add_argument(
        '--project',
        metavar='<project>',
        help='another project than that of the credentials (name or ID)',
    )
    add_domain(parser)


def add_projects(parser: argparse.ArgumentParser) -> None:
    """Take ``--project``, repeatedly, or ``--all-projects``."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        '--project',
        metavar='<project>',
        action='append',
        dest='projects',
        help='another project than that of the credentials (name or ID, can '
        'be repeated)',
    )
    group.add_argument(
        '--all-projects',
        action='store_true',
        help='all projects of the cloud',
    )
    add_domain(parser)


def add_domain(parser: argparse.ArgumentParser) -> None:
    """Take ``--project-domain``."""
    parser.add_argument(
        '--project-domain',
        metavar='<project-domain>',
        help='the domain of the project (name or ID), where its name is that '
        'of several',
    )


def asked(
    parsed_args: argparse.Namespace, client_manager: Any
) -> Mapping[str, Any]:
    """The projects that the options say, as the client takes them.

    :param client_manager: that of osc_lib.
    :returns: ``project_ids`` or ``all_projects``, as far as they are given.
    :raises osc_lib.exceptions.CommandError: there is no such project, or
        there are several.
    """
    if parsed_args.all_projects:
        return {'all_projects': True}
    if not parsed_args.projects:
        return {}
    directory = Directory(client_manager)
    return {
        'project_ids': [
            directory.project(each, parsed_args.project_domain)
            for each in parsed_args.projects
        ]
    }


def one(parsed_args: argparse.Namespace, client_manager: Any) -> str | None:
    """The project that ``--project`` says, where there is but one.

    :param client_manager: that of osc_lib.
    :returns: its id; None for that of the credentials.
    :raises osc_lib.exceptions.CommandError: see :func:`asked`.
    """
    if not parsed_args.project:
        return None
    return Directory(client_manager).project(
        parsed_args.project, parsed_args.project_domain
    )


class Directory:
    """What Keystone calls projects and domains, as far as it tells.

    Who may not list projects is told his own; of all others the text itself
    is taken for an id, which the billing service decides about.
    """

    def __init__(self, client_manager: Any) -> None:
        self._session = client_manager.session
        self._filter = {
            **_IDENTITY,
            'interface': client_manager.interface or 'public',
            'region_name': client_manager.region_name,
        }

    def project(self, text: str, domain: str | None = None) -> str:
        """The id of a project.

        :param text: its name or id.
        :param domain: the name or id of its domain.
        :raises osc_lib.exceptions.CommandError: there is none, or there are
            several of that name.
        """
        domain_id = self.domain(domain) if domain else None
        query = {'name': text}
        if domain_id:
            query['domain_id'] = domain_id
        own = self._list('/auth/projects', 'projects') or []
        found = _named(own, text, domain_id)
        if not found:
            listed = self._list('/projects', 'projects', query)
            if listed is None:
                return text
            found = listed or self._one('/projects', 'project', text)
        return _only(found, 'project', text, '--project-domain')

    def domain(self, text: str) -> str:
        """The id of a domain.

        :param text: its name or id.
        :raises osc_lib.exceptions.CommandError: there is none.
        """
        listed = self._list('/domains', 'domains', {'name': text})
        if listed is None:
            own = self._list('/auth/domains', 'domains') or []
            found = _named(own, text, None)
            return found[0]['id'] if found else text
        found = listed or self._one('/domains', 'domain', text)
        return _only(found, 'domain', text, '')

    def _one(self, path: str, member: str, text: str) -> Sequence[Any]:
        if '/' in text or not text:
            return ()
        body = self._get(f'{path}/{text}', {})
        return (body[member],) if body else ()

    def _list(
        self, path: str, member: str, query: Mapping[str, str] | None = None
    ) -> Sequence[Any] | None:
        body = self._get(path, query or {})
        return None if body is None else body[member]

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        """A body of Keystone; None if it does not tell."""
        try:
            return self._session.get(
                path, params=query, endpoint_filter=self._filter
            ).json()
        except (
            keystone_exceptions.Forbidden,
            keystone_exceptions.NotFound,
            keystone_exceptions.Unauthorized,
        ):
            return None


def _named(
    listed: Sequence[Any], text: str, domain_id: str | None
) -> Sequence[Any]:
    within = [
        each
        for each in listed
        if domain_id is None or each.get('domain_id') == domain_id
    ]
    by_id = [each for each in within if each['id'] == text]
    return by_id or [each for each in within if each['name'] == text]


def _only(found: Sequence[Any], kind: str, text: str, option: str) -> str:
    if not found:
        raise exceptions.CommandError(
            f'there is no {kind} with the name or ID {text!r}'
        )
    if len(found) > 1:
        raise exceptions.CommandError(
            f'{len(found)} {kind}s are called {text!r}: name its domain with '
            f'{option}, or give its ID'
        )
    return found[0]['id']
