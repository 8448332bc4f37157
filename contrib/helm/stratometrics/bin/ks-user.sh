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

# Makes the user of the service, with its roles in its project, or sets its
# password where there is one. It can be repeated.

set -euo pipefail

# Domains and projects are those of all services: most often they are there.
domain() {
    if [[ ${1,,} == default ]]; then
        echo default
    else
        openstack domain create --or-show -f value -c id "$1"
    fi
}

user_domain=$(domain "$SERVICE_USER_DOMAIN_NAME")
project_domain=$(domain "$SERVICE_PROJECT_DOMAIN_NAME")
project=$(openstack project create --or-show -f value -c id \
    --domain "$project_domain" "$SERVICE_PROJECT_NAME")
user=$(openstack user create --or-show -f value -c id \
    --domain "$user_domain" --project "$project" \
    --project-domain "$project_domain" "$SERVICE_USERNAME")

# Setting a password ends the tokens of the user, and some clouds refuse one
# that was used before. Here the client is the user, and not the administrator.
password_is_right() {
    OS_USERNAME=$SERVICE_USERNAME \
        OS_PASSWORD=$SERVICE_PASSWORD \
        OS_USER_DOMAIN_NAME=$SERVICE_USER_DOMAIN_NAME \
        OS_PROJECT_NAME=$SERVICE_PROJECT_NAME \
        OS_PROJECT_DOMAIN_NAME=$SERVICE_PROJECT_DOMAIN_NAME \
        openstack token issue -f value -c user_id >/dev/null 2>&1
}

for role in $SERVICE_ROLES; do
    openstack role create --or-show "$role" >/dev/null
    openstack role add --user "$user" --project "$project" "$role"
done
if ! password_is_right; then
    # The client reads this as a command: an argument would show in the list
    # of processes. It does not tell whether the command went well.
    quote="'\\''"
    printf "user set --password '%s' %s\n" \
        "${SERVICE_PASSWORD//\'/$quote}" "$user" | openstack >/dev/null
    password_is_right || {
        echo "Keystone did not take the password of $SERVICE_USERNAME." >&2
        exit 1
    }
fi
echo "The user $SERVICE_USERNAME is ready."
