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

# What the other scripts here have in common: finding or installing the
# programs that they need, and making virtual environments. To be sourced,
# from the top of the source tree.

# shellcheck shell=bash

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command in a process group of its own, which ends with this script.
run() {
    local group status=0
    setsid "$@" <&0 &
    group=$!
    # shellcheck disable=SC2064
    trap "kill -TERM -- -$group 2>/dev/null; wait $group || :; exit 130" INT
    # shellcheck disable=SC2064
    trap "kill -TERM -- -$group 2>/dev/null; wait $group || :; exit 143" TERM HUP
    wait "$group" || status=$?
    trap - INT TERM HUP
    return "$status"
}

# Runs a command for a purpose; shows what it says only if it fails.
quietly() {
    local purpose=$1 log
    shift
    log=$(mktemp)
    if ! run "$@" >"$log" 2>&1; then
        tail -n 15 "$log" | sed 's/^/    /' >&2
        rm -f "$log"
        fail "cannot $purpose"
    fi
    rm -f "$log"
}

python_works() {
    local program='
import sys
assert sys.version_info >= (3, 11)
import ensurepip
import venv
'
    "$1" -c "$program" >/dev/null 2>&1
}

# Sets `python` to an interpreter that is new enough and can make virtual
# environments.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} \
        python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if python_works "$candidate"; then
            python=$candidate
            return 0
        fi
    done
    return 1
}

have() {
    PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null
}

have_clickhouse() {
    local cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/stratometrics
    [[ -n ${STRATO_CLICKHOUSE_URL:-} ]] && return
    have clickhouse && return
    have clickhouse-server && return
    compgen -G "$cache/chdb-*/libchdb.so" >/dev/null
}

have_library() {
    [[ $(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p) == *"$1"* ]]
}

# Names of functions that add to `missing` what a script needs beside that.
further=()

# Sets `missing` to the Debian packages that hold what is not there.
look_for_tools() {
    local more
    missing=()
    find_python || missing+=(python3 python3-venv)
    have git || missing+=(git)
    have rabbitmq-server || [[ -n ${STRATO_AMQP_URL:-} ]] ||
        missing+=(rabbitmq-server)
    # npm brings the engine of ClickHouse where no ClickHouse is installed.
    have npm || have_clickhouse || missing+=(npm)
    for more in "${further[@]}"; do
        "$more"
    done
}

# Sees that all tools are there; installs what is missing where that is
# possible without asking anybody.
require_tools() {
    look_for_tools
    [[ ${#missing[@]} -eq 0 ]] && return
    local command="apt-get install ${missing[*]}"
    if ! have apt-get; then
        fail "please install what Debian calls ${missing[*]}"
    elif [[ $EUID -ne 0 ]]; then
        fail "please run this first: sudo $command"
    fi
    echo "Installing ${missing[*]} ..."
    export DEBIAN_FRONTEND=noninteractive
    quietly 'update the list of packages: apt-get update' \
        apt-get --quiet update
    quietly "install ${missing[*]}: $command" apt-get --quiet --yes \
        --no-install-recommends install "${missing[@]}"
    look_for_tools
    [[ ${#missing[@]} -eq 0 ]] ||
        fail "still missing after $command: ${missing[*]}" \
            '(Python must be 3.11 or newer)'
}

# Sets `environment` to a virtual environment, made unless one was made before
# with the same interpreter from the same inputs.
#   prepare_environment NAME "INPUT FILES" PIP-ARGUMENT...
prepare_environment() {
    local name=$1 inputs=$2 key
    shift 2
    # shellcheck disable=SC2086
    key=$({
        pwd
        "$python" -c 'import sys; print(sys.version, sys.base_prefix)'
        cat $inputs
        echo "$@"
    } | sha256sum | cut -c 1-12)
    environment=$PWD/.venv/$name-$key
    mkdir -p .venv || fail "cannot write to $PWD"
    # Whoever comes second waits, and finds it made.
    exec {lock}>".venv/$name.lock"
    flock "$lock"
    if [[ ! -e $environment/complete ]]; then
        echo "Installing Python packages, this once ..."
        rm -rf "$PWD/.venv/$name"-*
        quietly "make a virtual environment with $python" \
            "$python" -m venv "$environment"
        quietly 'install Python packages with pip (is there a network?)' \
            "$environment/bin/python" -m pip --disable-pip-version-check \
            --quiet --retries 2 install "$@"
        touch "$environment/complete"
    fi
    exec {lock}>&-
}
