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
"""All that services list, and what of it a cloud has."""

from collections.abc import Collection

from openstack import connection

from stratometrics import cloud as cloud_module
from stratometrics.reconciler import cinder
from stratometrics.reconciler import designate
from stratometrics.reconciler import glance
from stratometrics.reconciler import heat
from stratometrics.reconciler import ironic
from stratometrics.reconciler import listing
from stratometrics.reconciler import magnum
from stratometrics.reconciler import manila
from stratometrics.reconciler import neutron
from stratometrics.reconciler import octavia
from stratometrics.reconciler import swift
from stratometrics.reconciler import trove

ALL: tuple[listing.Listing, ...] = (
    *cinder.LISTINGS,
    *glance.LISTINGS,
    *neutron.LISTINGS,
    *octavia.LISTINGS,
    *manila.LISTINGS,
    *designate.LISTINGS,
    *ironic.LISTINGS,
    *trove.LISTINGS,
    *magnum.LISTINGS,
    *heat.LISTINGS,
    *swift.LISTINGS,
)


def listings(
    resource_types: Collection[str], cloud: connection.Connection
) -> list[listing.Listing]:
    """The listings of resource types whose service the cloud has.

    :param resource_types: the names of those that are switched on.
    :param cloud: whose catalog is looked into.
    :raises Unavailable: there is no catalog, for there is no token.
    """
    wanted = [one for one in ALL if one.resource_type in resource_types]
    try:
        offered = {
            service_type
            for service_type in {one.service_type for one in wanted}
            if cloud.session.get_endpoint(
                service_type=service_type,
                region_name=cloud.config.get_region_name(service_type),
                interface=cloud.config.get_interface(service_type),
            )
        }
    except cloud_module.FAILURES as error:
        raise listing.Unavailable(f'the catalog: {error}') from error
    return [one for one in wanted if one.service_type in offered]
