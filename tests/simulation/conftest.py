"""Lets the tests of the simulation import the builders of the core's tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
