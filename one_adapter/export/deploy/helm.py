"""Values for LiteLLM's own Helm chart, with one-adapter's image and command in the place of LiteLLM's."""

from __future__ import annotations

from typing import Any

from one_adapter import __version__
from one_adapter.contract import MASTER_KEY, REDIS_URL
from one_adapter.export.deploy.deployment import (
    BESIDE,
    FOLDER,
    GRACE_SECONDS,
    IMAGE,
    LAST_SECONDS,
    USER,
    Deployment,
    DeploymentRequest,
    language,
    master_key,
)
from one_adapter.export.files import ENV_NAME
from one_adapter.export.yaml_writer import Comment, Flow, document
from one_adapter.language import Message, tr, translated

FILE = "values.yaml"
#: The two Secrets, and where the chart is.
VARIABLES_SECRET, CONFIG_SECRET = "one-adapter", "one-adapter-config"
CHART = "oci://docker.litellm.ai/berriai/litellm-helm"
#: Seconds in which the Service stops sending to a pod that is to end.
LEAVING_SECONDS = 5
#: The port where the gateway's own is one that only root may open, and the first that others may.
PORT, FIRST_FREE_PORT = 4000, 1024


def helm(request: DeploymentRequest) -> Deployment:
    """The values, and the commands that make what they name."""
    port = request.plan.port if request.plan.port >= FIRST_FREE_PORT else PORT
    arguments = ["--host", "0.0.0.0", "--port", str(port), "--watch"]  # noqa: S104 - the pod's own
    sections: dict[Any, Any] = {
        Comment(_head(request)): None,
        "replicaCount": request.workers,
        "image": _image(),
        "command": Flow(["one-adapter"]),
        "args": Flow(request.command(f"{FOLDER}/{request.name}", *arguments)),
        **_configuration(),
        **_variables(),
        "service": {"port": port},
        **_confined(),
        **_ending(),
        **_left_out(),
    }
    redis = {REDIS_URL: ""} if request.needs_redis else {}
    return Deployment(
        {FILE: document(sections)},
        {**master_key(), **redis},
        {
            MASTER_KEY: translated(tr("opens LiteLLM's administration; no client of yours ever needs it")),
            REDIS_URL: translated(tr("fill it in: the Redis through which the pods share limits")),
        },
        _next(request),
        form="docker",  # kubectl takes each line as it stands, quotes and all
    )


def _head(request: DeploymentRequest) -> Message:
    return tr(
        "Values for LiteLLM's Helm chart, written by one-adapter export --deploy helm. Keys and passwords\n"
        "are in two Secrets, made of etc/{name} and .env; here is none.",
        name=request.name,
    )


def _next(request: DeploymentRequest) -> list[Message]:
    file, env = request.folder / BESIDE / request.name, request.folder / ENV_NAME
    build = f"docker build -t {IMAGE} ."
    create = "kubectl create secret generic"
    config = f"{create} {CONFIG_SECRET} --from-file={request.shown(BESIDE, request.name)}"
    secrets = f"{config} && {create} {VARIABLES_SECRET} --from-env-file={request.shown(ENV_NAME)}"
    start = f"helm upgrade --install litellm {CHART} -f {request.shown(FILE)}"
    change = f"{config} --dry-run=client -o yaml | kubectl apply -f -"
    fill_in = tr("Before that: fill in {variable} in {file}.", variable=REDIS_URL, file=env)
    return [
        *([fill_in] if request.needs_redis else []),
        tr("In a checkout of one-adapter, once: {command}", command=build),
        tr(
            "Push the image to where the cluster finds it, and name that in {file}.",
            file=request.folder / FILE,
        ),
        tr("Make the Secrets: {command}", command=secrets),
        tr("Start it: {command}", command=start),
        tr("Change it: edit {file}, then {command}", file=file, command=change),
    ]


def _image() -> dict[Any, Any]:
    why = tr("The registry that you push to comes before the name.")
    name, _, tag = IMAGE.partition(":")
    assert tag == __version__
    return {Comment(why): None, "repository": name, "tag": tag, "pullPolicy": "IfNotPresent"}


def _configuration() -> dict[Any, Any]:
    """The configuration as a folder: the chart's own file is a subPath, which never changes in a pod."""
    why = tr(
        "A Secret and no ConfigMap, as it has the vendors' keys; mounted as a folder, so that a change is\n"
        "seen. What the chart itself mounts at /etc/litellm is not read."
    )
    secret = {"secretName": CONFIG_SECRET, "defaultMode": 0o440}
    return {
        Comment(why): None,
        "volumes": [{"name": CONFIG_SECRET, "secret": Flow(secret)}],
        "volumeMounts": [{"name": CONFIG_SECRET, "mountPath": FOLDER, "readOnly": True}],
    }


def _variables() -> dict[Any, Any]:
    return {
        **({"envVars": language()} if language() else {}),
        "environmentSecrets": Flow([VARIABLES_SECRET]),
        "masterkeySecretName": VARIABLES_SECRET,
        "masterkeySecretKey": MASTER_KEY,
        Comment(tr("The chart's INFO would have LiteLLM write several lines for each request.")): None,
        "logLevel": "",
    }


def _confined() -> dict[Any, Any]:
    profile = {"type": "RuntimeDefault"}
    return {
        "podSecurityContext": {"fsGroup": USER, "seccompProfile": Flow(profile)},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": Flow({"drop": ["ALL"]}),
        },
    }


def _ending() -> dict[Any, Any]:
    why = tr(
        "The Service goes on sending for a moment; then open requests get {grace} seconds (--grace).",
        grace=GRACE_SECONDS,
    )
    return {
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": Flow({"maxUnavailable": 0, "maxSurge": 1}),
        },
        Comment(why): None,
        "lifecycle": {"preStop": {"exec": {"command": Flow(["sleep", str(LEAVING_SECONDS)])}}},
        "terminationGracePeriodSeconds": LEAVING_SECONDS + GRACE_SECONDS + LAST_SECONDS,
    }


def _left_out() -> dict[Any, Any]:
    """What the chart would start beside it."""
    return {
        Comment(
            tr("No database, and no job for its tables; no Redis of the chart's, whose image is gone.")
        ): None,
        "db": {"deployStandalone": False},
        "migrationJob": {"enabled": False},
        "redis": {"enabled": False},
    }
