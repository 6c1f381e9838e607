from crmcore.adapters.entering import Entering


def test_the_moment_is_that_of_entering() -> None:
    now = [1]
    context = Entering(lambda: now[0])
    now[0] = 2
    with context as entered:
        now[0] = 3
    assert entered == 2
    with context as again:
        assert again == 3
