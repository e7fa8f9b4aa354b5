"""The Spark models of the plan, which knows no adapter, are those of the adapter."""

from __future__ import annotations

from one_adapter.providers.xinghuo.models import ENGINES
from one_adapter.vendors.spark import SPARK


def test_the_plan_knows_the_spark_models_that_the_adapter_knows() -> None:
    assert {name: (row.url, row.domain) for name, row in ENGINES.items()} == SPARK
