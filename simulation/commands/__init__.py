"""The planner's commands of `acd`."""
