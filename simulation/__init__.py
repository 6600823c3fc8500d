"""Drivers of the production core under simulated time."""
