"""Two servers that run already, asked the same small questions: `verify --old URL --new URL`."""
