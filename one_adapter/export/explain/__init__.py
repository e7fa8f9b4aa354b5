"""The plan as `explain` shows it."""
