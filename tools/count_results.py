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

"""Print how many tests of a run passed and failed, and which failed why.

The run is read from standard input, as ``stestr last --subunit`` writes it. A
test that was skipped counts as neither; one that never ended has failed. The
first line has both numbers. After it comes the end of what each failed test
told, which is where its error stands.
"""

import sys

import subunit
import testtools

#: How much is told of a failed test.
_LINES = 25
_WIDTH = 400


def main() -> None:
    """Tell the results in the stream."""
    summary = testtools.StreamSummary()
    summary.startTestRun()
    subunit.ByteStreamToStreamResult(
        sys.stdin.buffer, non_subunit_name='output'
    ).run(summary)
    summary.stopTestRun()
    failed = [
        *summary.errors,
        *(
            (test, 'It should have failed.')
            for test in summary.unexpectedSuccesses
        ),
    ]
    print(summary.testsRun - len(failed) - len(summary.skipped), len(failed))
    for test, told in failed:
        print(f'--- failed: {test.id()}')
        for line in told.strip().splitlines()[-_LINES:]:
            print(line if len(line) <= _WIDTH else f'{line[:_WIDTH]}...')


if __name__ == '__main__':
    main()
