"""Secrets by the names of environment variables, and the `.env` that holds them."""
