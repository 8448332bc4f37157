#!/usr/bin/env bash
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

# Runs tests: tools/run-tests.sh [TOX ENVIRONMENT]...
#
# By default those of the linters, the pages and all tests. The end tells again
# what failed, and its last line how many tests passed and failed; an
# environment without tests of its own, such as pep8, counts as one. The exit
# status is 0 if something passed and nothing failed.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/prepare.sh
source tools/prepare.sh

case ${1:-} in
    -h|--help)
        sed -n '/^# Runs/,/^$/s/^# \{0,1\}//p' tools/run-tests.sh
        exit 0
        ;;
esac
[[ $# -gt 0 ]] || set -- pep8 docs api-ref releasenotes py3 deploy functional

# What pages are shown and printed with.
look_for_page_tools() {
    have chromium || have chromium-browser || have google-chrome ||
        [[ -n ${STRATO_CHROMIUM:-} ]] || missing+=(chromium)
    have_library libpangoft2-1.0.so.0 || missing+=(libpangoft2-1.0-0)
    have_library libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0)
}

# What Ansible asks for addresses, and what renders charts in place of Helm.
look_for_deployment_tools() {
    local sources=/usr/share/gocode/src
    have ip || missing+=(iproute2)
    have go || have go-12 || missing+=(gccgo-12)
    [[ -d $sources/github.com/Masterminds/sprig ]] ||
        missing+=(golang-github-masterminds-sprig-dev)
    [[ -d $sources/sigs.k8s.io/yaml ]] || missing+=(golang-k8s-sigs-yaml-dev)
}

# What a service without containers is run with, beside what is tested, and
# what the commands of the documentation ask it with.
look_for_server_tools() {
    have curl || missing+=(curl)
    have apache2 || have httpd || missing+=(apache2-bin)
    have haproxy || missing+=(haproxy)
    have nginx || missing+=(nginx-light)
    have logrotate || missing+=(logrotate)
    have openssl || missing+=(openssl)
    have systemd-analyze || missing+=(systemd)
}

further+=(
    look_for_page_tools
    look_for_deployment_tools
    look_for_server_tools
)
require_tools
prepare_environment tox tools/tox-requirements.txt \
    --requirement tools/tox-requirements.txt

# Two at a time, as pip waits for the network, and uses one processor. What
# cannot be made is told when its turn comes.
echo "Making the environments: $* ..."
run "$environment/bin/tox" run-parallel --parallel 2 --notest \
    -e "$(IFS=,; echo "$*")" >/dev/null 2>&1 || :

passed=0
failed=0
failures=
for name in "$@"; do
    echo "=== $name"
    before=$(cat .stestr/next-stream 2>/dev/null || echo 0)
    status=0
    run "$environment/bin/tox" run -e "$name" || status=$?
    after=$(cat .stestr/next-stream 2>/dev/null || echo 0)
    good=0
    bad=0
    if [[ $after != "$before" ]]; then
        results=$("$environment/bin/stestr" last --subunit |
            "$environment/bin/python" tools/count_results.py) ||
            results="0 1"$'\n'"--- failed: reading the results of $name"
        read -r good bad <<<"$results"
        failures+=${results#"${results%%$'\n'*}"}
    elif [[ $status -eq 0 ]]; then
        good=1
    fi
    if [[ $status -ne 0 && $bad -eq 0 ]]; then
        # What failed was not a test: something before or after them.
        bad=1
        failures+=$'\n'"--- failed: tox run -e $name"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done

[[ -z $failures ]] || echo "${failures#$'\n'}"
echo "$passed passed, $failed failed"
[[ $passed -gt 0 && $failed -eq 0 ]]
