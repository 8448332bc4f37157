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
from typing import Any

from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import glance
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

IMAGE = {
    'id': '273cd261-4358-462e-8c83-d09374f7588a',
    'name': 'debian-12',
    'status': 'active',
    'visibility': 'public',
    'protected': False,
    'os_hidden': False,
    'checksum': '3784c0e7c75edb5f94d864f41f8e5a4d',
    'container_format': 'bare',
    'disk_format': 'raw',
    'owner': '78da4042dfe545f78eb265a4496f4636',
    'size': 3145728,
    'virtual_size': 3145728,
    'min_disk': 0,
    'min_ram': 0,
    'created_at': '2026-11-23T06:53:40Z',
    'updated_at': '2026-11-23T06:53:40Z',
    'tags': [],
}


class GlanceTest(agreement.ListingCase):
    listings = glance.LISTINGS

    def images(
        self, *images: Any, hidden: tuple[Any, ...] = ()
    ) -> list[observation.Observation]:
        def answer(_path: str, query: Any) -> Any:
            listed = hidden if query['os_hidden'] == 'true' else images
            return {'images': [] if 'marker' in query else listed}

        return self.living('image', image=fakes.Service(answer))

    def image(self, **keys: Any) -> observation.Observation:
        (seen,) = self.images(agreement.changed(IMAGE, **keys))
        return seen

    def test_an_image(self) -> None:
        known = agreement.event(IMAGE['id'], 'image.activate')
        self.assert_agrees(known, self.image())
        self.assertEqual(
            timestamps.parse('2026-11-23T06:53:40.999999'),
            self.image().changed_at,
        )

    def test_hidden_images_are_listed_too(self) -> None:
        seen = self.images(
            IMAGE, hidden=(agreement.changed(IMAGE, id='hidden'),)
        )
        self.assertEqual(
            [IMAGE['id'], 'hidden'], [one.resource_id for one in seen]
        )

    def test_before_its_activation(self) -> None:
        for status in ('queued', 'saving', 'uploading', 'importing', 'killed'):
            seen = self.image(status=status, size=None, disk_format=None)
            self.assertEqual(
                (status, True, {'size_bytes': 0, 'size_gib': 0}, ''),
                (
                    seen.state,
                    seen.passing,
                    seen.measures,
                    seen.attributes['disk_format'],
                ),
            )
        self.assertFalse(self.image(status='deactivated').passing)

    def test_an_image_of_nobody(self) -> None:
        for owner in (None, '', ...):
            self.assertEqual('none', self.image(owner=owner).project_id)

    def test_a_deleted_image_is_not_alive(self) -> None:
        self.assertEqual(
            [], self.images(agreement.changed(IMAGE, status='pending_delete'))
        )

    def test_what_is_malformed(self) -> None:
        with self.assertRaisesRegex(
            glance.listing.Unavailable, "image '273cd261.*': status: missing"
        ):
            self.image(status=None)
