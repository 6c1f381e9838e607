"""What every test run has: the Hypothesis profiles.

Choose one with ``pytest --hypothesis-profile=ci`` or ``HYPOTHESIS_PROFILE=ci pytest``; the
option wins.

- ``quick``: hardly any examples, the same ones each time; to see whether another Python does the
  same.
- ``default``: a few, in new places each time; for the run before each commit.
- ``ci``: as many, but the same ones each time, so that the coverage is the same, too.
- ``long``: as many as a night allows.
- ``planted``: more than by default, the same ones each time, and no shrinking; to see whether a
  planted bug is caught, not to explain it.
"""

import os

from hypothesis import HealthCheck, Phase, settings

SHARED = settings(
    print_blob=True,  # a failing example can be pasted as @reproduce_failure
    deadline=None,  # a loaded machine is slow, not wrong
    suppress_health_check=[HealthCheck.too_slow],  # likewise
)

settings.register_profile(
    "quick", SHARED, max_examples=10, stateful_step_count=25, derandomize=True, database=None
)
settings.register_profile("default", SHARED, max_examples=30, stateful_step_count=25)
settings.register_profile(
    "ci", SHARED, max_examples=30, stateful_step_count=25, derandomize=True, database=None
)
settings.register_profile("long", SHARED, max_examples=5_000, stateful_step_count=100)
settings.register_profile(
    "planted",
    SHARED,
    max_examples=200,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
