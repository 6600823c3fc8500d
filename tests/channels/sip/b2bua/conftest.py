"""The world of the tests of calls."""

import pytest

from tests.channels.sip.b2bua.world import World


@pytest.fixture
def world() -> World:
    return World()
