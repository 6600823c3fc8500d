"""Plans as files: site, forecast, rosters, goals, read into a scenario and written out from one."""
