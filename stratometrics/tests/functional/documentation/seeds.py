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
"""What the pages of this folder's tests are shown with."""

from collections.abc import Iterable
import dataclasses
import datetime
import uuid

from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.pricing import files
from stratometrics.storage.clickhouse import driver

HOUR = 3600 * timestamps.MICROSECONDS


def at(year: int, month: int, day: int = 1, hour: int = 0) -> int:
    """An instant, in UTC."""
    return timestamps.from_datetime(
        datetime.datetime(year, month, day, hour, tzinfo=datetime.UTC)
    )


def life(
    resource_type: str,
    project_id: str,
    begin: int,
    end: int | None = None,
    **facts,
) -> Iterable[event_model.Event]:
    """What is told of something that is there from one time to another."""
    for time, phase, state in (
        (begin, event_model.Phase.BILLED, 'active'),
        (end, event_model.Phase.ENDED, 'deleted'),
    ):
        if time is not None:
            yield event_model.Event(
                resource_type=resource_type,
                resource_id=f'{resource_type}-{begin}',
                event_time=time,
                message_id=f'{resource_type}-{time}',
                rank=event_model.rank_of(phase),
                phase=phase,
                state=state,
                project_id=project_id,
                event_type='test',
                region='RegionOne',
                **facts,
            )


def charge(
    storage: driver.ClickHouseStorage, text: str, at: int | None = None
) -> None:
    """Put the prices of a file into the list.

    :param at: when; by default now.
    """
    storage.record_prices(
        [
            prices.Entry(
                change=prices.Change.CREATED,
                at=timestamps.now() if at is None else at,
                by='operator',
                price=dataclasses.replace(price, id=str(uuid.uuid4())),
            )
            for price in files.load('prices.yaml', text)
        ]
    )
