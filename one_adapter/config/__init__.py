"""READ: what a simple-one-api configuration says, with the place of every word of it."""
