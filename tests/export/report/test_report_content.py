"""What a report says, in each of its forms."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from configurations import Config, configurations, document, openai, plan, service
from hypothesis import given, settings

from one_adapter.config.document import Document, Span, parse
from one_adapter.config.reading import read_gateway
from one_adapter.export.formatting import percent, visible
from one_adapter.export.report.as_markdown import code, prose
from one_adapter.export.report.lines import lines_of
from one_adapter.export.report.summary import strict_rows, summary_lines
from one_adapter.export.report.write import write_report
from one_adapter.export.secrets.variables import Secrets, secrets_of
from one_adapter.finding import Finding
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan, Row, Verdict

KINDS = ("markdown", "json", "html")
FINDING = Finding(
    code="SOA301",
    name="redirect-reversed",
    severity="warning",
    pointer="/services/openai/0",
    span=Span(0, 1),
    line=7,
    column=3,
    message="redirects the wrong way round",
    help="turn them",
)


def planned(config: object) -> tuple[Plan, Secrets]:
    made = config if isinstance(config, Document) else document(config)
    decided = decide(made)
    return decided, secrets_of(read_gateway(made), decided)


def report(kind: Any, config: object, findings: list[Finding] | None = None, pure: bool = False) -> str:
    decided, secrets = planned(config)
    return write_report(kind, "config.json", decided, secrets, findings or [], pure)


def as_json(config: object, findings: list[Finding] | None = None, pure: bool = False) -> Any:
    return json.loads(report("json", config, findings, pure))


MIXED: Config = {
    "api_key": "sk-client-canary",
    "enable_web": True,
    "log_level": "debug",
    "load_balancing": "rr",
    "model_redirect": {"fast": "通义千问"},
    "services": {
        "openai": [
            service("通义千问", "m1", server_url="https://a.example/v1", limit={"qpm": 3}),
            service("m1", server_url="https://b.example/v1", model_map={"m1": "m1-large"}, id="second"),
        ],
        "qianfan": [
            {"models": ["ERNIE-4"], "enabled": True, "credentials": {"api_key": "k", "secret_key": "s"}}
        ],
    },
}


def test_settings_are_counted_by_verdict_and_every_leaf_is_among_the_rows() -> None:
    made = as_json(MIXED)
    assert sum(made["counts"].values()) == len(made["rows"])
    assert {row["pointer"] for row in made["rows"]} == {row.pointer for row in plan(MIXED).ledger}
    assert made["counts"]["dropped"] == sum(row["verdict"] == "dropped" for row in made["rows"]) > 0


def test_the_gravest_rows_come_first_and_have_their_line_and_column() -> None:
    rows = as_json(MIXED)["rows"]
    order = ["dropped", "approximated", "emulated", "mapped", "inert"]
    positions = [order.index(row["verdict"]) for row in rows]
    assert positions == sorted(positions)
    web = next(row for row in rows if row["pointer"] == "/enable_web")
    assert (web["line"], web["column"]) == (3, 17)
    assert "| 3:17 | `/enable_web` | dropped |" in report("markdown", MIXED)


def test_strict_fails_for_approximated_and_dropped_rows_alone() -> None:
    decided = plan(MIXED)
    found = strict_rows(decided)
    assert {row.verdict for row in found} == {"approximated", "dropped"}
    assert len(found) == sum(row.verdict in ("approximated", "dropped") for row in decided.ledger)
    plain = plan(openai(service("m", timeout=20)))
    assert strict_rows(plain) == []
    assert [row.pointer for row in strict_rows(plain, pure=True)] == ["/services/openai/0/timeout"]


def test_the_checklist_holds_tasks_findings_and_missing_secrets_errors_first() -> None:
    empty = openai(service("m", credentials={"api_key": "sk-1"}), api_key="sk-2")
    empty["services"]["dify"] = [{"models": ["d"], "enabled": True, "credentials": {}}]
    empty["services"]["qianfan"] = MIXED["services"]["qianfan"]
    items = as_json(empty, [FINDING])["todo"]
    levels = [item["level"] for item in items]
    assert levels == sorted(levels, key=["error", "warning", "info"].index)
    ended = next(item for item in items if item["code"] == "vendor-ended")
    row = next(row for row in plan(empty).ledger if row.pointer.startswith("/services/qianfan/0/"))
    assert (ended["level"], ended["place"]) == ("warning", f"{row.line}:{row.column}")
    found = next(item for item in items if item["code"] == "SOA301")
    assert (found["place"], found["text"]) == ("7:3", "redirects the wrong way round. turn them.")
    assert "SOA_DIFY_1_API_KEY is empty" in next(i["text"] for i in items if i["code"] == "secret-missing")


def test_findings_that_are_mere_information_are_nothing_to_do() -> None:
    made = as_json(openai(service("m"), api_key="k"), [replace(FINDING, severity="info")])
    assert made["todo"] == []
    assert [each["code"] for each in made["findings"]] == ["SOA301"]
    assert "Nothing." in report("markdown", openai(service("m"), api_key="k"))


def test_a_finding_that_says_what_a_task_says_is_told_once() -> None:
    ended = replace(FINDING, name="vendor-ended", code="SOA620", pointer="/services/qianfan/0")
    elsewhere = replace(ended, pointer="/services/openai/0")
    codes = [item["code"] for item in as_json(MIXED, [ended])["todo"]]
    assert "vendor-ended" in codes
    assert "SOA620" not in codes
    assert "SOA620" in [item["code"] for item in as_json(MIXED, [elsewhere])["todo"]]


def test_a_report_is_headed_by_the_files_own_name() -> None:
    decided, secrets = planned(openai(service("m")))
    text = write_report("markdown", "/somewhere/deep/config.yaml", decided, secrets, [])
    assert text.startswith("# config.yaml: ")
    assert "one-adapter run /somewhere/deep/config.yaml" in text


def test_a_name_is_shown_with_its_kind_its_shares_and_where_it_leads() -> None:
    names = {name["name"]: name for name in as_json(MIXED)["names"]}
    m1 = names["m1"]
    assert [(each["service"], each["share"], each["model"]) for each in m1["targets"]] == [
        ("openai-1", 0.5, "m1"),
        ("second", 0.5, "m1-large"),
    ]
    assert names["fast"]["alias_of"] == "通义千问"
    assert not names["fast"]["listed"]
    text = report("markdown", MIXED)
    assert "50 % `second` → `https://b.example/v1` as `m1-large`" in text
    assert "| `fast` | no | chat | as `通义千问`: 100 % `openai-1`" in text


def test_a_name_with_many_upstreams_is_cut_short_for_people_and_whole_for_programs() -> None:
    many = openai(*(service("m") for _ in range(9)))
    assert "and 5 more" in report("markdown", many)
    assert "and 5 more" in report("html", many)
    assert len(next(name for name in as_json(many)["names"] if name["name"] == "m")["targets"]) == 9


def test_the_name_that_answers_every_name_is_told_apart() -> None:
    everything = openai(service("m"), model_redirect={"all": "m"})
    made = as_json(everything)
    assert [each["service"] for each in made["any"]["targets"]] == ["openai-1"]
    assert "" not in [name["name"] for name in made["names"]]
    assert "| *any name* | no | chat | as `m`:" in report("markdown", everything)
    assert "any name" in report("html", everything)


def test_names_that_lead_nowhere_are_said_to_be_left_out() -> None:
    homeless = openai(service("a"), service("*", server_url="https://c.example"))
    assert "| `*` | yes | chat, embeddings | nothing: it is left out |" in report("markdown", homeless)
    assert "nothing: it is left out" in report("html", homeless)


def test_embeddings_that_go_elsewhere_are_told_beside_the_chats() -> None:
    config = {"services": {"openai": [service("deepseek-chat", embedding_models=["text-embedding-3-small"])]}}
    made = next(name for name in as_json(config)["names"] if name["name"] == "deepseek-chat")
    assert made["targets"][0]["url"] == "https://api.deepseek.com/v1"
    assert made["embedding_targets"][0]["url"] == "https://api.openai.com/v1"
    assert "embeddings:<br>100 %" in report("markdown", config)


CANARIES = {
    "api_key": "canary-client-key",
    "proxy": {
        "strategy": "force_all",
        "type": "http",
        "http_proxy": "http://u:canary-proxy%20pw@p.example:1",
    },
    "services": {
        "openai": [
            {
                "models": ["m"],
                "enabled": True,
                "server_url": "https://me:canary-address@h.example/v1?token=canary-query&tenant=canary-tenant",
                "credential_list": [{"api_key": "canary-first"}, {"api_key": "canary-second"}],
            }
        ],
        "xinghuo": [
            {
                "models": ["spark-lite"],
                "enabled": True,
                "credentials": {"appid": "canary-appid", "api_key": "canary-ak", "api_secret": "canary-as"},
            }
        ],
        "qianfan": [
            {
                "models": ["ERNIE-4"],
                "enabled": True,
                "credentials": {"api_key": "canary-old-id", "secret_key": "canary-old-secret"},
            }
        ],
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pure", [False, True])
def test_no_secret_is_ever_told(kind: str, pure: bool) -> None:
    quoting = replace(
        FINDING,
        message="key canary-first, and http://u:canary-proxy%20pw@p.example:1",
        help="drop canary-query or canary-proxy pw or canary-address or canary-tenant",
    )
    text = report(kind, CANARIES, [quoting], pure)
    assert "canary" not in text
    assert "SOA_OPENAI_1_API_KEY_2" in text
    assert "p.example" not in text
    assert "h.example/v1" in text


def test_no_secret_is_told_on_the_terminal() -> None:
    lines = "\n".join(summary_lines(*planned(CANARIES)))
    assert "canary" not in lines
    assert "SOA_QIANFAN_1_V2_API_KEY" in lines


def test_a_secret_to_be_created_is_marked_and_every_variable_has_its_purpose() -> None:
    variables = as_json(CANARIES)["secrets"]
    assert [each["name"] for each in variables if each["create"]] == ["SOA_QIANFAN_1_V2_API_KEY"]
    assert all(each["purpose"] for each in variables)
    assert variables[0]["name"] == "LITELLM_MASTER_KEY"
    assert (
        "| `SOA_QIANFAN_1_V2_API_KEY` | v2\\_api\\_key of service qianfan-1 | **to be created** |"
        in report("markdown", CANARIES)
    )


def test_the_terminal_gets_the_counts_what_is_lost_and_what_to_create() -> None:
    lines = summary_lines(*planned(MIXED))
    assert lines[0].endswith("dropped")
    assert "mapped" in lines[0]
    assert any(line.startswith("  dropped 3:17 /enable_web: ") for line in lines)
    assert any("Baidu ended the V1" in line for line in lines)
    assert lines[-1] == "  to be created and filled in: SOA_QIANFAN_1_V2_API_KEY"
    assert len(lines) < 12


def test_the_terminal_names_only_some_of_many_losses() -> None:
    odd = openai(*(service(f"*{n}", "m", server_url=f"https://v{n}.example") for n in range(8)))
    lines = summary_lines(*planned(odd))
    assert lines[6] == "  and 3 more; --report FILE names them all"


def test_a_file_without_settings_has_an_empty_summary() -> None:
    told = summary_lines(*planned([]))
    assert told[0] == "1 setting: 1 inert"
    assert "asks clients for no key" in told[1]


def test_differences_are_named_only_where_they_concern_the_file() -> None:
    plain = {each["name"] for each in as_json(openai(service("m"), api_key="k"))["differences"]}
    assert {"messages-kept", "status-kept", "keys-guard-every-route"} <= plain
    assert not {"vendor-ended", "azure-deployment-kept", "url-query-kept", "open-stays-on-loopback"} & plain
    mixed = {each["name"] for each in as_json(CANARIES)["differences"]}
    assert {"vendor-ended", "url-query-kept"} <= mixed
    claude = {"services": {"claude": [service("c", server_url="https://relay.example")]}}
    assert "claude-messages-path" in {each["name"] for each in as_json(claude)["differences"]}
    usual = {"services": {"claude": [service("c")]}}
    assert "claude-messages-path" not in {each["name"] for each in as_json(usual)["differences"]}


def test_a_pure_report_tells_what_this_file_loses() -> None:
    config: Config = {
        **CANARIES,
        "load_balancing": "rr",
        "api_keys": [{"api_key": "canary-client-key", "supported_models": {"openai": ["m"]}}],
        "model_redirect": {"all": "m", "fast": "m"},
        "services": {
            **CANARIES["services"],
            "zhipu": [
                service(
                    "glm-4",
                    "名字",
                    server_url="https://open.bigmodel.cn/api/paas/v4",
                    limit={"qpm": 3},
                    model_redirect={"alias": "名字"},
                ),
            ],
            "openai": [
                *CANARIES["services"]["openai"],
                service(
                    "e", embedding_models=["v"], embedding_limit={"qps": 1}, server_url="https://e.example"
                ),
            ],
        },
    }
    costs = " ".join(as_json(config, pure=True)["pure_costs"])
    for part in (
        "LiteLLM has no provider for xinghuo",
        "lead nowhere any more: spark-lite",
        "clients need LITELLM_MASTER_KEY",
        "which models a key may call is lost",
        'The global redirect "all" is lost',
        "shows names the gateway kept to itself",
        "No strict rotation: m",
        "cooldown stands in for the circuit breaker (5 failures, 30 s)",
        "No waiting limits: calls to zhipu-1",
        "No embedding limits for openai-2",
        "No proxy per service: openai-1",
        "The query of server_url is not sent: openai-1",
        "not corrected for zhipu-1",
        "Content in parts is not made into text",
        "percent-encoded: 名字",
    ):
        assert part in costs
    assert "canary" not in costs
    assert "## What `--pure` costs" in report("markdown", config, pure=True)


def test_a_pure_report_is_that_of_the_pure_file() -> None:
    spark = service("spark-lite", credentials={"appid": "a", "api_key": "k", "api_secret": "s"})
    config = openai(
        service("m"), service("n", timeout=9), api_key="sk-the-clients", model_redirect={"fast": "m"}
    )
    config["services"]["xinghuo"] = [spark]
    found = as_json(config, pure=True)
    assert found["counts"]["emulated"] == 0
    verdicts = {row["pointer"]: row["verdict"] for row in found["rows"]}
    assert verdicts["/services/xinghuo/0/models/0"] == "dropped"
    assert verdicts["/services/openai/1/timeout"] == "approximated"
    assert verdicts["/api_key"] == "dropped"
    assert verdicts["/services/openai/0/models/0"] == "mapped"
    names = [each["name"] for each in found["secrets"]]
    assert names == ["LITELLM_MASTER_KEY", "SOA_OPENAI_1_API_KEY", "SOA_OPENAI_2_API_KEY"]
    text = report("markdown", config, pure=True)
    assert "| `spark-lite` | no | chat | nothing: it is left out |" in text
    assert "clients never use it" not in text
    assert "one-adapter makes one, clients use it too" in text


def test_a_pure_report_of_a_plain_file_names_only_what_always_holds() -> None:
    plain = openai(service("gpt-4o"), circuit_breaker={"enabled": False})
    costs = as_json(plain, pure=True)["pure_costs"]
    assert len(costs) == 4
    assert costs[0] == "The proxy asks for LITELLM_MASTER_KEY, where the gateway asked clients for no key."
    assert as_json(plain)["pure_costs"] == []


def test_a_pure_report_warns_where_chats_and_embeddings_part_ways() -> None:
    config = {"services": {"openai": [service("deepseek-chat")]}}
    costs = " ".join(as_json(config, pure=True)["pure_costs"])
    assert "Chats and embeddings of deepseek-chat share their upstreams" in costs


def test_how_to_start_it_says_port_and_host_and_quotes_what_a_shell_would_take_apart() -> None:
    decided, secrets = planned(openai(service("m"), server_port="127.0.0.1:8080"))
    text = write_report("markdown", "my config.json", decided, secrets, [])
    assert "one-adapter run 'my config.json'\n" in text
    assert "litellm --config config.yaml --host 127.0.0.1 --port 8080\n" in text
    closed = report("markdown", openai(service("m"), api_key="k"))
    assert "litellm --config config.yaml --port 9090\n" in closed
    pure = write_report("markdown", "-", decided, secrets, [], pure=True)
    assert "one-adapter run config.json" not in pure
    assert pure.startswith("# standard input: ")
    assert "one-adapter run config.json" in write_report("markdown", "-", decided, secrets, [])


NEIGHBOURS: list[tuple[int, Verdict, str]] = [
    (0, "mapped", ""),
    (1, "mapped", ""),
    (2, "inert", ""),
    (3, "inert", "blank"),
]


def test_neighbours_that_fare_alike_are_one_line_for_people() -> None:
    config = openai(service(*(f"m{n}" for n in range(40))))
    text = report("markdown", config)
    assert "| `/services/openai/0/models/0` … `39` (40) |" in text.replace("5:9 ", "")
    assert len([row for row in as_json(config)["rows"] if "/models/" in row["pointer"]]) == 40


def test_neighbours_that_fare_differently_are_lines_of_their_own() -> None:
    rows = [Row(f"/a/{number}", verdict, "", note, 1, 1) for number, verdict, note in NEIGHBOURS]
    assert [(line.row.pointer, line.number, line.last) for line in lines_of(rows)] == [
        ("/a/0", 2, "1"),
        ("/a/2", 1, ""),
        ("/a/3", 1, ""),
    ]
    assert len(lines_of([Row("/a/0", "mapped", "", "", 1, 1), Row("/b/0", "mapped", "", "", 2, 1)])) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_file_gives_the_same_bytes(kind: str) -> None:
    assert report(kind, MIXED) == report(kind, MIXED)


@pytest.mark.slow
def test_ten_thousand_names_fit() -> None:
    services = [service(*(f"m-{n}-{k}" for k in range(100)), id=f"s{n}") for n in range(100)]
    decided, secrets = planned(openai(*services))
    kinds: tuple[Any, ...] = KINDS
    for kind in kinds:
        assert "m-99-99" in write_report(kind, "config.json", decided, secrets, [])


@pytest.mark.parametrize(
    "name", ["a|b`c", "<script>", "\x1b[31mred\nnext", "\ud800", "\u202eabc", "``", " ", ""]
)
def test_hostile_names_stay_names_in_every_form(name: str) -> None:
    config = openai(service("m"), model_redirect={name or " ": "m"})
    decided, secrets = planned(parse(json.dumps(config).encode(), "config.json"))
    kinds: tuple[Any, ...] = KINDS
    for kind in kinds:
        text = write_report(kind, "config.json", decided, secrets, [])
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text or kind == "json"
        assert "<script>" not in text or kind != "html"
    made = json.loads(write_report("json", "config.json", decided, secrets, []))
    shown = [each["name"] for each in made["names"]]
    assert (name or " ").replace("\ud800", "\ufffd") in shown


def test_text_for_markdown_is_never_markup() -> None:
    assert code("a|b") == "`a\\|b`"
    assert code("`") == "`` ` ``"
    assert code(" ") == "(blank)"
    assert prose("*a* [b](c) <d>") == "\\*a\\* \\[b\\](c) \\<d\\>"


def test_shares_and_odd_characters_are_written_for_people() -> None:
    assert percent(Fraction(2, 3)) == "66.7 %"
    assert percent(Fraction(1)) == "100 %"
    assert visible("\U000e0001a") == "\\U000e0001a"
    assert visible("通义") == "通义"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_name_that_is_no_text_is_written_out(kind: Any) -> None:
    decided, secrets = planned(openai(service("m")))
    text = write_report(kind, "bad\udcff.json", decided, secrets, [])
    assert "\\udcff.json" in text
    text.encode()


def test_a_task_for_the_whole_file_has_no_place() -> None:
    items = as_json(openai(service("m")))["todo"]
    assert [(item["code"], item["place"]) for item in items] == [("open-proxy", "")]


@settings(max_examples=25, deadline=None)
@given(configurations())
def test_any_configuration_has_a_report_with_every_leaf_and_every_name(
    config: Config,
) -> None:
    made = document(config)
    decided = decide(made)
    secrets = secrets_of(read_gateway(made), decided)
    shown = json.loads(write_report("json", "config.json", decided, secrets, []))
    assert sorted(row["pointer"] for row in shown["rows"]) == sorted(row.pointer for row in decided.ledger)
    assert [name["name"] for name in shown["names"]] == [route.name for route in decided.routes]
    for kind in ("markdown", "html"):
        for pure in (False, True):
            text = write_report(kind, "config.json", decided, secrets, [], pure)
            assert text.endswith("\n")
            assert text.count("<svg") == text.count("</svg>")
    assert all("\n" not in line for line in summary_lines(decided, secrets))


def test_a_report_of_a_pool_names_its_keys_what_follows_and_what_shares_depend_on() -> None:
    keys = [{"id": "main", "limit": {"tpm": 30}}, {"enabled": False}, {"limit": {"tpm": 10}}]
    config = openai(service("m", credential_list=keys))
    (shown,) = [name for name in as_json(config)["names"] if name["name"] == "m"]
    assert [(each["key"], each["share"]) for each in shown["targets"]] == [("main", 0.75), ("key-3", 0.25)]
    assert "a busy minute" in shown["notes"][0]
    for form, key in (("markdown", "(key `main`)"), ("html", "(key <code>main</code>)")):
        text = report(form, config)
        assert key in text
        assert "one that fails is followed by the next" in text
        assert "a busy minute" in text
        assert "followed by the next" not in report(form, openai(service("m")))
