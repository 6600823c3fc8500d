"""Truth cases: exact answers of queueing theory, by closed form and by simulation with the engine."""
