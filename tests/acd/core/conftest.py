"""Lets the tests of the core import the oracle, the players and the builders beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
