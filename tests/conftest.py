"""What holds for every test: nobody outside this machine is called."""

from __future__ import annotations

import os

from hypothesis import settings

# LiteLLM fetches its price list when it is imported, unless it is told to use the one it ships with.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
# A proxy in the developer's environment must not stand between a test and loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

# A busy machine makes no example wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
