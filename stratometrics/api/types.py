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
"""The bodies of answers."""

import inspect

from wsme import types


class _Body(types.Base):
    """Has its attributes in the order in which they are written.

    Where WSME is not told the order, it parses the source of each class, and
    of its own base, to see it: that takes a good part of a start.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        names = dict.fromkeys(
            name for each in reversed(cls.__mro__) for name in vars(each)
        )
        # As WSME chooses.
        cls._wsme_attr_order = [
            name
            for name in names
            if not name.startswith('_')
            and types.iswsattr(value := getattr(cls, name))
            and not inspect.isroutine(value)
        ]


class Link(_Body):
    rel = types.wsattr(types.text, mandatory=True)
    href = types.wsattr(types.text, mandatory=True)


class Version(_Body):
    id = types.wsattr(types.text, mandatory=True)
    status = types.wsattr(types.text, mandatory=True)
    links = types.wsattr([Link], mandatory=True)


class Versions(_Body):
    versions = types.wsattr([Version], mandatory=True)


class Health(_Body):
    status = types.wsattr(types.text, mandatory=True)
    #: The checks that passed.
    checks = types.wsattr([types.text], mandatory=True)


class ResourceType(_Body):
    name = types.wsattr(types.text, mandatory=True)
    #: The path segment under /v1.
    collection = types.wsattr(types.text, mandatory=True)
    default_group_by = types.wsattr(types.text, mandatory=True)
    #: What its usage can be grouped and filtered by.
    keys = types.wsattr([types.text], mandatory=True)
    measures = types.wsattr([types.text], mandatory=True)
    #: Whether it is billed by the time in a state, or is a consumption.
    kind = types.wsattr(types.text, mandatory=True)
    #: The unit of its usage.
    units = types.wsattr(types.text, mandatory=True)
    links = types.wsattr([Link], mandatory=True)


class Capabilities(_Body):
    #: The version of the package that answers; one of PEP 440.
    release = types.wsattr(types.text, mandatory=True)
    resource_types = types.wsattr([ResourceType], mandatory=True)
    #: The unit of what is billed by time; measures are in units of the measure
    #: times this.
    units = types.wsattr(types.text, mandatory=True)
    #: Whose calendar the default period follows.
    timezone = types.wsattr(types.text, mandatory=True)
    #: How long the buckets may be that usage is divided into.
    granularities = types.wsattr([types.text], mandatory=True)
    max_period_days = types.wsattr(int, mandatory=True)
    max_buckets = types.wsattr(int, mandatory=True)
    max_results = types.wsattr(int, mandatory=True)
    settling_time = types.wsattr(int, mandatory=True)


class Period(_Body):
    begin = types.wsattr(types.text, mandatory=True, name='from')
    end = types.wsattr(types.text, mandatory=True, name='to')


class Usage(_Body):
    """The answer to a usage question, but for its results.

    Those are plain mappings: their names depend on the question, which a
    declared type cannot express.
    """

    period = types.wsattr(Period, mandatory=True)
    #: As asked; absent unless asked, and so are the next three.
    as_of = types.wsattr(types.text)
    #: The period that is compared with.
    previous = types.wsattr(Period)
    granularity = types.wsattr(types.text)
    #: Whose calendar the buckets follow.
    timezone = types.wsattr(types.text)
    units = types.wsattr(types.text, mandatory=True)
    #: To the next page, if there is one.
    links = types.wsattr([Link])


class Error(_Body):
    request_id = types.wsattr(types.text, mandatory=True)
    code = types.wsattr(types.text, mandatory=True)
    status = types.wsattr(int, mandatory=True)
    title = types.wsattr(types.text, mandatory=True)
    detail = types.wsattr(types.text, mandatory=True)


class Errors(_Body):
    """The API-SIG's form of an error."""

    errors = types.wsattr([Error], mandatory=True)
