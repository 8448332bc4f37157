#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Chromium without a window: a tool that shows and prints pages."""

import os
import pathlib
import shutil
import tempfile

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import process

#: The variable that names another one.
VARIABLE = 'STRATO_CHROMIUM'
NAMES = ('chromium', 'chromium-browser', 'google-chrome')


def program() -> str:
    """Find the browser.

    :returns: its path.
    :raises: MissingTool if there is none.
    """
    for name in (os.environ.get(VARIABLE, ''), *NAMES):
        found = name and shutil.which(name)
        if found:
            return found
    raise errors.MissingTool(
        'chromium',
        'a test of pages',
        f'apt-get install chromium; or name one with {VARIABLE}',
    )


def screenshot(
    page: pathlib.Path, picture: pathlib.Path, width: int, height: int
) -> None:
    """Show a page and keep what is seen of it.

    :param page: the file of the page.
    :param picture: the PNG file to write.
    :param width: that of the window, in pixels.
    :param height: that of the window.
    :raises: PartError if the browser failed.
    """
    _run(
        page,
        f'--screenshot={picture}',
        f'--window-size={width},{height}',
        '--hide-scrollbars',
    )


def print_to_pdf(page: pathlib.Path, printed: pathlib.Path) -> None:
    """Print a page.

    :param page: the file of the page.
    :param printed: the PDF file to write.
    :raises: PartError if the browser failed.
    """
    _run(page, f'--print-to-pdf={printed}', '--no-pdf-header-footer')


def document(page: pathlib.Path) -> str:
    """Load a page, and return what became of it.

    :param page: the file of the page.
    :returns: the HTML of its elements.
    :raises: PartError if the browser failed.
    """
    return _run(page, '--dump-dom')


def _run(page: pathlib.Path, *arguments: str) -> str:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return process.run(
            [
                program(),
                '--headless',
                # Root, as which containers run, gets no sandbox.
                '--no-sandbox',
                '--disable-gpu',
                '--disable-dev-shm-usage',
                f'--user-data-dir={profile}',
                *arguments,
                page.as_uri(),
            ],
            'show a page in Chromium',
        )
