from __future__ import annotations

import sys
from pathlib import Path

# `forwarders` and a certificate stand with the tests of the providers.
sys.path.insert(0, str(Path(__file__).parent.parent / "providers"))
