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
"""``openstack billing``: a plugin of python-openstackclient.

``v1`` has the commands, ``options`` reads what is typed behind them,
``tables`` and ``charts`` show what is answered.

Every command is loaded by name, and each run loads these modules again: what
takes long to import, such as rich, is imported where it is used.
"""
