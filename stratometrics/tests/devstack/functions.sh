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

# What a plugin finds in DevStack: the functions of functions-common, inc/ and
# lib/ that it may call, which do the same with files and only tell what they
# would do with a system. Written after DevStack's master of July 2026. A
# function that is not here is missing in DevStack, or is missing here: either
# way the test fails.

# shellcheck shell=bash

# Writes down what would have been done.
function record {
    printf '%q ' "$@" >>"$RECORD"
    echo >>"$RECORD"
}

# Calls a function that is not traced, as those of DevStack are not.
function untraced {
    local status traced=$-
    set +o xtrace
    "$@"
    status=$?
    if [[ "$traced" == *x* ]]; then
        set -o xtrace
    fi
    return $status
}

# The system
# ==========

# Below a folder of the test instead of /, and without other owners.
function sudo {
    local each mapped=()
    for each in "$@"; do
        case $each in
            "$SANDBOX"/*) ;;
            /etc/* | /usr/share/* | /var/*) each=$ROOT$each ;;
        esac
        mapped+=("$each")
    done
    record sudo "$@"
    case $1 in
        install | tee | rm | gpg | chmod) "${mapped[@]}" ;;
        *) die $LINENO "sudo $1 is not expected" ;;
    esac
}

function die {
    shift
    echo "die: $*" >&2
    exit 1
}

function warn {
    shift
    echo "warn: $*" >&2
}

function echo_summary {
    record echo_summary "$@"
}

function exit_distro_not_supported {
    die 0 "not supported: $1"
}

function is_ubuntu {
    [[ "$PACKAGES" == "deb" ]]
}

function is_fedora {
    [[ "$PACKAGES" == "rpm" ]]
}

function is_package_installed {
    local package
    for package in "$@"; do
        [[ -e "$SANDBOX/packages/$package" ]] || return 1
    done
}

function install_package {
    record install_package "$@"
    local package
    for package in "$@"; do
        touch "$SANDBOX/packages/$package"
    done
}

function uninstall_package {
    record uninstall_package "$@"
    local package
    for package in "$@"; do
        rm -f "$SANDBOX/packages/$package"
    done
}

function apt_get_update {
    if [[ "$REPOS_UPDATED" == "True" && "$RETRY_UPDATE" != "True" ]]; then
        return
    fi
    record apt_get_update
}

function setup_develop {
    record setup_develop "$@"
}

function install_ceilometermiddleware {
    record install_ceilometermiddleware
}

function get_python_exec_prefix {
    echo "$PROGRAMS"
}

function generate_hex_string {
    od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}

function start_service {
    record start_service "$@"
}

function stop_service {
    record stop_service "$@"
}

function restart_service {
    record restart_service "$@"
}

# The processes that systemd would run, each with a file.

# shellcheck disable=SC2034
SYSTEMCTL=systemctl

function systemctl {
    record systemctl "$@"
    if [[ "$1" == "--quiet" ]]; then
        shift
    fi
    case $1 in
        is-active) [[ -e "$SANDBOX/units/$2" ]] ;;
        restart) ;;
        *) die $LINENO "systemctl $1 is not expected" ;;
    esac
}

function run_process {
    if ! is_service_enabled "$1"; then
        return 0
    fi
    if [[ "$2" != /* ]]; then
        die $LINENO "the command of $1 has no absolute path: $2"
    fi
    record run_process "$@"
    echo "$2" >"$SANDBOX/units/devstack@$1.service"
}

function stop_process {
    if is_service_enabled "$1"; then
        record stop_process "$1"
        rm -f "$SANDBOX/units/devstack@$1.service"
    fi
}

function test_with_retry {
    untraced _test_with_retry "$@"
}

function _test_with_retry {
    local until=${3:-10} pause=${4:-0.5}
    if ! timeout "$until" sh -c "while ! $1; do sleep $pause; done"; then
        die $LINENO "$2"
    fi
}

# Services
# ========

function trueorfalse {
    case ${!2:-} in
        1 | [yY]es | YES | [tT]rue | TRUE) echo True ;;
        0 | [nN]o | NO | [fF]alse | FALSE) echo False ;;
        *) echo "$1" ;;
    esac
}

function define_plugin {
    :
}

function enable_service {
    local service
    for service in "$@"; do
        if [[ ",$DISABLED_SERVICES," == *",$service,"* ]]; then
            warn $LINENO "$service is disabled"
        elif ! is_service_enabled "$service"; then
            ENABLED_SERVICES+=,$service
        fi
    done
    ENABLED_SERVICES=${ENABLED_SERVICES#,}
}

function disable_service {
    local service
    for service in "$@"; do
        DISABLED_SERVICES+=,$service
        ENABLED_SERVICES=,$ENABLED_SERVICES,
        ENABLED_SERVICES=${ENABLED_SERVICES//,$service,/,}
        ENABLED_SERVICES=${ENABLED_SERVICES#,}
        ENABLED_SERVICES=${ENABLED_SERVICES%,}
    done
}

function is_service_enabled {
    untraced _is_service_enabled "$@"
}

# One of them is enough: by its name, by what its library says, or by a name
# that begins as those of its processes do.
function _is_service_enabled {
    local service prefix
    for service in "$@"; do
        if [[ ",$ENABLED_SERVICES," == *",$service,"* ]]; then
            return 0
        fi
        if type "is_${service}_enabled" >/dev/null 2>&1; then
            if "is_${service}_enabled"; then
                return 0
            fi
        fi
        case $service in
            nova) prefix=n- ;;
            glance) prefix=g- ;;
            neutron) prefix=q- ;;
            trove) prefix=tr- ;;
            swift) prefix=s- ;;
            s-*) prefix=swift ;;
            *) continue ;;
        esac
        if [[ ",$ENABLED_SERVICES" == *",$prefix"* ]]; then
            return 0
        fi
    done
    return 1
}

# What the libraries of core services say; others have a prefix and no more.
function _has {
    [[ ",$DISABLED_SERVICES" != *",$1"* && ",$ENABLED_SERVICES" == *",$2"* ]]
}

function is_keystone_enabled {
    _has keystone key,
}

function is_glance_enabled {
    _has glance g-
}

function is_cinder_enabled {
    _has cinder c-
}

function is_nova_enabled {
    _has nova n-
}

function is_neutron_enabled {
    _has neutron neutron- || _has neutron q-
}

function is_swift_enabled {
    _has swift s-
}

# Files
# =====

# A new option comes first in its section, and blanks in a value are as the
# shell leaves them.
function iniset {
    untraced _iniset "$@"
}

function _iniset {
    local file=$1 section=$2 option=$3 value=$4 line lines=() text="" here=no
    local there=no found=no
    read -r -d '' value <<<"$value" || true
    if [[ -e "$file" ]]; then
        mapfile -t lines <"$file"
    fi
    for line in "${lines[@]}"; do
        if [[ "$line" == "["* ]]; then
            [[ "$line" == "[$section]"* ]] && here=yes || here=no
            [[ "$here" == "no" ]] || found=yes
        elif [[ "$here" == "yes" && "$line" =~ ^${option}[[:blank:]]*= ]]; then
            line="$option = $value"
            there=yes
        fi
        text+=$line$'\n'
    done
    if [[ "$found" == "no" ]]; then
        text+=$'\n'"[$section]"$'\n'
    fi
    if [[ "$there" == "no" ]]; then
        text=${text/"[$section]"$'\n'/"[$section]"$'\n'"$option = $value"$'\n'}
    fi
    printf '%s' "$text" >"$file"
}

function iniget {
    local line here=no
    while read -r line; do
        if [[ "$line" == "["* ]]; then
            [[ "$line" == "[$2]"* ]] && here=yes || here=no
        elif [[ "$here" == "yes" && "$line" =~ ^${3}[[:blank:]]*= ]]; then
            read -r line <<<"${line#*=}"
            echo "$line"
        fi
    done <"$1"
}

# Messages, logs
# ==============

function get_transport_url {
    echo "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:$RABBIT_PORT/${1:-}"
}

function get_notification_url {
    get_transport_url "${1:-}"
}

function iniset_rpc_backend {
    iniset "$2" "${3:-DEFAULT}" transport_url "$(get_transport_url "${4:-}")"
}

function setup_logging {
    iniset "$1" DEFAULT logging_debug_format_suffix "{{(pid=%(process)d) %(funcName)s %(pathname)s:%(lineno)d}}"
    iniset "$1" DEFAULT logging_context_format_string "%(color)s%(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(project_name)s %(user_name)s%(color)s] %(instance)s%(color)s%(message)s"
    iniset "$1" DEFAULT logging_default_format_string "%(color)s%(levelname)s %(name)s [-%(color)s] %(instance)s%(color)s%(message)s"
    iniset "$1" DEFAULT logging_exception_prefix "ERROR %(name)s %(instance)s"
    iniset "$1" DEFAULT log_color "$LOG_COLOR"
}

# Keystone
# ========

function configure_keystoneauth {
    local option
    for option in "auth_type password" "interface public" \
            "auth_url $KEYSTONE_SERVICE_URI" "username $2" \
            "password $SERVICE_PASSWORD" \
            "user_domain_name $SERVICE_DOMAIN_NAME" \
            "project_name $SERVICE_PROJECT_NAME" \
            "project_domain_name $SERVICE_DOMAIN_NAME"; do
        iniset "$1" "$3" "${option%% *}" "${option#* }"
    done
}

function configure_keystone_authtoken_middleware {
    local section=${3:-keystone_authtoken}
    configure_keystoneauth "$1" "$2" "$section"
    iniset "$1" "$section" www_authenticate_uri "$KEYSTONE_SERVICE_URI"
    iniset "$1" "$section" cafile "$SSL_BUNDLE_FILE"
    iniset "$1" "$section" memcached_servers "$MEMCACHE_SERVERS"
    if [[ -n "${4:-}" ]]; then
        iniset "$1" "$section" service_type "$4"
    fi
}

function _openstack {
    openstack --os-cloud devstack-system-admin "$@"
}

function create_service_user {
    _openstack user create "$1" --password "$SERVICE_PASSWORD" \
        "--domain=$SERVICE_DOMAIN_NAME" --or-show -f value -c id
    local role
    for role in service ${2:-}; do
        _openstack role add "$role" --user "$1" \
            --project "$SERVICE_PROJECT_NAME" \
            --user-domain "$SERVICE_DOMAIN_NAME" \
            --project-domain "$SERVICE_DOMAIN_NAME"
    done
}

function get_or_create_service {
    _openstack service show "$2" -f value -c id 2>/dev/null ||
        _openstack service create "$2" --name "$1" "--description=$3" \
            -f value -c id
}

# get_or_create_endpoint service region public [admin [internal]]
function get_or_create_endpoint {
    local interface url
    for interface in public admin internal; do
        case $interface in
            public) url=$3 ;;
            admin) url=${4:-} ;;
            internal) url=${5:-} ;;
        esac
        if [[ -n "$url" && -z "$(_openstack endpoint list --service "$1" \
                --interface $interface --region "$2" -c ID -f value)" ]]; then
            _openstack endpoint create "$1" $interface "$url" \
                --region "$2" -f value -c id
        fi
    done
}

# Apache
# ======

APACHE_CONF_DIR=/etc/apache2/sites-available

function apache_site_config_for {
    echo "$APACHE_CONF_DIR/$1.conf"
}

# write_uwsgi_config conf application url http name
function write_uwsgi_config {
    local conf=$1 application=$2 url=$3 name=$5 socket option
    if [[ ! "$application" =~ ^[a-zA-Z0-9_.]+:[a-zA-Z0-9_]+$ ]]; then
        die $LINENO "$application is not a module and an application"
    fi
    if [[ -n "$4" ]]; then
        die $LINENO "without a proxy, at $4"
    fi
    socket=$SANDBOX/run/$name.socket
    rm -rf "$conf"
    for option in "module $application" "processes $API_WORKERS" \
            "master true" "die-on-term true" "exit-on-reload false" \
            "worker-reload-mercy $WORKER_TIMEOUT" "enable-threads true" \
            "plugins http,python3" "thunder-lock true" \
            "hook-master-start unix_signal:15 gracefully_kill_them_all" \
            "buffer-size 65535" "add-header Connection: close" \
            "lazy-apps true" "start-time %t" "socket $socket" \
            "chmod-socket 666"; do
        iniset "$conf" uwsgi "${option%% *}" "${option#* }"
    done
    echo "ProxyPass \"$url\" \"unix:$socket|uwsgi://uwsgi-uds-$name\" retry=0 acquire=1 " |
        sudo tee -a "$(apache_site_config_for "$name")" >/dev/null
    record enable_apache_site "$name"
    record restart_apache_server
}

function remove_uwsgi_config {
    rm -rf "$1"
    record disable_apache_site "$2"
}
