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
from collections.abc import Mapping
from typing import Any
import unittest
from unittest import mock

from keystoneauth1 import exceptions as keystone_exceptions
from openstack import exceptions as sdk_exceptions

from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.tests.unit.reconciler import fakes


class Shelf:
    """Things that a service has, and that may change between two pages.

    :param cap: the service gives no more than so many at a time.
    """

    def __init__(self, count: int, cap: int = 1000) -> None:
        self.names = [f'n{number}' for number in range(count)]
        self.cap = cap
        #: By how many pages were given: what is deleted then.
        self.deletions: dict[int, list[str]] = {}
        #: By how many pages were given: what is created then, in front.
        self.creations: dict[int, list[str]] = {}
        self._given = 0

    def by_marker(self, _path: str, query: Mapping[str, Any]) -> Any:
        start = 0
        if 'marker' in query:
            if query['marker'] not in self.names:
                return 400
            start = self.names.index(query['marker']) + 1
        return self._page(start, query)

    def by_offset(self, _path: str, query: Mapping[str, Any]) -> Any:
        return self._page(query.get('offset', 0), query)

    def _page(self, start: int, query: Mapping[str, Any]) -> Any:
        size = min(self.cap, query['limit'])
        page = self.names[start : start + size]
        self._given += 1
        for name in self.deletions.get(self._given, ()):
            self.names.remove(name)
        self.names[:0] = self.creations.get(self._given, ())
        return {'things': [{'id': name} for name in page]}


class PagesCase(unittest.TestCase):
    way = staticmethod(pages.by_marker)

    def read(self, answer: fakes.Answer, page_size: int = 3) -> list[str]:
        """The names that are listed, page after page."""
        self.service = fakes.Service(answer)
        inquiry = fakes.inquiry(page_size, block_storage=self.service)
        return [
            one['id']
            for _asked_at, objects in self.way(
                inquiry, 'block-storage', '/things', 'things'
            )
            for one in objects
        ]


class MarkerTest(PagesCase):
    def test_a_list_is_read_to_an_empty_page(self) -> None:
        for count in range(8):
            shelf = Shelf(count)
            self.assertEqual(shelf.names, self.read(shelf.by_marker))
        self.assertEqual(
            [
                ('/things', {'limit': 3}, None),
                ('/things', {'limit': 3, 'marker': 'n2'}, None),
                ('/things', {'limit': 3, 'marker': 'n5'}, None),
                ('/things', {'limit': 3, 'marker': 'n6'}, None),
            ],
            self.service.asked,
        )

    def test_a_service_may_give_fewer_than_it_is_asked_for(self) -> None:
        shelf = Shelf(7, cap=2)
        self.assertEqual(shelf.names, self.read(shelf.by_marker))

    def test_a_marker_that_is_gone_is_replaced(self) -> None:
        for cap in (1000, 2, 1):
            shelf = Shelf(7, cap)
            shelf.deletions = {2: [shelf.names[min(cap, 3) * 2 - 1]]}
            whole = list(shelf.names)
            if cap == 1:  # no other marker is left to go on from
                with self.assertRaisesRegex(listing.Unavailable, '400'):
                    self.read(shelf.by_marker)
                continue
            self.assertEqual(whole, self.read(shelf.by_marker))

    def test_a_whole_page_that_is_gone_is_no_end(self) -> None:
        shelf = Shelf(7)
        shelf.deletions = {1: ['n0', 'n1', 'n2']}
        with self.assertRaisesRegex(
            listing.Unavailable, '^block-storage /things: 400 Because$'
        ):
            self.read(shelf.by_marker)

    def test_a_service_that_ignores_the_marker_is_no_list(self) -> None:
        shelf = Shelf(7)
        with self.assertRaisesRegex(listing.Unavailable, 'came twice'):
            self.read(shelf.by_offset)

    def test_pages_tell_when_they_were_asked_for(self) -> None:
        clock = iter(range(100, 200))

        def answer(_path: str, query: Mapping[str, Any]) -> Any:
            next(clock)
            return shelf.by_marker(_path, query)

        shelf = Shelf(4)
        inquiry = fakes.inquiry(3, dns=fakes.Service(answer))
        with mock.patch(
            'stratometrics.model.timestamps.now', lambda: next(clock)
        ):
            asked = [
                asked_at
                for asked_at, _objects in pages.by_marker(
                    inquiry, 'dns', '/things', 'things'
                )
            ]
        self.assertEqual([100, 102], asked)


