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

# Runs the plugin as DevStack's stack.sh, unstack.sh and clean.sh do:
# stack.sh stack|unstack|clean. All that they do beside that, and all other
# services, are here only as far as the plugin can notice.

set -o errexit
set -o errtrace

# shellcheck source=stratometrics/tests/devstack/functions.sh
source "$(dirname "$0")/functions.sh"

# The other plugins, with what they enable.
declare -A PLUGINS=(
    [octavia]="octavia o-api o-da o-cw o-hk o-hm"
    [manila]="manila m-api m-sch m-shr m-dat"
    [designate]="designate designate-api designate-central designate-mdns designate-worker designate-producer designate-sink"
    [ironic]="ironic ir-api ir-cond"
    [magnum]="magnum-api magnum-cond"
    [trove]="trove tr-api tr-tmgr tr-cond"
    [ceilometer]="ceilometer-acompute ceilometer-acentral ceilometer-anotification"
)

function is_plugin_here {
    [[ ",$DEVSTACK_PLUGINS," == *",$1,"* ]]
}

# Plugins that are configured from scratch and started later.
function run_other_plugins {
    local plugin service
    for plugin in "${!PLUGINS[@]}"; do
        if ! is_plugin_here "$plugin"; then
            continue
        fi
        case "$1:$2" in
            stack:pre-install)
                if [[ "$plugin" == "ceilometer" ]]; then
                    function is_ceilometer_enabled {
                        [[ ",$ENABLED_SERVICES" == *",ceilometer-"* ]]
                    }
                fi
                ;;
            stack:post-config)
                fresh "$ETC/$plugin/$plugin.conf"
                iniset_rpc_backend "$plugin" "$ETC/$plugin/$plugin.conf"
                if [[ "$plugin" == "designate" ]]; then
                    iniset "$ETC/$plugin/$plugin.conf" oslo_messaging_notifications topics notifications
                fi
                ;;
            stack:extra)
                for service in ${PLUGINS[$plugin]}; do
                    run_process "$service" "/opt/$service"
                done
                ;;
        esac
    done
}

function run_phase {
    local before=$-
    if [[ "$OURS" == "last" ]]; then
        run_other_plugins "$@"
    fi
    record phase "$@"
    # shellcheck source=devstack/plugin.sh
    source "$DEST/stratometrics/devstack/plugin.sh" "$@"
    if [[ "$-" != "$before" ]]; then
        die $LINENO "options of the shell were changed: $before, then $-"
    fi
    if [[ "$OURS" == "first" ]]; then
        run_other_plugins "$@"
    fi
}

function fresh {
    mkdir -p "$(dirname "$1")"
    rm -f "$1"
    iniset "$1" DEFAULT debug True
}

function configure_services {
    local file
    if is_service_enabled keystone; then
        fresh "$KEYSTONE_CONF"
        iniset_rpc_backend keystone "$KEYSTONE_CONF" oslo_messaging_notifications
    fi
    if is_service_enabled swift; then
        fresh "$SWIFT_CONFIG_PROXY_SERVER"
        iniset "$SWIFT_CONFIG_PROXY_SERVER" pipeline:main pipeline "authtoken ${SWIFT_EXTRAS_MIDDLEWARE_LAST:-} proxy-server"
    fi
    if is_service_enabled glance; then
        fresh "$GLANCE_API_CONF"
        iniset "$GLANCE_API_CONF" oslo_messaging_notifications driver messagingv2
    fi
    if is_service_enabled cinder; then
        fresh "$CINDER_CONF"
    fi
    if is_service_enabled n-api; then
        # Two conductors: one for the API, one for the cell.
        fresh "$NOVA_CONF_DIR/nova_cell1.conf"
        iniset_rpc_backend nova "$NOVA_CONF_DIR/nova_cell1.conf" DEFAULT nova_cell1
    fi
    if is_service_enabled nova; then
        fresh "$NOVA_CONF"
        iniset "$NOVA_CONF" oslo_messaging_notifications driver messagingv2
        iniset "$NOVA_CONF" oslo_messaging_notifications transport_url "$(get_notification_url)"
        iniset "$NOVA_CONF" notifications notification_format "$NOVA_NOTIFICATION_FORMAT"
    fi
}

