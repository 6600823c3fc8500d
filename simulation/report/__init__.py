"""What a planner takes away: tidy CSV, XLSX, JSON, and one HTML page with charts."""
