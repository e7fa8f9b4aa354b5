"""The plan as LiteLLM's own configuration."""
