"""The picture of a report: where each name goes."""
