"""The ledger: what becomes of every single value of the file, one row each."""
