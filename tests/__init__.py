"""The tests, as a package of its own: one of our peers installs another by this name."""
