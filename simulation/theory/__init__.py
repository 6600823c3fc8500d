"""Closed forms of queueing theory: what the simulation is checked against."""
