from __future__ import annotations

import pytest

from one_adapter.runtime.gateway.keys import Keys
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.gateway.settings import KeyRule, Settings


class TestKeys:
    def test_a_key_of_two_rules_opens_the_models_of_both(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("a",)), KeyRule("B", ("b",)))), {"A": "k", "B": "k"})
        client = keys.identify([(b"x-api-key", b"k")])
        assert client is not None
        assert client.models == {"a", "b"}

    @pytest.mark.parametrize("value", ["", "  "])
    def test_an_unset_or_blank_variable_opens_nothing(self, value: str) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": value})
        assert keys.identify([(b"authorization", b"Bearer ")]) is None
        assert keys.identify([(b"authorization", b"Basic abc")]) is None

    def test_spaces_around_a_configured_key_do_not_matter(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": " k "})
        assert keys.identify([(b"authorization", b"bearer  k ")]) is not None

    def test_deepls_own_scheme_is_understood(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("*",)),)), {"A": "k"})
        assert keys.identify([(b"authorization", b"DeepL-Auth-Key k")]) is not None

    @pytest.mark.parametrize(
        "header",
        [
            (b"authorization", b"Bearer k"),
            (b"authorization", b"bearer k"),
            (b"x-api-key", b"k"),
            (b"x-litellm-api-key", b" k "),
        ],
    )
    def test_every_header_that_may_hold_a_key_is_read(self, header: tuple[bytes, bytes]) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("m",)),)), {"A": "k"})
        assert keys.admit([header]).name == "A"

    @pytest.mark.parametrize(
        "header",
        [(b"authorization", b"k"), (b"api-key", b"k"), (b"x-api-key", b"Bearer k"), (b"cookie", b"k")],
    )
    def test_a_key_anywhere_else_is_none(self, header: tuple[bytes, bytes]) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("m",)),)), {"A": "k"})
        with pytest.raises(Refusal) as refused:
            keys.admit([header])
        assert refused.value.status == 401

    def test_the_master_key_beside_a_clients_is_the_masters(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("m",)),)), {"A": "k", "LITELLM_MASTER_KEY": "top"})
        assert keys.admit([(b"x-api-key", b"k"), (b"authorization", b"Bearer top")]).admin
        assert not keys.admit([(b"x-api-key", b"k")]).admin

    def test_an_open_proxy_asks_for_no_key_and_makes_nobody_its_master(self) -> None:
        keys = Keys(Settings(open=True), {"LITELLM_MASTER_KEY": "top"})
        anybody = keys.admit([(b"x-api-key", b"any")])
        assert (anybody.may("m"), anybody.admin) == (True, False)
        assert keys.admit([(b"x-api-key", b"top")]).admin

    def test_two_keys_of_one_request_open_what_each_of_them_opens(self) -> None:
        keys = Keys(Settings(keys=(KeyRule("A", ("a",)), KeyRule("B", ("b",)))), {"A": "ka", "B": "kb"})
        client = keys.admit([(b"x-api-key", b"ka"), (b"x-litellm-api-key", b"kb")])
        assert [client.may(model) for model in ("a", "b", "c")] == [True, True, False]
