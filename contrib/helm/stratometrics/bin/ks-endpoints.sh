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

# Makes the endpoints of the service in its region, or moves them to where
# they belong. It can be repeated.

set -euo pipefail

# Of several services of a type the one of this name counts.
service=$(openstack service list -f value -c ID -c Name -c Type |
    awk -v name="$SERVICE_NAME" -v type="$SERVICE_TYPE" \
        '$2 == name && $3 == type { print $1; exit }')
if [[ -z $service ]]; then
    echo "There is no service $SERVICE_NAME ($SERVICE_TYPE) yet." >&2
    exit 1
fi

for interface in admin internal public; do
    url=SERVICE_URL_${interface^^}
    endpoint=$(openstack endpoint list -f value -c ID \
        --service "$service" --region "$SERVICE_REGION" \
        --interface "$interface")
    case $(wc -w <<<"$endpoint") in
        0)
            openstack endpoint create --region "$SERVICE_REGION" \
                "$service" "$interface" "${!url}"
            ;;
        1)
            openstack endpoint set --url "${!url}" "$endpoint"
            echo "The $interface endpoint is ${!url}."
            ;;
        *)
            echo "There are several $interface endpoints of $SERVICE_NAME" \
                "in $SERVICE_REGION: delete what is wrong." >&2
            exit 1
            ;;
    esac
done