# As stackrc, stack.sh and the libraries set it
# =============================================

ETC=$ROOT/etc
STACK_USER=stack
SERVICE_HOST=${SERVICE_HOST:-192.0.2.1}
SERVICE_PROTOCOL=http
SERVICE_TIMEOUT=60
SERVICE_DOMAIN_NAME=Default
SERVICE_PROJECT_NAME=service
REGION_NAME=${REGION_NAME:-RegionOne}
ENABLED_SERVICES=key,n-api,n-cpu,n-cond,n-sch,g-api,c-sch,c-api,c-vol,q-svc,q-ovn-agent,rabbit,mysql
DISABLED_SERVICES=
DEVSTACK_PLUGINS=
ENABLE_DEBUG_LOG_LEVEL=True
LOG_COLOR=False
API_WORKERS=2
WORKER_TIMEOUT=80
OFFLINE=False
REPOS_UPDATED=True
MEMCACHE_SERVERS=${MEMCACHE_SERVERS-localhost:11211}
RABBIT_PORT=5672
RABBIT_USERID=stackrabbit
KEYSTONE_SERVICE_URI=http://$SERVICE_HOST/identity
SSL_BUNDLE_FILE=$SANDBOX/ca-bundle.pem

# shellcheck source=/dev/null
source "$SANDBOX/localrc"
# shellcheck source=devstack/override-defaults
source "$DEST/stratometrics/devstack/override-defaults"

NOVA_NOTIFICATION_FORMAT=${NOVA_NOTIFICATION_FORMAT:-unversioned}
KEYSTONE_CONF=$ETC/keystone/keystone.conf
GLANCE_API_CONF=$ETC/glance/glance-api.conf
CINDER_CONF=$ETC/cinder/cinder.conf
CINDER_BIN_DIR=$PROGRAMS
NOVA_CONF_DIR=$ETC/nova
NOVA_CONF=$NOVA_CONF_DIR/nova.conf
NEUTRON_CONF=$ETC/neutron/neutron.conf
NEUTRON_BIN_DIR=$PROGRAMS
Q_PLUGIN_CONF_FILE=etc/neutron/plugins/ml2/ml2_conf.ini
SWIFT_CONFIG_PROXY_SERVER=$ETC/swift/proxy-server.conf
OCTAVIA_CONF=$ETC/octavia/octavia.conf
MANILA_CONF=$ETC/manila/manila.conf
DESIGNATE_CONF=$ETC/designate/designate.conf
IRONIC_CONF_FILE=$ETC/ironic/ironic.conf
MAGNUM_CONF=$ETC/magnum/magnum.conf
TROVE_CONF=$ETC/trove/trove.conf

for plugin in "${!PLUGINS[@]}"; do
    if is_plugin_here "$plugin"; then
        # shellcheck disable=SC2086
        enable_service ${PLUGINS[$plugin]}
    fi
done

exec {BASH_XTRACEFD}>>"$SANDBOX/trace"
PS4='+ ${BASH_SOURCE##*/}: '
set -o xtrace

# shellcheck source=devstack/settings
source "$DEST/stratometrics/devstack/settings"

case $1 in
    stack)
        run_phase stack pre-install
        configure_services
        run_phase stack install
        if is_service_enabled neutron; then
            fresh "$NEUTRON_CONF"
        fi
        run_phase stack post-config
        # What local.conf has for files of services.
        if type merge_post_config >/dev/null 2>&1; then
            merge_post_config
        fi
        if is_service_enabled n-cpu; then
            cp "$NOVA_CONF" "$NOVA_CONF_DIR/nova-cpu.conf"
            iniset_rpc_backend nova "$NOVA_CONF_DIR/nova-cpu.conf" DEFAULT nova_cell1
        fi
        run_phase stack extra
        run_phase stack test-config
        ;;
    unstack)
        run_phase unstack
        ;;
    clean)
        run_phase clean
        ;;
esac
