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
"""What stands above columns: keys of the API in Title Case."""

_WORDS = {
    'gib': 'GiB',
    'gpus': 'GPUs',
    'id': 'ID',
    'ip': 'IP',
    'mib': 'MiB',
    'ram': 'RAM',
    'vcpus': 'vCPUs',
}


def head(key: str) -> str:
    """The head of a column.

    :param key: of the API, such as ``project_id``.
    :returns: such as ``Project ID``.
    """
    words = key.replace('-', '_').split('_')
    return ' '.join(_WORDS.get(word, word.capitalize()) for word in words)
