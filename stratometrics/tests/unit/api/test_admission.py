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
"""How many requests there may be at once, and what each may spend."""

import contextlib
import socket
import sys
import threading
import types
from unittest import mock

import testtools
import webob

from stratometrics.api import errors
from stratometrics.api import health
from stratometrics.api.middleware import admission
from stratometrics.api.middleware import allowance
from stratometrics.api.middleware import sending
from stratometrics.api.middleware import token_cache
from stratometrics.storage import budget
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.unit.api import base


def places(working=4, waiting=4, patience=10.0, share=50):
    return admission.Places(
        admission.Capacity(
            working=working, waiting=waiting, patience=patience, share=share
        )
    )


class TestPlaces(testtools.TestCase):
    def queue(self, taken, *owners):
        """Let some wait, in this order.

        :returns: the names of those that were let in, as they are; and
            whether so many have been.
        """
        entered, changed = [], threading.Condition()

        def wait(owner):
            try:
                taken.take(owner)
            except errors.Busy:
                return
            with changed:
                entered.append(owner)
                changed.notify_all()

        for number, owner in enumerate(owners, 1):
            thread = threading.Thread(target=wait, args=(owner,), daemon=True)
            thread.start()
            while len(taken._waiting) + len(entered) < number:
                pass

        def has(count):
            with changed:
                return changed.wait_for(lambda: len(entered) >= count, 10)

        return entered, has

    def test_who_waits_longest_is_next(self):
        taken = places(working=1, share=100)
        taken.take('a')
        entered, has = self.queue(taken, 'b', 'a', 'c')
        for count, last in enumerate(('a', 'b', 'a'), 1):
            taken.leave(last)
            self.assertTrue(has(count))
        self.assertEqual(['b', 'a', 'c'], entered)

    def test_a_project_does_not_take_all_places(self):
        taken = places(working=4)
        taken.take('a')
        taken.take('a')
        entered, has = self.queue(taken, 'a', 'a', 'b', 'c')
        self.assertTrue(has(2))
        self.assertEqual(['b', 'c'], sorted(entered))
        # A place that somebody else leaves is not for it either.
        taken.leave('b')
        self.assertEqual(2, len(entered))
        taken.leave('a')
        self.assertTrue(has(3))
        self.assertEqual('a', entered[2])

    def test_a_project_does_not_take_the_whole_queue(self):
        taken = places(working=2, waiting=4)
        taken.take('a')
        self.queue(taken, 'a', 'a')
        refused = self.assertRaises(errors.Busy, taken.take, 'a')
        self.assertIn('Your project', str(refused))
        taken.take('b')
        self.queue(taken, 'b', 'c')
        refused = self.assertRaises(errors.Busy, taken.take, 'd')
        self.assertNotIn('project', str(refused))
        self.assertEqual({'Retry-After': '5'}, refused.headers)

    def test_nobody_waits_for_ever(self):
        taken = places(working=1, patience=0.05)
        taken.take('a')
        self.assertRaises(errors.Busy, taken.take, 'b')
        # Nothing is left behind.
        taken.leave('a')
        taken.take('c')
        taken.leave('c')
        self.assertEqual(0, taken._working.total())
        self.assertEqual([], taken._waiting)

    def test_whoever_is_alone_has_a_place(self):
        taken = places(working=1, waiting=0, share=1)
        taken.take('a')
        self.assertRaises(errors.Busy, taken.take, 'a')
        taken.leave('a')
        taken.take('a')

    def test_no_place_is_lost_in_a_crowd(self):
        taken = places(working=3, waiting=40, patience=0.002)
        together = [0, 0]
        lock = threading.Lock()

        def ask(owner):
            for _ in range(200):
                try:
                    taken.take(owner)
                except errors.Busy:
                    continue
                with lock:
                    together[0] += 1
                    together[1] = max(together)
                with lock:
                    together[0] -= 1
                taken.leave(owner)

        crowd = [
            threading.Thread(target=ask, args=(str(number % 5),))
            for number in range(10)
        ]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        self.assertTrue(1 <= together[1] <= 3, together)
        self.assertEqual(0, taken._working.total())
        self.assertEqual([], taken._waiting)


