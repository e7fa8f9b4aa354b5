"""The variables by which the proxy's processes are told what to record; they count for more than a file."""

from __future__ import annotations

#: The access log's file, whether to count (`YES`), and the port of loopback at which that is told.
LOG, NUMBERS, PORT = "ONE_ADAPTER_ACCESS_LOG", "ONE_ADAPTER_METRICS", "ONE_ADAPTER_METRICS_PORT"
#: What says so.
YES = ("1", "true", "yes", "on")
#: A worker's number, and the folder in which the workers lay down what they count.
WORKER, FOLDER = "ONE_ADAPTER_WORKER", "ONE_ADAPTER_METRICS_FOLDER"
