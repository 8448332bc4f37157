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
"""The policy files say what the operator means."""

from collections.abc import Iterable
import re

from oslo_config import cfg
from oslo_policy import policy as oslo_policy
from oslo_upgradecheck import upgradecheck

from stratometrics import policies
from stratometrics import policy

#: What a rule refers to, in its text.
_REFERENCE = re.compile(r'\brule:([^\s()]+)')

_NEVER = '!'


def valid(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """The rules of all policy files can be used, and are used.

    No file at all is as good.
    """
    try:
        policy.Enforcer(conf)
    except policy.PolicyFileError as error:
        return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
    enforcer = oslo_policy.Enforcer(conf)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    wrong = _wrong(enforcer)
    if wrong:
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f'{"; ".join(wrong)}. Nobody passes such a rule: correct it in '
            'the policy file.',
        )
    unused = _unused(enforcer)
    if unused:
        return upgradecheck.Result(
            upgradecheck.Code.WARNING,
            'These rules of the policy file are none of this release, and '
            f'no other rule refers to them: {_listed(unused)}. They do '
            'nothing: remove or rename them.',
        )
    return upgradecheck.Result(upgradecheck.Code.SUCCESS)


def _wrong(enforcer: oslo_policy.Enforcer) -> list[str]:
    unreadable = [
        name
        for name, rule in enforcer.file_rules.items()
        if str(enforcer.rules[name]) == _NEVER and _means_more(rule.check_str)
    ]
    references = {
        name: set(_REFERENCE.findall(str(check)))
        for name, check in enforcer.rules.items()
    }
    known = references.keys()
    dangling = [
        f'{name} (refers to {_listed(to - known)})'
        for name, to in references.items()
        if to - known
    ]
    circular = [name for name in references if _leads_back(name, references)]
    return [
        f'{what}: {_listed(names)}'
        for what, names in (
            ('not a rule', unreadable),
            ('a rule that refers to one that does not exist', dangling),
            ('a rule that leads back to itself', circular),
        )
        if names
    ]


def _means_more(text: object) -> bool:
    return not isinstance(text, str) or text.strip() != _NEVER


def _leads_back(name: str, references: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for reference in references.get(waiting.pop(), ()):
            if reference == name:
                return True
            if reference not in seen:
                seen.add(reference)
                waiting.append(reference)
    return False


def _unused(enforcer: oslo_policy.Enforcer) -> set[str]:
    used = {
        reference
        for check in enforcer.rules.values()
        for reference in _REFERENCE.findall(str(check))
    }
    return enforcer.file_rules.keys() - enforcer.registered_rules.keys() - used


def _listed(names: Iterable[str]) -> str:
    return ', '.join(sorted(names))
