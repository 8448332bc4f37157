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
"""Learns the names of what events know by their ids."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
import dataclasses
import random
import types

from oslo_log import log as logging

from stratometrics import cloud
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import timestamps
from stratometrics.naming import directory as directory_module
from stratometrics.notifications import definitions as definitions_module
from stratometrics.storage import base

LOG = logging.getLogger(__name__)

#: How many are asked for before what was learnt is written.
_CHUNK = 200
#: After so many failures in a row a service is not asked any further.
_MOST_FAILURES = 5


@dataclasses.dataclass(slots=True)
class Counts:
    """What was learnt.

    :param asked: things that a service was asked about.
    :param changed: names that are new or have changed.
    :param gone: things that are not there any more, which was not known.
    :param failed: kinds of which not all could be asked about, and why.
    """

    asked: int = 0
    changed: int = 0
    gone: int = 0
    failed: dict[str, str] = dataclasses.field(default_factory=dict)


def things(
    events: Iterable[event_model.Event],
    definitions: definitions_module.Definitions,
) -> set[tuple[str, str]]:
    """What events refer to by id: pairs of a kind and an id."""
    found = set()
    for event in events:
        found.add((names.PROJECT, event.project_id))
        found.add((names.USER, event.user_id))
        resource_type = definitions.resource_types.get(event.resource_type)
        if resource_type is not None:
            for key, kind in resource_type.names.items():
                found.add((kind, _attribute(event, key)))
    return {(kind, id_) for kind, id_ in found if id_}


def _attribute(event: event_model.Event, key: str) -> str:
    return event.attributes.get(key, '') or getattr(event, key, '')


class Learner:
    """Asks the services, and writes what is new or has changed.

    :param storage: where names are kept, and what refers to them.
    :param definitions: which attributes are ids, and of what.
    :param directory: the services.
    :param stop: asked now and then whether to end early.
    """

    def __init__(
        self,
        storage: base.NameStore,
        definitions: definitions_module.Definitions,
        directory: directory_module.Directory,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._storage = storage
        self._definitions = definitions
        self._directory = directory
        self._stop = stop

    def learn_all(self, again: bool = False) -> Counts:
        """Learn the names of all that any event refers to.

        A kind that cannot be asked about does not keep the others from
        their turn. A kind whose service is not there is left out.

        :param again: ask about users that have a name as well; all others,
            of which there are fewer, are asked about in any case.
        :raises StorageError: the store cannot be read or written.
        """
        counts = Counts()
        for kind, ids in self._used():
            if self._stop():
                break
            try:
                self.learn(
                    kind,
                    ids,
                    counts,
                    again=again or kind in names.ATTRIBUTE_KINDS,
                    listed=self._directory.listed(kind) if ids else {},
                )
            except directory_module.NotOffered as error:
                LOG.debug('No names of the kind %s: %s', kind, error)
            except cloud.CloudError as error:
                counts.failed[kind] = str(error)
        return counts

    def learn(
        self,
        kind: str,
        ids: Collection[str],
        counts: Counts,
        again: bool = False,
        listed: Mapping[str, names.Name] = types.MappingProxyType({}),
    ) -> None:
        """Learn the names of some things of one kind.

        One that cannot be asked about keeps no other from its turn: the
        users of one domain may be in a directory that is away. They are asked
        about in any order, so that it is not always the same ones that come
        first and fail.

        :param counts: what was learnt is added to it.
        :param again: ask about those that are known as well.
        :param listed: what is not asked for one by one; of what is known and
            missing here it is asked whether it is gone.
        :raises NotOffered: there is no service that knows.
        :raises CloudError: the service did not answer, or not about all of
            them; what it did answer is written.
        :raises StorageError: the store cannot be read or written.
        """
        known = self._storage.names(kind)
        news: list[names.Name] = []
        failure: cloud.CloudError | None = None
        failures = 0
        try:
            for id_ in random.sample(list(ids), len(ids)):
                if self._stop() or failures == _MOST_FAILURES:
                    break
                before = known.get(id_)
                if id_ in listed:
                    now = listed[id_]
                elif again or not before or (listed and before.found):
                    try:
                        now = self._directory.find(kind, id_)
                    except cloud.CloudError as error:
                        failure = error
                        failures += 1
                        continue
                    failures = 0
                else:
                    continue
                counts.asked += 1
                if now is not None and _differ(before, now):
                    news.append(now)
                if len(news) >= _CHUNK:
                    self._write(news, counts)
        finally:
            self._write(news, counts)
        if failure:
            raise failure

    def learn_again(
        self, kind: str, ids: Collection[str], counts: Counts
    ) -> None:
        """Learn the names again of those things that were known; see learn.

        The others have a name as soon as an event refers to them.
        """
        known = self._storage.names(kind).keys() & set(ids)
        self.learn(kind, known, counts, again=True)

    def domains(self, project_ids: Collection[str]) -> set[str]:
        """The ids of the domains of projects, as far as they are known."""
        projects = self._storage.names(names.PROJECT)
        return {
            projects[id_].parent_id for id_ in project_ids if id_ in projects
        } - {''}

    def _write(self, news: list[names.Name], counts: Counts) -> None:
        self._storage.write_names(news, timestamps.now())
        counts.changed += sum(name.found for name in news)
        counts.gone += sum(not name.found for name in news)
        news.clear()

    def _used(self) -> Iterator[tuple[str, set[str]]]:
        """All kinds with the ids that are referred to, one after the other."""
        projects = self._storage.used_ids('project_id')
        yield names.PROJECT, projects
        # Asked for when the projects have been learnt.
        yield names.DOMAIN, self.domains(projects)
        yield names.USER, self._storage.used_ids('user_id')
        holders: dict[str, dict[str, list[str]]] = {}
        for resource_type in self._definitions.resource_types.values():
            for key, kind in resource_type.names.items():
                keys = holders.setdefault(kind, {})
                keys.setdefault(key, []).append(resource_type.name)
        for kind, keys in holders.items():
            yield (
                kind,
                set().union(
                    *(
                        self._storage.used_ids(key, resource_types)
                        for key, resource_types in keys.items()
                    )
                ),
            )


def _differ(before: names.Name | None, now: names.Name) -> bool:
    if before is None or before.found != now.found:
        return True
    # What is gone keeps its name.
    return now.found and before != now
