"""`export --deploy`: what it writes is what Compose, the chart and systemd read, and holds no secret."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from command_runner import runner
from configurations import openai, plan, service

from one_adapter.cli import cli
from one_adapter.errors import OneAdapterError
from one_adapter.export.deploy import compose as compose_files
from one_adapter.export.deploy import systemd as unit_files
from one_adapter.export.deploy.deployment import GRACE_SECONDS, HEALTH, USER, DeploymentRequest
from one_adapter.export.deploy.systemd import program_of, systemd

CANARY = "sk-canary-8d21"
LIMITED = openai(service("m", credentials={"api_key": CANARY}, limit={"qpm": 30}), api_key="sk-canary-client")
FREE = openai(service("m", credentials={"api_key": CANARY}), api_key="sk-canary-client")
OPEN = openai(service("m", credentials={"api_key": CANARY}))
CHART = json.loads(Path(__file__).with_name("litellm_chart.json").read_text("utf-8"))


def export(tmp_path: Path, config: Any, kind: str, *words: str) -> Result:
    source = tmp_path / "mine.json"
    source.write_text(json.dumps(config), "utf-8")
    folder = tmp_path / kind
    return runner().invoke(cli, ["export", str(source), "--deploy", kind, str(folder), *words])


def exported(tmp_path: Path, config: Any, kind: str, *words: str) -> Path:
    done = export(tmp_path, config, kind, *words)
    assert done.exit_code == 0, done.output + done.stderr
    return tmp_path / kind


def compose(tmp_path: Path, config: Any = FREE, *words: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(
        (exported(tmp_path, config, "compose", *words) / "compose.yaml").read_text()
    )
    return read


def values(tmp_path: Path, config: Any = FREE, *words: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(
        (exported(tmp_path, config, "helm", *words) / "values.yaml").read_text()
    )
    return read


def variables(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


class TestEveryKind:
    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_secrets_are_in_private_files_alone(self, tmp_path: Path, kind: str) -> None:
        folder = exported(tmp_path, LIMITED, kind, "--workers", "2")
        master = variables(folder)["LITELLM_MASTER_KEY"]
        assert len(master) > 30
        for path in filter(Path.is_file, folder.rglob("*")):
            private = stat.S_IMODE(path.stat().st_mode) == 0o600
            text = path.read_text("utf-8")
            assert private or not any(word in text for word in ("canary", master)), path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_the_proxy_will_speak_the_language_of_who_deploys_it(self, tmp_path: Path, kind: str) -> None:
        names = {"compose": "compose.yaml", "helm": "values.yaml", "systemd": "one-adapter.service"}
        told = (exported(tmp_path, FREE, kind) / names[kind]).read_text("utf-8")
        assert "ONE_ADAPTER_LANG" not in told
        told = (exported(tmp_path, FREE, kind, "--force", "--lang", "zh") / names[kind]).read_text("utf-8")
        if kind == "systemd":
            assert re.search(r"(?m)^Environment=.* ONE_ADAPTER_LANG=zh$", told)
        else:
            read = yaml.safe_load(told)
            given = read["envVars"] if kind == "helm" else read["services"]["proxy"]["environment"]
            assert given["ONE_ADAPTER_LANG"] == "zh"

    def test_what_kubectl_reads_has_no_quotes_which_would_become_part_of_a_password(
        self, tmp_path: Path
    ) -> None:
        folder = exported(tmp_path, LIMITED, "helm", "--workers", "2")
        text, url = (
            (folder / ".env").read_text("utf-8"),
            "ONE_ADAPTER_REDIS_URL=rediss://:p$w'#!@redis:6380/0",
        )
        (folder / ".env").write_text(text.replace("ONE_ADAPTER_REDIS_URL=", url), "utf-8")
        exported(tmp_path, LIMITED, "helm", "--workers", "2", "--force")
        assert url in (folder / ".env").read_text("utf-8").splitlines()

    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_a_printed_command_names_a_folder_with_special_letters_as_one_word(
        self, tmp_path: Path, kind: str
    ) -> None:
        inside = tmp_path / "a(1){2,3}!"
        inside.mkdir()
        done = export(inside, FREE, kind)
        assert done.exit_code == 0, done.stderr
        said = done.stderr.splitlines()
        commands = [line for line in said if re.search(": (docker|sudo|helm|kubectl) ", line)]
        assert any(str(inside) in line for line in commands)
        for line in commands:
            assert line.count(str(inside)) == line.count(f"'{inside}"), line

    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_no_secret_is_told(self, tmp_path: Path, kind: str) -> None:
        done = export(tmp_path, LIMITED, kind)
        assert "canary" not in done.output + done.stderr
        assert variables(tmp_path / kind)["LITELLM_MASTER_KEY"] not in done.output + done.stderr

    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_the_copy_of_the_configuration_is_the_file_byte_by_byte(self, tmp_path: Path, kind: str) -> None:
        folder = exported(tmp_path, FREE, kind)
        assert (folder / "etc" / "config.json").read_bytes() == (tmp_path / "mine.json").read_bytes()

    def test_a_yaml_file_stays_one(self, tmp_path: Path) -> None:
        source = tmp_path / "mine.yaml"
        source.write_text(yaml.safe_dump(FREE), "utf-8")
        done = runner().invoke(cli, ["export", str(source), "--deploy", "compose", str(tmp_path / "out")])
        assert done.exit_code == 0, done.stderr
        assert (tmp_path / "out" / "etc" / "config.yaml").read_bytes() == source.read_bytes()
        assert "/etc/one-adapter/config.yaml" in (tmp_path / "out" / "compose.yaml").read_text("utf-8")

    def test_a_store_becomes_the_file_of_its_active_revision(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "mine.db") as connection:
            connection.execute("CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json, active)")
            revisions = [(json.dumps(LIMITED), 0), (json.dumps(FREE), 1)]
            connection.executemany(
                "INSERT INTO config_revisions (config_json, active) VALUES (?, ?)", revisions
            )
        words = ["export", str(tmp_path / "mine.db"), "--deploy", "helm", str(tmp_path / "out")]
        assert runner().invoke(cli, words).exit_code == 0
        assert json.loads((tmp_path / "out" / "etc" / "config.json").read_text("utf-8")) == FREE

    def test_what_stands_on_standard_input_becomes_a_file(self, tmp_path: Path) -> None:
        words = ["export", "-", "--deploy", "helm", str(tmp_path / "out")]
        assert runner().invoke(cli, words, input=json.dumps(FREE)).exit_code == 0
        assert json.loads((tmp_path / "out" / "etc" / "config.json").read_text("utf-8")) == FREE

    def test_a_link_in_the_place_of_the_folder_is_not_followed(self, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (tmp_path / "compose").mkdir()
        (tmp_path / "compose" / "etc").symlink_to(elsewhere)
        done = export(tmp_path, FREE, "compose")
        assert done.exit_code == 2
        assert "is a symbolic link" in done.stderr
        assert list(elsewhere.iterdir()) == []

    def test_what_cannot_be_read_is_not_written_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = exported(tmp_path, FREE, "helm")

        def unreadable(_: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", unreadable)
        done = export(tmp_path, LIMITED, "helm", "--force")
        monkeypatch.undo()
        assert done.exit_code == 2
        assert "cannot be read: Permission denied" in done.stderr
        assert json.loads((folder / "etc" / "config.json").read_text("utf-8")) == FREE

    @pytest.mark.parametrize("kind", ["compose", "helm", "systemd"])
    def test_what_is_there_stays_without_force(self, tmp_path: Path, kind: str) -> None:
        folder = exported(tmp_path, FREE, kind)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        done = export(tmp_path, LIMITED, kind)
        assert done.exit_code == 2
        assert "there already; --force writes over it" in done.stderr
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    def test_one_file_that_is_there_is_enough_to_write_none(self, tmp_path: Path) -> None:
        (tmp_path / "compose").mkdir()
        (tmp_path / "compose" / ".env").write_text("MINE=1\n", "utf-8")
        assert export(tmp_path, FREE, "compose").exit_code == 2
        assert [path.name for path in (tmp_path / "compose").iterdir()] == [".env"]

    def test_force_keeps_passwords_and_what_was_written_over(self, tmp_path: Path) -> None:
        folder = exported(tmp_path, FREE, "compose", "--ui")
        before = variables(folder)
        old = (folder / "compose.yaml").read_bytes()
        with (folder / ".env").open("a", encoding="utf-8") as file:
            file.write("MINE='a b'\n")
        exported(tmp_path, LIMITED, "compose", "--ui", "--workers", "2", "--force")
        assert variables(folder) == {**before, "MINE": "'a b'"}
        assert (folder / "compose.yaml.bak").read_bytes() == old
        assert CANARY in (folder / "etc" / "config.json.bak").read_text("utf-8")
        assert stat.S_IMODE((folder / "etc" / "config.json.bak").stat().st_mode) == 0o600

    @pytest.mark.parametrize(
        "words",
        [
            ("-o", "x"),
            ("--pure",),
            ("--secrets", "inline"),
            ("--prices", "none"),
            ("--report", "x.md"),
            ("--watch",),
        ],
        ids=lambda words: words[0],
    )
    def test_what_is_about_an_exported_file_is_refused(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        done = export(tmp_path, FREE, "compose", *words)
        assert done.exit_code == 2
        assert "is about an exported file, and --deploy writes none" in done.stderr
        assert not (tmp_path / "compose").exists()

    @pytest.mark.parametrize("words", [("--ui",), ("--workers", "2")], ids=lambda words: words[0])
    def test_what_is_about_a_deployment_needs_one(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        (tmp_path / "mine.json").write_text(json.dumps(FREE), "utf-8")
        done = runner().invoke(cli, ["export", str(tmp_path / "mine.json"), *words])
        assert done.exit_code == 2
        assert f"{words[0]} goes with --deploy" in done.stderr

    @pytest.mark.parametrize("kind", ["compose", "helm"])
    def test_commands_name_a_folder_with_spaces_as_a_shell_wants_it(self, tmp_path: Path, kind: str) -> None:
        source = tmp_path / "mine.json"
        source.write_text(json.dumps(FREE), "utf-8")
        folder = tmp_path / "my deployment"
        done = runner().invoke(cli, ["export", str(source), "--deploy", kind, str(folder)])
        start = next(line for line in done.stderr.splitlines() if line.startswith("Start it: "))
        assert str(folder / {"compose": "compose.yaml", "helm": "values.yaml"}[kind]) in shlex.split(start)

    def test_pages_are_for_compose(self, tmp_path: Path) -> None:
        assert "--ui goes with --deploy compose" in export(tmp_path, FREE, "helm", "--ui").stderr

    def test_the_proxy_reads_the_configuration_as_the_export_did(self, tmp_path: Path) -> None:
        command = compose(tmp_path, FREE, "--gateway", "0.10", "--spark", "http")["services"]["proxy"][
            "command"
        ]
        assert "--gateway 0.10 --spark http" in " ".join(command)

    def test_remarks_follow_the_language_and_keys_do_not(self, tmp_path: Path) -> None:
        english = compose(tmp_path)
        folder = exported(tmp_path, FREE, "compose", "--force", "--lang", "zh")
        text = (folder / "compose.yaml").read_text("utf-8")
        assert "由 one-adapter export --deploy compose 生成" in text
        read = yaml.safe_load(text)
        assert read["services"]["proxy"]["environment"].pop("ONE_ADAPTER_LANG") == "zh"
        assert read == english

    def test_strict_fails_all_the_same(self, tmp_path: Path) -> None:
        done = export(tmp_path, {**FREE, "enable_web": True}, "helm", "--strict")
        assert done.exit_code == 1
        assert "1 setting was approximated or dropped (--strict)" in done.stderr
        assert export(tmp_path, FREE, "helm", "--strict", "--force").exit_code == 0


COMBINATIONS = {
    "one process": (FREE, ()),
    "nobody's key": (OPEN, ()),
    "several processes": (FREE, ("--workers", "3")),
    "several with limits": (LIMITED, ("--workers", "3")),
    "pages": (FREE, ("--ui",)),
    "all of it": (LIMITED, ("--ui", "--workers", "2")),
}


class TestCompose:
    def test_it_is_a_file_of_composes(self, tmp_path: Path) -> None:
        files = []
        for name, (config, words) in COMBINATIONS.items():
            (tmp_path / name).mkdir()
            files.append(exported(tmp_path / name, config, "compose", *words) / "compose.yaml")
        checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        done = subprocess.run([*checker, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        broken = tmp_path / "broken.yaml"
        broken.write_text(files[0].read_text("utf-8").replace("restart:", "restarts:"), "utf-8")
        assert subprocess.run([*checker, broken], capture_output=True, check=False).returncode == 1

    @pytest.mark.parametrize(("config", "words"), list(COMBINATIONS.values()), ids=list(COMBINATIONS))
    def test_every_variable_that_it_needs_is_in_the_env_file(
        self, tmp_path: Path, config: Any, words: tuple[str, ...]
    ) -> None:
        folder = exported(tmp_path, config, "compose", *words)
        needed = set(re.findall(r"\$\{(\w+):\?\}", (folder / "compose.yaml").read_text("utf-8")))
        assert needed <= {name for name, value in variables(folder).items() if value}

    def test_a_redis_is_there_where_several_processes_have_limits(self, tmp_path: Path) -> None:
        found = {}
        for name, (config, words) in COMBINATIONS.items():
            place = tmp_path / name
            place.mkdir()
            found[name] = [*compose(place, config, *words)["services"]]
        assert found == {
            "one process": ["proxy"],
            "nobody's key": ["proxy"],
            "several processes": ["proxy"],
            "several with limits": ["proxy", "redis"],
            "pages": ["proxy", "database", "ui"],
            "all of it": ["proxy", "redis", "database", "ui"],
        }

    def test_nobody_but_the_proxy_reaches_redis_and_the_database(self, tmp_path: Path) -> None:
        read = compose(tmp_path, LIMITED, "--ui", "--workers", "2")
        assert read["networks"]["inside"]["internal"] is True
        for name in ("redis", "database"):
            assert "ports" not in read["services"][name]
            assert read["services"][name]["networks"] == ["inside"]
        assert "noeviction" in read["services"]["redis"]["command"]
        assert read["services"]["proxy"]["environment"]["ONE_ADAPTER_REDIS_URL"] == "redis://redis:6379/0"
        assert read["services"]["ui"]["ports"] == ["127.0.0.1:4000:4000"]

    def test_every_service_is_confined_and_the_proxy_writes_nothing(self, tmp_path: Path) -> None:
        services = compose(tmp_path, LIMITED, "--ui", "--workers", "2")["services"]
        for one in services.values():
            assert one["cap_drop"] == ["ALL"]
            assert one["security_opt"] == ["no-new-privileges:true"]
        proxy = services["proxy"]
        assert proxy["read_only"] is True
        assert proxy["tmpfs"] == ["/tmp:mode=1777,size=64m"]
        assert proxy["user"] == "${ONE_ADAPTER_USER:-10001:10001}"
        (mount,) = proxy["volumes"]
        assert (mount["source"], mount["target"], mount["read_only"]) == ("./etc", "/etc/one-adapter", True)
        assert proxy["healthcheck"]["test"] == ["CMD", *HEALTH]

    def test_docker_waits_longer_than_the_proxy_for_open_requests(self, tmp_path: Path) -> None:
        proxy = compose(tmp_path)["services"]["proxy"]
        grace = int(proxy["command"][proxy["command"].index("--grace") + 1])
        assert grace == GRACE_SECONDS
        assert int(proxy["stop_grace_period"].removesuffix("s")) > grace + 5

    @pytest.mark.parametrize(
        ("top", "port"),
        [
            ({"api_key": "k"}, "9090:9090"),
            ({"api_key": "k", "server_port": ":8080"}, "8080:9090"),
            ({"api_key": "k", "server_port": "10.0.0.5:80"}, "10.0.0.5:80:9090"),
            ({"api_key": "k", "server_port": "0.0.0.0:80"}, "80:9090"),
            ({"api_key": "k", "server_port": "localhost:80"}, "127.0.0.1:80:9090"),
            ({}, "127.0.0.1:9090:9090"),
            ({"server_port": "10.0.0.5:80"}, "127.0.0.1:80:9090"),
        ],
        ids=[
            "every address",
            "a port",
            "an address",
            "said to be every one",
            "a name",
            "open",
            "open, an address",
        ],
    )
    def test_the_port_is_the_gateways_and_without_a_key_for_this_machine(
        self, tmp_path: Path, top: dict[str, str], port: str
    ) -> None:
        assert compose(tmp_path, openai(service("m"), **top))["services"]["proxy"]["ports"] == [port]

    @pytest.mark.parametrize("root", [True, False], ids=["root", "a user"])
    def test_the_containers_user_may_read_the_configuration(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool
    ) -> None:
        given: list[tuple[str, int]] = []
        monkeypatch.setattr(compose_files, "_is_root", lambda: root)

        def chown(path: Path, user: int, _group: int, follow_symlinks: bool) -> None:
            assert not follow_symlinks
            given.append((path.name, user))

        monkeypatch.setattr(os, "chown", chown)
        user = variables(exported(tmp_path, FREE, "compose"))["ONE_ADAPTER_USER"]
        assert user == (f"{USER}:{USER}" if root else f"{os.getuid()}:{os.getgid()}")
        assert given == ([("config.json", USER), ("etc", USER)] if root else [])


class TestHelm:
    @pytest.mark.parametrize("config", [FREE, LIMITED, OPEN], ids=["free", "limited", "open"])
    def test_every_value_is_one_of_the_charts(self, tmp_path: Path, config: Any) -> None:
        assert strangers(values(tmp_path, config, "--workers", "2"), CHART) == []

    def test_a_value_that_the_chart_lacks_or_takes_otherwise_is_found(self) -> None:
        given = {"replicas": 2, "service": {"port": "80"}, "image": "x", "db": {"deploy": False}}
        assert strangers(given, CHART) == ["replicas", "service.port", "image", "db.deploy"]

    def test_the_configuration_is_a_folder_and_no_single_file(self, tmp_path: Path) -> None:
        read = values(tmp_path)
        (volume,), (mount,) = read["volumes"], read["volumeMounts"]
        assert volume["name"] == mount["name"]
        assert volume["secret"] == {"secretName": "one-adapter-config", "defaultMode": 0o440}
        assert mount["mountPath"] == "/etc/one-adapter"
        assert "subPath" not in mount
        assert read["podSecurityContext"]["fsGroup"] == read["securityContext"]["runAsGroup"]
        assert "--watch" in read["args"]

    def test_the_pod_has_longer_to_end_than_the_service_and_the_requests(self, tmp_path: Path) -> None:
        read = values(tmp_path)
        leaving = int(read["lifecycle"]["preStop"]["exec"]["command"][1])
        assert read["terminationGracePeriodSeconds"] > leaving + GRACE_SECONDS + 5
        assert read["strategy"]["rollingUpdate"]["maxUnavailable"] == 0

    def test_pods_scale_and_share_limits_by_a_redis_that_is_asked_for(self, tmp_path: Path) -> None:
        done = export(tmp_path, LIMITED, "helm", "--workers", "2")
        read = yaml.safe_load((tmp_path / "helm" / "values.yaml").read_text("utf-8"))
        assert read["replicaCount"] == 2
        assert "--workers" not in read["args"]
        assert variables(tmp_path / "helm")["ONE_ADAPTER_REDIS_URL"] == ""
        assert "fill in ONE_ADAPTER_REDIS_URL" in done.stderr

    def test_one_pod_needs_no_redis(self, tmp_path: Path) -> None:
        assert [*variables(exported(tmp_path, LIMITED, "helm"))] == ["LITELLM_MASTER_KEY"]

    @pytest.mark.parametrize(("given", "port"), [(":9090", 9090), (":80", 4000)])
    def test_a_port_of_roots_is_another_one_inside(self, tmp_path: Path, given: str, port: int) -> None:
        read = values(tmp_path, {**FREE, "server_port": given})
        assert read["service"]["port"] == port
        assert read["args"][read["args"].index("--port") + 1] == str(port)

    def test_nothing_of_the_charts_own_is_started(self, tmp_path: Path) -> None:
        read = values(tmp_path)
        assert (read["db"]["deployStandalone"], read["migrationJob"]["enabled"]) == (False, False)
        assert read["redis"]["enabled"] is False


NAMES = {"int": int, "str": str, "bool": bool, "list": list, "map": dict}


def strangers(given: dict[str, Any], chart: dict[str, Any], place: str = "") -> list[str]:
    """The values that a chart with these keys does not know, or takes as another type."""
    found = []
    for name, value in given.items():
        known = chart.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            found += strangers(value, known, f"{place}{name}.")
        elif not isinstance(known, str) or type(value) is not NAMES[known]:
            found.append(f"{place}{name}")
    return found


def unit(tmp_path: Path, config: Any = FREE, *words: str) -> str:
    return (exported(tmp_path, config, "systemd", *words) / "one-adapter.service").read_text("utf-8")


class TestSystemd:
    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
    @pytest.mark.parametrize("config", [FREE, {**FREE, "server_port": ":80"}], ids=["9090", "80"])
    def test_systemd_takes_the_unit(self, tmp_path: Path, config: Any) -> None:
        exported(tmp_path, config, "systemd", "--workers", "2")
        file = tmp_path / "systemd" / "one-adapter.service"
        text = file.read_text("utf-8").replace(program_of(sys.executable)[0], "/bin/true")
        file.write_text(text, "utf-8")
        assert verified(file) == []
        file.write_text(text.replace("KillMode=mixed", "KillMode=mixd\nRestartz=1"), "utf-8")
        assert len(verified(file)) == 2

    def test_the_last_type_is_the_one_that_waits_for_a_reload(self, tmp_path: Path) -> None:
        types = re.findall(r"^Type=(.*)", unit(tmp_path), re.MULTILINE)
        assert types == ["notify", "notify-reload"]

    def test_the_service_is_confined(self, tmp_path: Path) -> None:
        lines = unit(tmp_path).splitlines()
        for line in (
            "DynamicUser=yes",
            "ProtectSystem=strict",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
        ):
            assert line in lines
        assert not [line for line in lines if line.startswith("AmbientCapabilities")]

    def test_a_low_port_is_the_only_right(self, tmp_path: Path) -> None:
        lines = unit(tmp_path, {**FREE, "server_port": ":80"}).splitlines()
        rights = [line.partition("=")[2] for line in lines if "Capabilit" in line]
        assert rights == ["CAP_NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"]

    def test_systemd_waits_longer_than_the_proxy_for_open_requests(self, tmp_path: Path) -> None:
        text = unit(tmp_path)
        assert f"--grace {GRACE_SECONDS}" in text
        (longest,) = re.findall(r"^TimeoutStopSec=(\d+)", text, re.MULTILINE)
        assert int(longest) > GRACE_SECONDS + 5

    def test_the_two_services_are_not_run_together(self, tmp_path: Path) -> None:
        assert "Conflicts=simple-one-api.service" in unit(tmp_path).splitlines()

    def test_a_reload_reads_what_the_file_says_now(self, tmp_path: Path) -> None:
        """The unit's own lines, played: systemd's part is a folder with the credential in it."""
        folder = exported(tmp_path, FREE, "systemd")
        text = (folder / "one-adapter.service").read_text("utf-8")
        source, run, credentials = folder / "etc" / "config.json", tmp_path / "run", tmp_path / "credentials"
        assert f"LoadCredential=config.json:{source}" in text
        for place in (run, credentials):
            place.mkdir()
        shutil.copy(source, credentials)
        places = {"RUNTIME_DIRECTORY": str(run), "CREDENTIALS_DIRECTORY": str(credentials)}
        play(text, "ExecStartPre", places)
        copy = run / "config.json"
        assert copy.read_bytes() == source.read_bytes()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        (start,) = words_of(text, "ExecStart", places)
        assert start[start.index("run") + 1] == str(copy)
        source.write_text(json.dumps(LIMITED), "utf-8")
        *_, reload, hangup = words_of(text, "ExecReload", places)
        subprocess.run([reload[0].removeprefix("+"), *reload[1:]], check=True)
        assert copy.read_bytes() == source.read_bytes()
        assert hangup == ["/bin/kill", "-HUP", "$MAINPID"]

    @pytest.mark.parametrize("name", ["with space", "per%cent", 'quo"te', "dol$lar", "co:lon"])
    def test_a_folder_that_a_unit_cannot_name_is_refused(self, tmp_path: Path, name: str) -> None:
        source = tmp_path / "mine.json"
        source.write_text(json.dumps(FREE), "utf-8")
        done = runner().invoke(cli, ["export", str(source), "--deploy", "systemd", str(tmp_path / name)])
        assert done.exit_code == 2
        assert "a unit of systemd cannot hold this" in done.stderr
        assert not (tmp_path / name).exists()

    def test_a_program_in_somebodys_home_is_warned_of(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unit_files, "HOMES", (str(Path(sys.executable).parent),))
        assert "can hardly read" in export(tmp_path, FREE, "systemd").stderr

    def test_without_a_script_the_interpreter_starts_it(self, tmp_path: Path) -> None:
        python = tmp_path / "python3"
        assert program_of(str(python)) == (str(python), "-m", "one_adapter")
        (tmp_path / "one-adapter").touch()
        assert program_of(str(python)) == (str(tmp_path / "one-adapter"),)

    def test_a_program_that_a_unit_cannot_name_is_refused(self, tmp_path: Path) -> None:
        request = DeploymentRequest(
            b"{}", "config.json", plan(FREE), tmp_path, program=("/opt/my tools/one-adapter",)
        )
        with pytest.raises(OneAdapterError, match="cannot hold this"):
            systemd(request)


def verified(file: Path) -> list[str]:
    """What systemd has against a unit; that it is too old for the second `Type` is foreseen."""
    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if file.name in line]
    return [line for line in said if "ignoring: notify-reload" not in line]


def words_of(text: str, name: str, places: dict[str, str]) -> list[list[str]]:
    lines = re.findall(rf"^{name}=(.*)", text, re.MULTILINE)
    for variable, value in places.items():
        lines = [line.replace(f"${{{variable}}}", value) for line in lines]
    return [line.split() for line in lines]


def play(text: str, name: str, places: dict[str, str]) -> None:
    for words in words_of(text, name, places):
        subprocess.run(words, check=True)