class TestAdmission(base.ApiTestCase):
    config = """
[api]
max_working = 1
max_waiting = 1
max_wait = 0.05
"""

    def setUp(self):
        super().setUp()
        self.patch(health, 'MAX_AGE', 60.0)

    def occupied(self):
        """An answer that is still being read."""
        return self.ask('/v1/usage?format=csv')

    def test_who_cannot_be_served_is_told_when_to_come(self):
        reading = self.occupied()
        response = self.ask('/v1/usage', 'bob')
        detail = self.assert_error(response, 503, 'busy')
        self.assertIn('try again in 5 seconds', detail)
        self.assertEqual('5', response.headers['Retry-After'])
        reading.app_iter.close()
        self.assertEqual(200, self.ask('/v1/usage', 'bob').status_int)

    def test_who_needs_no_token_never_waits(self):
        self.ask('/healthcheck', None)
        self.occupied()
        for path in ('/', '/healthcheck'):
            self.assertEqual(200, self.ask(path, None).status_int)
        response = self.ask('/v1/usage', None, method='OPTIONS')
        self.assertEqual(204, response.status_int)

    def test_errors_and_whole_answers_keep_no_place(self):
        self.storage.failure = storage_errors.StorageUnavailable('away')
        for _ in range(5):
            self.assertEqual(503, self.ask('/v1/usage').status_int)
        self.storage.failure = None
        for path, token, status in (
            ('/v1/none', 'alice', 404),
            ('/v1/usage', 'forged', 401),
            ('/v1/usage', 'alice', 200),
            ('/v1/usage?x=y', 'alice', 400),
        ):
            for _ in range(5):
                response = self.ask(path, token)
                self.assertEqual(status, response.status_int)
                # Sent, as far as the service knows.
                self.assertTrue(response.body)

    def test_who_leaves_is_not_served(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        request = webob.Request.blank('/v1/usage')
        request.headers['X-Auth-Token'] = 'alice'
        request.environ['gunicorn.socket'] = ours
        response = request.get_response(self.application)
        self.assertEqual(200, response.status_int)
        theirs.close()
        asked = len(self.storage.questions)
        response = request.get_response(self.application)
        self.assert_error(response, 499, 'client-gone')
        self.assertEqual(asked, len(self.storage.questions))
        self.assertIn('status: 499', self.log.output)
        self.assertNotIn('Traceback', self.log.output)


class TestRoom(base.ApiTestCase):
    config = """
[api]
max_working = 3
max_waiting = 4
max_wait = 0.05
project_share = 50
"""

    def test_a_project_that_reads_slowly_does_not_take_all_room(self):
        reading = [self.ask('/v1/usage') for _ in range(3)]
        self.assertEqual({200}, {each.status_int for each in reading})
        response = self.ask('/v1/usage')
        detail = self.assert_error(response, 503, 'busy')
        self.assertIn('Your project', detail)
        self.assertEqual('5', response.headers['Retry-After'])
        for name in ('bob', 'billing', 'bob'):
            reading.append(self.ask('/v1/', name))
            self.assertEqual(200, reading[-1].status_int)
        reading[0].app_iter.close()
        self.assertEqual(200, self.ask('/v1/usage').status_int)

    def test_whoever_may_work_or_wait_has_room(self):
        for working, waiting, share in (
            (8, 64, 50),
            (3, 5, 50),
            (1, 0, 50),
            (1, 1, 1),
        ):
            capacity = admission.Capacity(
                working=working, waiting=waiting, patience=1.0, share=share
            )
            rooms = admission.Rooms(capacity)
            for number in (working, waiting):
                for _ in range(min(number, capacity.of_one(number))):
                    rooms.take('a')

    def test_what_failed_takes_no_room(self):
        self.storage.failure = storage_errors.StorageUnavailable('away')
        for _ in range(8):
            self.assertEqual(503, self.ask('/v1/usage').status_int)
        self.storage.failure = None
        self.assertEqual(200, self.ask('/v1/usage').status_int)


class TestAllowance(testtools.TestCase):
    def answer(self, pieces, seconds=60.0, environ=None):
        def application(environ, start_response):
            start_response('200 OK', [])
            return pieces

        return allowance.Allowance(application, seconds)(
            environ or {}, lambda status, headers: None
        )

    def test_pieces_are_made_within_the_budget(self):
        def pieces():
            for _ in range(2):
                yield str(budget.current().left() > 0).encode()

        self.assertEqual([b'True', b'True'], list(self.answer(pieces())))
        self.assertIsNone(budget.current())

    def test_the_time_of_a_stream_ends(self):
        """Even if what was read of the storage lasts for more pieces."""
        body = iter(self.answer(iter((b'first', b'second')), seconds=0.05))
        self.assertEqual(b'first', next(body))
        threading.Event().wait(0.06)
        self.assertRaises(storage_errors.QueryTooExpensive, next, body)

    def test_a_client_that_leaves_breaks_the_stream(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        body = iter(
            self.answer(
                iter((b'first', b'second')), environ={'gunicorn.socket': ours}
            )
        )
        self.assertEqual(b'first', next(body))
        # Even if it has sent more before.
        theirs.send(b'GET')
        theirs.close()
        self.assertRaises(BrokenPipeError, next, body)

    def test_it_is_closed_within_the_budget(self):
        closed = []

        def pieces():
            try:
                yield b'first'
            finally:
                closed.append(budget.current())

        body = self.answer(pieces())
        next(iter(body))
        body.close()
        self.assertIsInstance(closed[0], budget.Budget)


class TestSending(testtools.TestCase):
    def answer(self, pieces, seconds=60.0, sock=None):
        def application(environ, start_response):
            start_response('200 OK', [])
            return pieces

        return sending.Sending(application, seconds)(
            {'gunicorn.socket': sock} if sock else {},
            lambda status, headers: None,
        )

    def test_an_answer_is_cut_in_parts(self):
        whole = bytes(range(256)) * 600
        parts = list(self.answer([whole, b'', b'end']))
        self.assertEqual(whole + b'end', b''.join(parts))
        self.assertEqual(
            [sending.PART, sending.PART, 22528, 3],
            [len(part) for part in parts],
        )

    def test_each_part_has_to_be_taken_in_time(self):
        """Also if some bytes of it are taken again and again."""
        self.patch(sending, 'SLOWEST_READER', 0.2)
        ours, theirs = socket.socketpair()
        ended = threading.Event()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)

        def read():
            while not ended.wait(0.01):
                theirs.recv(100)

        reader = threading.Thread(target=read)
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(ended.set)

        def send():
            for part in self.answer([bytes(10_000_000)], sock=ours):
                ours.sendall(part)

        self.assertRaises(TimeoutError, send)

    def test_the_whole_has_to_be_taken_in_time(self):
        body = iter(self.answer([b'first', b'second'], seconds=0.05))
        self.assertEqual(b'first', next(body))
        threading.Event().wait(0.06)
        self.assertRaises(BrokenPipeError, next, body)

    def test_what_is_left_of_the_time_is_for_the_next_part(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)
        next(iter(self.answer([b'first'], seconds=9.0, sock=ours)))
        self.assertTrue(8.0 < ours.gettimeout() <= 9.0)
        next(iter(self.answer([b'first'], sock=ours)))
        self.assertEqual(sending.SLOWEST_READER, ours.gettimeout())

    def test_it_is_closed(self):
        closed = []

        def pieces():
            try:
                yield b'first'
            finally:
                closed.append(True)

        body = self.answer(pieces())
        next(iter(body))
        body.close()
        self.assertEqual([True], closed)


class TestBrokenAnswers(testtools.TestCase):
    """Under uWSGI, of which only the connection is at hand here."""

    def received(self, pieces):
        """Whether a client is told that it has received all of an answer."""
        with (
            socket.create_server(('127.0.0.1', 0)) as listener,
            socket.create_connection(listener.getsockname()) as client,
        ):
            server, _ = listener.accept()
            uwsgi = types.SimpleNamespace(connection_fd=server.fileno)
            with server, mock.patch.dict(sys.modules, uwsgi=uwsgi):
                body = sending.Sending(lambda *request: pieces, 60.0)({}, None)
                with contextlib.suppress(storage_errors.StorageError):
                    for part in body:
                        server.sendall(part)
                        self.assertTrue(client.recv(100))
                body.close()
            try:
                return client.recv(100) == b''
            except ConnectionResetError:
                return False

    def broken(self):
        yield b'first'
        raise storage_errors.StorageUnavailable('gone')

    def test_they_end_otherwise_than_whole_ones(self):
        self.assertTrue(self.received([b'first', b'second']))
        self.assertTrue(self.received([]))
        self.assertFalse(self.received(self.broken()))


class TestTokenCache(testtools.TestCase):
    def test_what_is_kept_and_for_how_long(self):
        now = [100.0]
        self.patch(token_cache, '_now', lambda: now[0])
        cache = token_cache.Cache(size=2)
        self.assertIsNone(cache.get('a'))
        cache.set('a', b'1', time=10)
        now[0] += 9
        self.assertEqual(b'1', cache.get('a'))
        now[0] += 1
        self.assertIsNone(cache.get('a'))

    def test_the_oldest_make_room(self):
        cache = token_cache.Cache(size=2)
        for key in 'abcad':
            cache.set(key, key.encode(), time=10)
        self.assertEqual(
            [b'a', None, None, b'd'], [cache.get(key) for key in 'abcd']
        )

    def test_large_ones_take_more_room(self):
        cache = token_cache.Cache(size=100)
        for key, length in (('a', 40), ('b', 40), ('b', 60), ('c', 30)):
            cache.set(key, bytes(length), time=10)
        self.assertEqual(['b', 'c'], list(cache._kept))
        # What there is no room for at all is not kept.
        cache.set('d', bytes(101), time=10)
        self.assertEqual([], list(cache._kept))
        cache.set('a', bytes(100), time=10)
        self.assertEqual(['a'], list(cache._kept))

    def test_what_is_over_takes_no_room(self):
        now = [100.0]
        self.patch(token_cache, '_now', lambda: now[0])
        cache = token_cache.Cache()
        cache.set('a', b'1', time=10)
        now[0] += 10
        cache.set('b', b'2', time=10)
        self.assertEqual(['b'], list(cache._kept))
