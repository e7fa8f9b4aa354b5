"""What has to be right on this machine before the proxy runs, looked at without LiteLLM."""
