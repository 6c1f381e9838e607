import signal
import threading

import pytest

from crmcore.testing.watch import watched


def test_a_call_that_never_comes_back_fails() -> None:
    with pytest.raises(AssertionError, match="a call never came back"), watched(0.01):
        threading.Event().wait()
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_other_threads_and_watches_are_left_alone() -> None:
    done = []

    def work() -> None:
        with watched(0.001):
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with watched(), watched(0.001):
        assert done == [1]