class OffsetTest(PagesCase):
    way = staticmethod(pages.by_offset)

    def test_a_list_is_read_to_its_end(self) -> None:
        for count in range(8):
            for page_size in (1, 2, 3, 7, 8):
                shelf = Shelf(count)
                self.assertEqual(
                    shelf.names, self.read(shelf.by_offset, page_size)
                )

    def test_a_service_may_give_fewer_than_it_is_asked_for(self) -> None:
        shelf = Shelf(7, cap=2)
        self.assertEqual(shelf.names, self.read(shelf.by_offset))

    def test_a_deletion_hides_nothing_that_lives(self) -> None:
        for deleted in (['n0'], ['n2'], ['n0', 'n1', 'n2'], ['n8', 'n9']):
            for after in range(1, 5):
                shelf = Shelf(10)
                shelf.deletions = {after: deleted}
                found = self.read(shelf.by_offset)
                self.assertEqual(len(set(found)), len(found))
                self.assertLessEqual(set(shelf.names), set(found))

    def test_a_creation_repeats_nothing(self) -> None:
        shelf = Shelf(10)
        listed = list(shelf.names)
        shelf.creations = {1: ['new1'], 2: ['new2']}
        self.assertEqual(listed, self.read(shelf.by_offset))

    def test_a_service_that_only_has_a_first_page_is_no_list(self) -> None:
        """It would be asked for the two in turn for ever."""

        def answer(path: str, query: Mapping[str, Any]) -> Any:
            self.assertLess(len(self.service.asked), 100)
            if query['offset']:
                return {'things': []}
            return Shelf(9).by_offset(path, query)

        with self.assertRaisesRegex(listing.Unavailable, 'do not follow'):
            self.read(answer)

    def test_a_service_that_ignores_the_offset_is_no_list(self) -> None:
        def answer(_path: str, _query: Mapping[str, Any]) -> Any:
            return {'things': [{'id': 'a'}, {'id': 'b'}]}

        with self.assertRaisesRegex(listing.Unavailable, 'came twice'):
            self.read(answer)


class FailureTest(PagesCase):
    def test_what_is_not_a_list_is_a_failure(self) -> None:
        for wrong, text in (
            (503, 'block-storage /things: 503 Because'),
            (404, 'block-storage /things: 404 Because'),
            (b'<html>', 'not a JSON object'),
            ([], 'not a JSON object'),
            ({}, 'no list of things'),
            ({'things': None}, 'no list of things'),
            ({'things': {'id': 'x'}}, 'no list of things'),
            ({'things': ['x']}, 'no list of things'),
            ({'things': [{'name': 'x'}]}, 'one of things: id: missing'),
            ({'things': [{'id': None}]}, 'one of things: id: missing'),
            ({'things': [{'id': '\ud800'}]}, 'id: .* a lone surrogate'),
            ({'things': [{'id': 'x/y'}]}, "part of a path: 'x/y'"),
            ({'things': [{'id': '..'}]}, "part of a path: '..'"),
        ):
            for way in (pages.by_marker, pages.by_offset):
                self.way = way
                with self.assertRaisesRegex(listing.Unavailable, text):
                    self.read(lambda *_asked, wrong=wrong: wrong)

    def test_a_service_that_cannot_be_asked(self) -> None:
        for failure in (
            keystone_exceptions.ConnectFailure('no way'),
            sdk_exceptions.ServiceDisabledException('no way'),
        ):

            def answer(*_asked: Any, failure: Exception = failure) -> Any:
                raise failure

            with self.assertRaisesRegex(
                listing.Unavailable, '^block-storage /things: no way'
            ):
                self.read(answer)

    def test_one_object_is_asked_for(self) -> None:
        service = fakes.Service(lambda *_asked: {'server': {'id': 'x'}})
        inquiry = fakes.inquiry(compute=service)
        self.assertEqual(
            {'server': {'id': 'x'}},
            pages.ask(
                inquiry, 'compute', '/servers/{}', 'x', microversion='2.96'
            ),
        )
        self.assertEqual([('/servers/x', {}, '2.96')], service.asked)

    def test_an_id_is_one_part_of_the_path(self) -> None:
        service = fakes.Service(lambda *_asked: {})
        inquiry = fakes.inquiry(compute=service)
        for odd, asked in (
            ('a?b#c d', 'a%3Fb%23c%20d'),
            ('%2F..', '%252F..'),
            ('{}', '%7B%7D'),
            ('\u00e4\n', '%C3%A4%0A'),
        ):
            pages.ask(inquiry, 'compute', '/{}/of/{}', odd, 'x')
            self.assertEqual((f'/{asked}/of/x', {}, None), service.asked[-1])

    def test_what_cannot_be_asked_for_is_not_there(self) -> None:
        service = fakes.Service(lambda *_asked: {})
        inquiry = fakes.inquiry(compute=service)
        for odd in ('', '.', '..', 'x/y', '../x', '\ud800', 'x' * 256):
            self.assertFalse(pages.has(inquiry, 'compute', '/servers/{}', odd))
        self.assertEqual([], service.asked)

    def test_what_there_is_not_is_told_from_other_failures(self) -> None:
        for status, missing in ((404, True), (403, False), (500, False)):
            inquiry = fakes.inquiry(
                compute=fakes.Service(lambda *_asked, status=status: status)
            )
            with self.assertRaises(listing.Unavailable) as caught:
                pages.ask(inquiry, 'compute', '/servers/x')
            self.assertEqual(
                missing, isinstance(caught.exception, pages.Missing)
            )


class MicroversionTest(unittest.TestCase):
    def test_the_highest_that_both_know(self) -> None:
        for offered, expected in (
            (((2, 1), (2, 103)), '2.96'),
            (((2, 1), (2, 60)), '2.60'),
            ((None, None), None),
        ):
            service = fakes.Service(lambda *_asked: {}, offered)
            inquiry = fakes.inquiry(compute=service)
            self.assertEqual(
                expected, pages.microversion(inquiry, 'compute', '2.96')
            )
