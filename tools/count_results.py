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

"""Print how many tests of a run passed, and how many failed.

The run is read from standard input, as ``stestr last --subunit`` writes it. A
test that was skipped counts as neither; one that never ended has failed.
"""

import sys

import subunit
import testtools


def main() -> None:
    """Count the results in the stream."""
    summary = testtools.StreamSummary()
    summary.startTestRun()
    subunit.ByteStreamToStreamResult(
        sys.stdin.buffer, non_subunit_name='output'
    ).run(summary)
    summary.stopTestRun()
    failed = len(summary.errors) + len(summary.unexpectedSuccesses)
    print(summary.testsRun - failed - len(summary.skipped), failed)


if __name__ == '__main__':
    main()
