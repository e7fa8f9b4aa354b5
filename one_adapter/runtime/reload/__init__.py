"""What is watched, and what a configuration is that takes the place of another; knows nothing of LiteLLM."""
