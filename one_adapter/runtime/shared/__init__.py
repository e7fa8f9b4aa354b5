"""The memory that several workers share, in Redis."""
