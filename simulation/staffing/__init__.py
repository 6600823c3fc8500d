"""From a scenario to a certified roster: requirement, search, shifts, names."""
