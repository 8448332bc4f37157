#!/bin/bash
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

# The DevStack plugin of Stratometrics; see devstack/README.rst. DevStack
# sources it in each of its phases.

_XTRACE_STRATOMETRICS=$(set +o | grep xtrace)
set +o xtrace

source "$STRATOMETRICS_DIR/devstack/lib/clickhouse"
source "$STRATOMETRICS_DIR/devstack/lib/emitters"
source "$STRATOMETRICS_DIR/devstack/lib/stratometrics"

set -o xtrace

# Emitters are configured on every host that has the plugin, such as compute
# hosts on which nothing else of it runs.
if [[ "$1" == "stack" && "$STRATOMETRICS_EMITTERS" == "True" ]]; then
    case "$2" in
        pre-install)
            prepare_emitters
            ;;
        install)
            echo_summary "Configuring notifications for Stratometrics"
            configure_first_emitters
            ;;
        post-config)
            configure_neutron_emitter
            ;;
        extra)
            configure_plugin_emitters
            ;;
    esac
fi

if is_service_enabled strato; then
    case "$1:$2" in
        stack:pre-install)
            create_stratometrics_folder
            ;;
        stack:install)
            echo_summary "Installing Stratometrics"
            install_stratometrics
            if is_clickhouse_local; then
                install_clickhouse
                configure_clickhouse
                start_clickhouse
            fi
            ;;
        stack:post-config)
            echo_summary "Configuring Stratometrics"
            configure_stratometrics
            if is_service_enabled strato-api; then
                configure_stratometrics_proxy
                create_stratometrics_accounts
            fi
            ;;
        stack:extra)
            echo_summary "Starting Stratometrics"
            # Not earlier: what local.conf adds to stratometrics.conf may tell
            # how to reach the database.
            if is_service_enabled strato-api; then
                init_stratometrics
            fi
            start_stratometrics
            start_strato_audits
            ;;
        stack:test-config)
            if [[ "$STRATOMETRICS_SMOKE_TEST" == "True" ]]; then
                echo_summary "Testing Stratometrics"
                test_stratometrics
            fi
            ;;
        unstack:*)
            stop_stratometrics
            ;;
        clean:*)
            if is_clickhouse_local; then
                cleanup_clickhouse
            fi
            cleanup_stratometrics
            ;;
    esac
fi

$_XTRACE_STRATOMETRICS
