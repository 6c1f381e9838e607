import pytest
from hypothesis import settings

from tests.properties.merge.machine import MergeMachine

TestMerges = MergeMachine.TestCase
