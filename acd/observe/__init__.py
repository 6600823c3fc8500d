"""What the process shows of itself: metrics, logs, health, how late its loop is."""
