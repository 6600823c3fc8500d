"""Replications of a scenario, and the statistics of what they leave."""
