"""Some mutated files and stores on every run, fewer in a hurry; `fuzz.py` makes the large numbers."""

from __future__ import annotations

import random

from fuzz import Outcome, _watched, fuzz_files, fuzz_stores, peak_megabytes
from hypothesis import settings

from one_adapter.errors import OneAdapterError


def test_mutated_files_end_in_findings_or_one_sentence() -> None:
    tried = 4 * settings().max_examples
    outcome = fuzz_files(tried, seed=random.randrange(1 << 30))
    assert outcome.findings == []
    assert outcome.exported > tried / 40, "most mutants say nothing any more"


def test_mutated_stores_end_in_findings_or_one_sentence() -> None:
    tried = 2 * settings().max_examples
    outcome = fuzz_stores(tried, seed=random.randrange(1 << 30))
    assert outcome.findings == []
    assert outcome.exported > tried / 40, "most mutants say nothing any more"


def test_the_fuzzer_sees_what_it_looks_for() -> None:
    outcome = Outcome()

    def raises(problem: Exception) -> bool:
        raise problem

    for problem in (ValueError("bug"), OneAdapterError("fine"), RecursionError()):
        _watched(outcome, "label", lambda problem=problem: raises(problem))
    assert [each.split(":")[0] for each in outcome.findings] == ["label", "label"]
    assert outcome.tried == 3
    assert peak_megabytes() > 10
