"""The deterministic engine: events in, effects and facts out. Pure: no clock, no randomness, no I/O."""
