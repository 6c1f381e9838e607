from datetime import UTC, datetime, timedelta

from crmcore.ports import system_clock


def test_the_system_clock_gives_the_moment_in_utc() -> None:
    now = system_clock()
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)
