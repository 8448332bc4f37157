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

"""OpenStack's APIs, answering as they did at the end of a recorded scenario.

A small WSGI application in place of Keystone, Nova, Cinder and the others, for
tests of reconciliation (R14). ``fixtures/README.rst`` says what was recorded.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
import contextlib
import copy
import datetime
import gzip
from importlib import resources
import json
import socketserver
import threading
from typing import Any
import urllib.parse
from wsgiref import simple_server

#: The address that the recording has in place of the cloud's.
PLACE = 'http://OPENSTACK'
#: The whole list, in every recording, came in one page of this size.
PAGE = 1000

Resource = dict[str, Any]
Answer = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]

LIFETIME = datetime.timedelta(hours=1)
YES = ('true', '1')
TERMINATED = 'OS-SRV-USG:terminated_at'
# Services that show a resource by itself without a name around it.
BARE = {'baremetal', 'dns', 'image'}

VERSION_HEADERS = (
    'HTTP_OPENSTACK_API_VERSION',
    'HTTP_X_OPENSTACK_MANILA_API_VERSION',
    'HTTP_X_OPENSTACK_IRONIC_API_VERSION',
)

# What a query says about pages and fields, not about what is listed.
PAGING = {
    'fields',
    'limit',
    'marker',
    'offset',
    'page_reverse',
    'sort',
    'sort_dir',
    'sort_key',
}

# Filters that compare a field, by the names that the services give it.
OWNER = (
    'project_id',
    'tenant_id',
    'project',
    'owner',
    'os-vol-tenant-attr:tenant_id',
    'os-extended-snapshot-attributes:project_id',
    'os-backup-project-attr:project_id',
)
FIELDS = {
    'project_id': OWNER,
    'tenant_id': OWNER,
    'owner': ('owner',),
    'status': ('status', 'stack_status'),
    'name': ('name', 'stack_name'),
    'id': ('id', 'uuid'),
}

# Lists that show the caller's project alone unless the query asks for all.
ASK_FOR_ALL = {
    'block-storage': ('all_tenants',),
    'compute': ('all_tenants',),
    'dns': ('all_projects', 'all_tenants'),
    'shared-file-system': ('all_tenants',),
}
# Of these services, what belongs to no project is everybody's.
NOBODYS = ('/flavors', '/types', '/os-')

# Services that call the links of a list by its name, or nearly so.
NAMED_LINKS = {
    'block-storage',
    'compute',
    'load-balancer',
    'network',
    'shared-file-system',
}
ODD_LINKS = {'volume_types': 'volume_type_links'}


def load() -> dict[str, Any]:
    """The recorded answers, as ``fixtures/README.rst`` describes them."""
    file = resources.files('stratometrics.tests.fixtures').joinpath(
        'scenario-answers.json.gz'
    )
    return json.loads(gzip.decompress(file.read_bytes()))


class Answers:
    """The WSGI application.

    :ivar requests: how often each path was asked for, by
        ``METHOD /service/path``.
    :ivar url: where it is served; links and the catalog point there.
    """

    def __init__(
        self,
        recorded: Mapping[str, Any] | None = None,
        altered: Mapping[str, list[Resource]] | None = None,
        *,
        stacks_are_forbidden: bool = False,
    ) -> None:
        """Take a recording.

        :param recorded: as load() returns it, which is the default.
        :param altered: other lists than the recorded ones, by path, such as
            ``/compute/v2.1/servers/detail``.
        :param stacks_are_forbidden: whether Heat keeps to its default policy,
            by which nobody lists the stacks of all projects.
        """
        self.url = PLACE
        self.requests: Counter[str] = Counter()
        recorded = load() if recorded is None else recorded
        self._token = recorded['token']
        self._altered = dict(altered or {})
        self._recorded: dict[str, list[Answer]] = {}
        for answer in recorded['answers']:
            if stacks_are_forbidden and answer.get('policy'):
                continue
            path = f'/{answer["service"]}{answer["path"]}'
            self._recorded.setdefault(_plain(path), []).append(answer)
        self._counting = threading.Lock()

    def __call__(
        self, environ: Mapping[str, Any], start: Start
    ) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        method, path = environ['REQUEST_METHOD'], environ['PATH_INFO']
        with self._counting:
            self.requests[f'{method} {path}'] += 1
        headers = [('Content-Type', 'application/json')]
        if method == 'POST' and path.endswith('/auth/tokens'):
            scope, body = self._authenticate(environ)
            status = 201
            headers.append(('X-Subject-Token', f'{scope}-token'))
        elif method == 'GET':
            status, body = self._get(path, environ)
        else:
            status, body = 405, {'message': f'{method} was not recorded'}
        text = json.dumps(body).replace(PLACE, self.url).encode()
        headers.append(('Content-Length', str(len(text))))
        start(f'{status} Answered', headers)
        return [text]

    def _authenticate(
        self, environ: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        length = int(environ.get('CONTENT_LENGTH') or 0)
        asked = json.loads(environ['wsgi.input'].read(length))
        token = dict(self._token['token'])
        expiry = datetime.datetime.now(datetime.UTC) + LIFETIME
        token['expires_at'] = expiry.strftime('%Y-%m-%dT%H:%M:%S.%fZ')
        if 'system' not in asked['auth'].get('scope', {}):
            return 'project', {'token': token}
        del token['project']
        return 'system', {'token': {**token, 'system': {'all': True}}}

    def _get(self, path: str, environ: Mapping[str, Any]) -> tuple[int, Any]:
        pairs = urllib.parse.parse_qsl(
            environ.get('QUERY_STRING', ''), keep_blank_values=True
        )
        query = dict(pairs)
        if 'fields' in query:
            # Neutron takes them one by one.
            query['fields'] = ','.join(v for k, v in pairs if k == 'fields')
        answers = self._at(path, environ)
        if not answers and self._at(f'{_plain(path)}/detail', environ):
            # Ironic shows details, or chosen fields, without that path.
            path = f'{_plain(path)}/detail'
            query.pop('detail', None)
            answers = self._at(path, environ)
        if not answers:
            return self._single(path, environ)
        wanted = _meaning(query)
        same = [a for a in answers if _meaning(a['query']) == wanted]
        whole = [a for a in answers if a['status'] == 200]
        good = [a for a in same if a['status'] == 200]
        if not whole or (same and not good):
            refused = (same or answers)[0]
            return refused['status'], refused['body']
        body = (good or whole)[0]['body']
        key = _list_key(body)
        if key is None:
            return 200, body
        listed = self._altered.get(_plain(path))
        narrowed = self._own(path, query, environ)
        if listed is None and good and narrowed == query:
            listed = max((a['body'][key] for a in good), key=len)
        else:
            if listed is None:
                listed = _union(whole, key)
            listed = _filtered(listed, path, narrowed)
        return self._page(path, query, body, key, listed)

    def _own(
        self, path: str, query: dict[str, str], environ: Mapping[str, Any]
    ) -> dict[str, str]:
        """The query, narrowed to the caller's project if it asks for less."""
        service = path.split('/')[1]
        names = ASK_FOR_ALL.get(service, ())
        every = not names or any(
            query.get(name, '').lower() in YES for name in names
        )
        if service == 'dns' and 'HTTP_X_AUTH_ALL_PROJECTS' in environ:
            every = True
        if every or any(part in path for part in NOBODYS):
            return query
        return {**query, 'project_id': self._token['token']['project']['id']}

    def _at(self, path: str, environ: Mapping[str, Any]) -> list[Answer]:
        """The answers of a path in the closest microversion recorded."""
        answers = self._recorded.get(_plain(path), [])
        if environ.get('HTTP_X_AUTH_TOKEN') == 'system-token':
            scoped = [a for a in answers if a.get('scope') == 'system']
            answers = scoped or answers
        else:
            answers = [a for a in answers if not a.get('scope')]
        versions = {_numbers(a['microversion']) for a in answers}
        if not versions:
            return []
        version = _version(environ)
        # A later one mostly tells more; an earlier one would lack what was
        # asked for.
        later = [each for each in versions if each >= version]
        chosen = min(later) if later else max(versions)
        answers = [a for a in answers if _numbers(a['microversion']) == chosen]
        # What a changed policy allows comes beside what the default refused.
        if any(a.get('policy') for a in answers):
            answers = [a for a in answers if a['status'] == 200]
        return answers

    def _single(
        self, path: str, environ: Mapping[str, Any]
    ) -> tuple[int, Any]:
        """A resource of a list, since few were recorded by themselves."""
        parent, _, wanted = _plain(path).rpartition('/')
        for collection in (f'{parent}/detail', parent):
            answers = [
                a for a in self._at(collection, environ) if a['status'] == 200
            ]
            key = _list_key(answers[0]['body']) if answers else None
            if key is None:
                continue
            listed = self._altered.get(collection)
            for each in _union(answers, key) if listed is None else listed:
                if _id(each) == wanted:
                    bare = path.split('/')[1] in BARE
                    return 200, each if bare else {key[:-1]: each}
        return 404, {'message': f'{path} was not recorded'}

    def _page(
        self,
        path: str,
        query: dict[str, str],
        body: dict[str, Any],
        key: str,
        listed: list[Resource],
    ) -> tuple[int, Any]:
        service = path.split('/')[1]
        limit = min(int(query.get('limit') or PAGE), PAGE)
        begin = int(query.get('offset') or 0)
        if query.get('marker'):
            ids = [_id(each) for each in listed]
            if query['marker'] not in ids:
                return 400, {'message': 'the marker is unknown'}
            begin = ids.index(query['marker']) + 1
        page = listed[begin : begin + limit]
        last = _id(page[-1]) if page else None
        if 'fields' in query:
            names = query['fields'].split(',')
            page = [{name: each.get(name) for name in names} for each in page]
        answer = {
            name: value
            for name, value in body.items()
            if 'links' not in name and name not in ('next', 'first')
        }
        answer[key] = page
        more = begin + limit < len(listed)
        onward = {**query, 'limit': str(limit)}
        if last:
            onward['marker'] = last
        target = f'{path}?{urllib.parse.urlencode(onward)}'
        href = f'{PLACE}{target}'
        if service in NAMED_LINKS:
            # Manila names a next page that does not exist, and the wrong path.
            if service == 'shared-file-system' and page:
                href = href.replace('/detail?', '?')
                answer[f'{key}_links'] = [{'rel': 'next', 'href': href}]
            elif more:
                name = ODD_LINKS.get(key, f'{key}_links')
                answer[name] = [{'rel': 'next', 'href': href}]
        elif service == 'image':
            local = target.removeprefix('/image')
            first = {k: v for k, v in query.items() if k != 'marker'}
            answer['first'] = local.split('?', 1)[0]
            if first:
                answer['first'] += f'?{urllib.parse.urlencode(first)}'
            if more:
                answer['next'] = local
        elif service == 'baremetal':
            if more:
                answer['next'] = href
        elif service in ('dns', 'identity'):
            answer['links'] = {'self': f'{PLACE}{path}'}
            if more:
                answer['links']['next'] = href
        elif service == 'orchestration' and more:
            answer['links'] = [{'rel': 'next', 'href': href}]
        return 200, answer


