"""LIT230 and 619: keys and packages that LiteLLM takes from where it runs; said where that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.finding import Severity
from one_adapter.language import Message, listed, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context, Deployment
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.callbacks import named_callbacks
from one_adapter.lint.litellm.rules.providers import address, provider
from one_adapter.lint.litellm.walking import is_set

#: Provider -> the variable its key is taken from; any that begins as its first word does will do.
_KEYS: Mapping[str, str] = {
    "openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY",
    "azure": "AZURE_API_KEY", "deepseek": "DEEPSEEK_API_KEY", "mistral": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY", "xai": "XAI_API_KEY", "openrouter": "OPENROUTER_API_KEY",
    "together_ai": "TOGETHERAI_API_KEY", "fireworks_ai": "FIREWORKS_API_KEY", "cohere": "COHERE_API_KEY",
    "cohere_chat": "COHERE_API_KEY", "perplexity": "PERPLEXITYAI_API_KEY", "dashscope": "DASHSCOPE_API_KEY",
    "moonshot": "MOONSHOT_API_KEY", "zai": "ZAI_API_KEY", "volcengine": "VOLCENGINE_API_KEY",
    "minimax": "MINIMAX_API_KEY", "nvidia_nim": "NVIDIA_NIM_API_KEY", "cerebras": "CEREBRAS_API_KEY",
    "sambanova": "SAMBANOVA_API_KEY", "deepinfra": "DEEPINFRA_API_KEY", "novita": "NOVITA_API_KEY",
}  # fmt: skip
#: Other beginnings of variables that hold a provider's key.
_STEMS: Mapping[str, tuple[str, ...]] = {
    "gemini": ("GEMINI", "GOOGLE"), "together_ai": ("TOGETHER",), "perplexity": ("PERPLEXITY",),
    "openrouter": ("OPENROUTER", "OR_"), "cohere": ("COHERE", "CO_"), "cohere_chat": ("COHERE", "CO_"),
    "volcengine": ("VOLC", "ARK"),
}  # fmt: skip
#: Clouds whose credentials may also be those of the machine: what begins their parameters and variables.
_CLOUDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bedrock": ("aws_", ("AWS_",)),
    "bedrock_converse": ("aws_", ("AWS_",)),
    "sagemaker": ("aws_", ("AWS_",)),
    "vertex_ai": ("vertex_credentials", ("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_CREDENTIALS")),
}
_REGIONS = ("aws_region_name", "AWS_REGION", "AWS_REGION_NAME", "AWS_DEFAULT_REGION")


@rule("LIT230", "no-credentials", "warning")
def no_credentials(context: Context) -> Iterator[Note]:
    """A deployment has no `api_key`, and the variable that LiteLLM takes in its place is not set.

    Only said where `--env-file` or `--env` tells which variables there are. Of Amazon's and Google's clouds
    it is an info: the machine itself may have a role there.

    LiteLLM: starts, and every call of the deployment fails for want of a key.
    """
    if context.variables is None or _keys_elsewhere(context):
        return
    for one in context.deployments:
        name = provider(context, one)
        said: Message | None = None
        severity: Severity | None = None
        if name in _KEYS and not _has_key(context, one, name):
            said = tr("no api_key is given, and {name} is not set: every call fails", name=_KEYS[name])
        elif name in _CLOUDS and not _has_role(context, one, name):
            said = tr("no credentials are given or set: those of the machine count, where it has some")
            severity = "info"
        if said:
            yield context.note(one.at("model"), said, severity=severity)


def _keys_elsewhere(context: Context) -> bool:
    """Whether keys come with the requests, or stand in the settings for all."""
    settings = context.section("litellm_settings")
    return any(member.key.endswith("_key") for member in (settings.members if settings else ()))


def _has_key(context: Context, one: Deployment, name: str) -> bool:
    given = ("api_key", "litellm_credential_name", "azure_ad_token", "client_secret", "use_litellm_proxy")
    if any(one.param(key) is not None for key in (*given, "configurable_clientside_auth_params")):
        return True
    if address(one) is not None and name != "azure":
        return True  # a server of one's own may want none
    return _begins(context, _STEMS.get(name, (_KEYS[name].partition("_")[0] + "_",)))


def _has_role(context: Context, one: Deployment, name: str) -> bool:
    start, variables = _CLOUDS[name]
    members = one.params.members if one.params else ()
    given = any(member.key.startswith(start) and member.key not in _REGIONS for member in members)
    key = any(one.param(key) is not None for key in ("api_key", "litellm_credential_name"))
    return given or key or _begins(context, variables)


def _begins(context: Context, stems: tuple[str, ...]) -> bool:
    """Whether a variable is set whose name begins so, and that is no region's."""
    node = context.section("environment_variables")
    names = {*(context.variables or ()), *(member.key for member in (node.members if node else ()))}
    return any(name.startswith(stems) and name not in _REGIONS for name in names)


#: Callback -> what it takes from the environment, without which it is left out.
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "braintrust": ("BRAINTRUST_API_KEY",),
    "datadog": ("DD_API_KEY", "DD_SITE"),
    "deepeval": ("CONFIDENT_API_KEY",),
    "lago": ("LAGO_API_KEY", "LAGO_API_BASE", "LAGO_API_EVENT_CODE"),
    "langtrace": ("LANGTRACE_API_KEY",),
    "logfire": ("LOGFIRE_TOKEN",),
    "openmeter": ("OPENMETER_API_KEY",),
    "pagerduty": ("PAGERDUTY_API_KEY",),
    "posthog": ("POSTHOG_API_KEY",),
    "weave_otel": ("WANDB_API_KEY",),
}
#: Callback -> the module it needs, and the package that has it, which LiteLLM does not bring along.
_PACKAGES: Mapping[str, tuple[str, str]] = {
    "langfuse": ("langfuse", "langfuse"),
    "lunary": ("lunary", "lunary"),
    "mlflow": ("mlflow", "mlflow"),
    "supabase": ("supabase", "supabase"),
    "traceloop": ("traceloop", "traceloop-sdk"),
    "wandb": ("wandb", "wandb"),
}


@rule("LIT619", "callback-left-out", "warning")
def callback_left_out(context: Context) -> Iterator[Note]:
    """A callback lacks a variable that it needs, or a package.

    Of variables only where `--env-file` or `--env` tells which there are; of packages only with `--env`, and
    where LiteLLM is installed beside this program.

    LiteLLM: starts without this callback, with `Error initializing custom logger` in its log. Nothing is
    logged there.
    """
    for pointer, node in named_callbacks(context):
        if context.variables is not None:
            missing = [name for name in _VARIABLES.get(node.value, ()) if not is_set(context, name)]
            if missing:
                said = tr(
                    "{callback} needs {names}, and is left out", callback=node.value, names=listed(missing)
                )
                yield context.note(pointer, said, tr("Set it in the environment of the process."))
        module, package = _PACKAGES.get(node.value, ("", ""))
        if module and context.installed is not None and not context.installed(module):
            said = tr("{callback} needs a package that is not installed here", callback=node.value)
            yield context.note(pointer, said, tr("Install {package}.", package=package))
