"""Who answers: skills, states and the roster of agents. Pure: no clock, no I/O."""
