"""How a machine learns: schedules, recipes, the loop, what counts as learned, and runs on disk."""
