"""KPIs: pure folds over facts. What is counted here is counted nowhere else."""
