"""What happened: a line for each request, and numbers for Prometheus; where both are off, nothing is made."""
