"""Lint a simple-one-api configuration, export it for LiteLLM, or run a LiteLLM proxy on it."""

__version__ = "0.1.0"
