from datetime import UTC, date, datetime

from crmcore.model.calendar import Calendar
from crmcore.query import F
from crmcore.rules.rollup import TODAY, days_ago
from crmcore.rules.rollup.turning import Turning
from tests.properties.rollup.records import deal

CALENDAR = Calendar(time_zone="Asia/Tokyo")


def test_records_between_the_old_bound_and_the_new_one_are_found_either_way() -> None:
    turning = Turning(F.close_on, CALENDAR)
    kept = [deal(str(at), close_on=date(2025, 1, at)) for at in range(1, 9)]
    for one in [*kept, deal("none"), deal("text", close_on="soon")]:
        turning.put(one)
    found = turning.crossed(TODAY, date(2025, 1, 3), date(2025, 1, 5))
    assert [one.id for one in found] == ["3", "4", "5"]
    back = turning.crossed(days_ago(1), date(2025, 1, 5), date(2025, 1, 4))
    assert [one.id for one in back] == ["3", "4"]
    for one in [*kept[:4], deal("none")]:
        turning.drop(one)
    assert [one.id for one in turning.crossed(TODAY, date.min, date.max)] == ["5", "6", "7", "8"]


def test_a_moment_is_kept_by_its_day_in_the_time_zone() -> None:
    turning = Turning(F.created_at, CALENDAR)
    late = deal("late", created_at=datetime(2025, 1, 1, 20, tzinfo=UTC))
    naive = deal("naive", created_at=datetime(2025, 1, 1))  # noqa: DTZ001 - bad data
    same = deal("same", created_at=datetime(2025, 1, 1, 21, tzinfo=UTC))
    for one in (late, naive, same):
        turning.put(one)
    assert turning.days == [date(2025, 1, 2)]
    turning.drop(late)
    assert list(turning.by_day[date(2025, 1, 2)]) == ["same"]
