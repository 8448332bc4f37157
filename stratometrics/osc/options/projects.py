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
from collections.abc import Iterable, Mapping, Sequence
import logging
import re
from typing import Any
from urllib import parse

from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import plugin
from osc_lib import exceptions

from stratometrics.osc import credentials

_log = logging.getLogger(__name__)

#: That Keystone which gave the token, wherever the catalog has others.
_IDENTITY = {
    'service_type': 'identity',
    'interface': plugin.AUTH_INTERFACE,
    'min_version': '3',
}

#: As Keystone makes them; those of other origins may look otherwise.
_ID = re.compile(r'[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}')


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
    found = [
        directory.project(each, parsed_args.project_domain)
        for each in parsed_args.projects
    ]
    return {'project_ids': list(dict.fromkeys(found))}


def one(parsed_args: argparse.Namespace, client_manager: Any) -> str | None:
    """The project that ``--project`` says, where there is but one.

    :param client_manager: that of osc_lib.
    :returns: its id; None for that of the credentials.
    :raises osc_lib.exceptions.CommandError: see :func:`asked`.
    """
    if parsed_args.project is None:
        return None
    return Directory(client_manager).project(
        parsed_args.project, parsed_args.project_domain
    )


class Directory:
    """What Keystone calls projects and domains, as far as it tells.

    Who may not list them is told his own; of all others the text itself is
    taken for an id, which the billing service decides about.
    """

    def __init__(self, client_manager: Any) -> None:
        self._manager = client_manager
        self._session = client_manager.session

    def project(self, text: str, domain: str | None = None) -> str:
        """The id of a project.

        :param text: its name or id.
        :param domain: the name or id of its domain.
        :raises osc_lib.exceptions.CommandError: there is none, or there are
            several of that name.
        """
        _require_text('project', text)
        domain_id = None if domain is None else self.domain(domain)
        own = _within(
            domain_id, self._list('/auth/projects', 'projects') or ()
        )
        # The id comes first: somebody may call his project as another's.
        if any(each['id'] == text for each in own) or _within(
            domain_id, self._one('/projects', 'project', text)
        ):
            return text
        query = {'name': text}
        if domain_id:
            query['domain_id'] = domain_id
        listed = self._list('/projects', 'projects', query)
        found = _named(text, (*own, *(listed or ())))
        if not found and listed is None:
            return _taken_for_id('project', text)
        return _only(
            found, 'project', text, 'name its domain with --project-domain, or'
        )

    def domain(self, text: str) -> str:
        """The id of a domain.

        :param text: its name or id.
        :raises osc_lib.exceptions.CommandError: there is none.
        """
        _require_text('domain', text)
        own = (
            *self._own_domains(),
            *(self._list('/auth/domains', 'domains') or ()),
        )
        if any(each['id'] == text for each in own) or self._one(
            '/domains', 'domain', text
        ):
            return text
        listed = self._list('/domains', 'domains', {'name': text})
        found = _named(text, (*own, *(listed or ())))
        if not found and listed is None:
            return _taken_for_id('domain', text)
        return _only(found, 'domain', text, '')

    def _own_domains(self) -> Sequence[Mapping[str, str]]:
        """Those that the token names: most users may not list any."""
        token = self._manager.auth_ref
        return [
            {'id': identity, 'name': name}
            for identity, name in (
                (token.user_domain_id, token.user_domain_name),
                (token.project_domain_id, token.project_domain_name),
            )
            if identity and name
        ]

    def _one(self, path: str, member: str, text: str) -> Sequence[Any]:
        body = self._get(f'{path}/{parse.quote(text, safe="")}', {})
        # Of a text such as ".." the path is another one.
        return [body[member]] if body and member in body else []

    def _list(
        self, path: str, member: str, query: Mapping[str, str] | None = None
    ) -> Sequence[Any] | None:
        body = self._get(path, query or {})
        return None if body is None else body[member]

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        """A body of Keystone; None if it does not tell."""
        with credentials.asking():
            try:
                return self._session.get(
                    path, params=query, endpoint_filter=_IDENTITY
                ).json()
            except (
                keystone_exceptions.Forbidden,
                keystone_exceptions.NotFound,
                keystone_exceptions.Unauthorized,
            ):
                return None


def _within(
    domain_id: str | None, found: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    return [
        each
        for each in found
        if domain_id is None or each.get('domain_id') == domain_id
    ]


def _named(
    text: str, found: Iterable[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Those of a name, each once."""
    by_id = {each['id']: each for each in found if each['name'] == text}
    return list(by_id.values())


def _require_text(kind: str, text: str) -> None:
    # Such as that of a variable that is not set: it must not count for all.
    if not text:
        raise exceptions.CommandError(f'The name or ID of a {kind} is empty.')


def _taken_for_id(kind: str, text: str) -> str:
    if not _ID.fullmatch(text):
        _log.warning(
            'No %s of yours is called %s, and Keystone tells you of no '
            'others: it is taken for an ID.',
            kind,
            text,
        )
    return text


def _only(
    found: Sequence[Mapping[str, Any]], kind: str, text: str, way: str
) -> str:
    """The id of the only one.

    :param way: what to do if there are several, beside giving the id.
    """
    if not found:
        raise exceptions.CommandError(
            f'There is no {kind} with the name or ID {text!r}.'
        )
    if len(found) > 1:
        ids = ', '.join(sorted(each['id'] for each in found))
        raise exceptions.CommandError(
            f'{len(found)} {kind}s are called {text!r}: {way} give the ID of '
            f'one, of {ids}.'
        )
    return found[0]['id']
