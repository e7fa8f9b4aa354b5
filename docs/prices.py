"""The part of LiteLLM's price list that ships with one-adapter, for an export where no LiteLLM is installed.

    python docs/prices.py

It writes one_adapter/vendors/prices.json from the list of the LiteLLM that is installed.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from importlib.metadata import distribution, version
from pathlib import Path

from one_adapter.export.litellm.prices import LIST, MILLION, SHIPPED, rates_in

TARGET = Path(__file__).resolve().parent.parent / "one_adapter" / "vendors" / SHIPPED


def main() -> None:
    """Write the file."""
    given = Path(str(distribution("litellm").locate_file(f"litellm/{LIST}")))
    found = {
        "litellm": version("litellm"),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "names": {
            name: [round(MILLION * part, 6) for part in rate]  # US dollars a million tokens
            for name, rate in rates_in(json.loads(given.read_text("utf-8"))).items()
        },
    }
    text = re.sub(r"\[\s+([\d.e-]+),\s+([\d.e-]+)\s+\]", r"[\1, \2]", json.dumps(found, indent=1))
    TARGET.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
