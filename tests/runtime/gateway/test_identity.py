"""What limits, breakers and turns are kept under, from one configuration to the next."""

from __future__ import annotations

from typing import Any

from one_adapter.runtime.gateway.identity import names_in_memory, with_identities
from one_adapter.runtime.gateway.settings import Policy


def deployment(service: str, secret: str, base: str = "https://a/v1", **ours: Any) -> dict[str, Any]:
    return {
        "model_name": "m",
        "litellm_params": {"model": "openai/m", "api_base": base, **({"api_key": secret} if secret else {})},
        "model_info": {"id": service, "one_adapter": {"service": service, **ours}},
    }


def policies(*models: dict[str, Any], counted: frozenset[str] | None = None, **values: str) -> list[Policy]:
    if counted is None:
        counted = frozenset(one["model_info"]["one_adapter"]["service"] for one in models)
    return [policy for _, policy in with_identities(models, counted, values)]


def test_a_service_that_moves_up_keeps_what_is_remembered_of_it() -> None:
    _, second = policies(deployment("openai-1", "k1"), deployment("openai-2", "k2"))
    (moved,) = policies(deployment("openai-1", "k2"))
    assert moved.owner == second.owner
    assert moved.key_owner == second.key_owner


def test_one_at_another_address_or_with_another_key_or_of_another_type_is_another() -> None:
    (one,) = policies(deployment("openai-1", "k1"))
    (address,) = policies(deployment("openai-1", "k1", "https://b/v1"))
    (key,) = policies(deployment("openai-1", "k2"))
    (kind,) = policies(deployment("groq-1", "k1"))
    assert len({one.owner, address.owner, key.owner, kind.owner}) == 4


def test_what_follows_the_host_is_no_part_of_it_for_it_may_be_another_for_each_model() -> None:
    (one,) = policies(deployment("azure-1", "k1", "https://a/openai/x"))
    (other,) = policies(deployment("azure-1", "k1", "https://a/openai/y"))
    assert one.owner == other.owner


def test_two_services_that_are_asked_alike_are_two() -> None:
    first, second = policies(deployment("openai-1", "k1"), deployment("openai-2", "k1"))
    assert first.owner != second.owner


def test_a_name_that_the_owner_gave_stays_whatever_the_key() -> None:
    (one,) = policies(deployment("mine", "k1"), counted=frozenset({"openai-1"}))
    (other,) = policies(deployment("mine", "k2"), counted=frozenset({"openai-1"}))
    assert one.owner == other.owner == "mine"


def test_a_key_without_a_name_is_known_by_itself_and_one_with_a_name_by_that() -> None:
    first, second = policies(
        deployment("s-1", "k1", key="key-1"), deployment("s-1", "k2", key="key-2", credential=1)
    )
    (moved,) = policies(deployment("s-1", "k2", key="key-1"))
    assert moved.key_owner == second.key_owner != first.key_owner
    (named,) = policies(deployment("s-1", "k2", key="backup"))
    assert named.key_owner == "backup"


def test_two_credentials_with_the_same_key_are_two() -> None:
    first, second = policies(deployment("s-1", "k1"), deployment("s-1", "k1", credential=1))
    assert first.key_owner != second.key_owner


def test_keys_that_an_adapter_reads_by_itself_are_found_where_it_reads_them() -> None:
    model = deployment("xinghuo-1", "")
    model["litellm_params"]["credential_env"] = "XF"
    (one,) = policies(model, XF_APPID="a", XF_API_KEY="k")
    (other,) = policies(model, XF_APPID="b", XF_API_KEY="k")
    assert one.owner != other.owner
    assert one.key_owner != other.key_owner


def test_without_any_key_a_place_is_all_there_is() -> None:
    (one,) = policies(deployment("ollama-1", "none", credential=2))
    assert one.key_owner == "2"


def test_a_file_that_does_not_tell_has_all_names_as_they_are_written() -> None:
    found = [policy for _, policy in with_identities([deployment("openai-1", "k1", key="key-1")], None, {})]
    assert [(one.owner, one.key_owner) for one in found] == [("openai-1", "key-1")]


def test_names_of_the_present_are_found_by_what_is_remembered() -> None:
    (one,) = policies(deployment("openai-1", "k1", key="key-1"))
    assert names_in_memory([one]) == {
        (one.owner,): ("openai-1", ""),
        (one.owner, one.key_owner): ("openai-1", "key-1"),
    }
