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
"""All that services list."""

from stratometrics.reconciler import cinder
from stratometrics.reconciler import designate
from stratometrics.reconciler import glance
from stratometrics.reconciler import heat
from stratometrics.reconciler import ironic
from stratometrics.reconciler import listing
from stratometrics.reconciler import magnum
from stratometrics.reconciler import manila
from stratometrics.reconciler import neutron
from stratometrics.reconciler import nova
from stratometrics.reconciler import octavia
from stratometrics.reconciler import swift
from stratometrics.reconciler import trove

#: How each resource type is listed. Of a cloud that lacks a service, and of
#: types that are switched off, nothing is asked.
ALL: tuple[listing.Listing, ...] = (
    *nova.LISTINGS,
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