@contextlib.contextmanager
def served(answers: Answers) -> Iterator[str]:
    """Serve on a free port of the loopback.

    :param answers: the application; its ``url`` is set.
    :returns: Keystone's address, for a session.
    """
    with _Server(('127.0.0.1', 0), _Quiet) as server:
        server.set_app(answers)
        answers.url = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f'{answers.url}/identity/v3'
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def _plain(path: str) -> str:
    return path.rstrip('/') or '/'


def _version(environ: Mapping[str, Any]) -> tuple[int, ...]:
    for name in VERSION_HEADERS:
        if environ.get(name):
            return _numbers(environ[name])
    return ()


def _numbers(version: str | None) -> tuple[int, ...]:
    """Of 'compute 2.96' or '2.96'; of no microversion, nothing."""
    text = (version or '').rpartition(' ')[2]
    if text == 'latest':
        return (1_000_000,)
    return tuple(int(each) for each in text.split('.') if each)


def _meaning(query: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value.lower()
        for name, value in query.items()
        if name not in PAGING
    }


def _list_key(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    keys = [
        key
        for key, value in body.items()
        if isinstance(value, list) and 'links' not in key
    ]
    # A version document lists versions, which have no pages.
    return keys[0] if len(keys) == 1 and keys[0] != 'versions' else None


def _id(resource: Resource) -> str:
    return str(resource.get('id') or resource.get('uuid'))


def _union(answers: list[Answer], key: str) -> list[Resource]:
    found: dict[str, Resource] = {}
    for answer in answers:
        for each in answer['body'].get(key, []):
            found.setdefault(_id(each), each)
    return list(found.values())


def _filtered(
    listed: list[Resource], path: str, query: Mapping[str, str]
) -> list[Resource]:
    for name, fields in FIELDS.items():
        if query.get(name):
            listed = [
                each
                for each in listed
                if query[name] in [each.get(field) for field in fields]
            ]
    if path.startswith('/compute/') and '/servers' in path:
        return _servers(listed, query)
    # Hidden images and shares in the bin are shown to who asks for them.
    for name in ('os_hidden', 'is_soft_deleted'):
        wanted = query.get(name, '').lower() in YES
        listed = [
            each for each in listed if name not in each or each[name] is wanted
        ]
    return listed


def _servers(
    listed: list[Resource], query: Mapping[str, str]
) -> list[Resource]:
    """Nova shows deleted servers only to who asks for them.

    What ``soft_deleted`` does was not recorded but read in Nova's code.

    A server that was deleted before it had a host has no time of its last
    change, so that no changes-since finds it.
    """
    since = query.get('changes-since')
    soft = query.get('soft_deleted', '').lower()
    if since:
        begin = datetime.datetime.fromisoformat(since)
        listed = [
            each
            for each in listed
            if datetime.datetime.fromisoformat(each['updated']) >= begin
            and (each['status'] != 'DELETED' or each[TERMINATED])
        ]
    if query.get('deleted', '').lower() in YES:
        gone = {'DELETED'} if soft == 'false' else {'DELETED', 'SOFT_DELETED'}
        return [each for each in listed if each['status'] in gone]
    if since:
        return listed
    gone = {'DELETED'} if soft in YES else {'DELETED', 'SOFT_DELETED'}
    return [each for each in listed if each['status'] not in gone]


def altered(resource: Resource, **changes: Any) -> Resource:
    """A copy of a resource with other facts, for a test's own lists.

    :param resource: a recorded one.
    :param changes: the fields to set.
    """
    return {**copy.deepcopy(resource), **changes}
