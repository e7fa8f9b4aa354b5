"""What becomes of the plan under `export --pure`, without one-adapter at run time."""
