"""LIT618: prompts that are kept somewhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import is_reference
from one_adapter.lint.litellm.hints import one_of
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.walking import is_set

#: Where prompts may be kept -> what says how they are reached.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "dotprompt": (),
    "gitlab": ("gitlab_config",),
    "bitbucket": ("bitbucket_config",),
    "arize_phoenix": ("api_key", "api_base"),
    "generic_prompt_management": ("api_base",),
}
#: A parameter that LiteLLM takes from the environment, too.
_VARIABLES = {("arize_phoenix", "api_key"): "PHOENIX_API_KEY"}


@rule("LIT618", "prompt-integration", "error")
def prompt_integration(context: Context) -> Iterator[Note]:
    """An entry of `prompts` names no place where its prompt is kept, or one that LiteLLM does not have.

    `prompt_integration` is `dotprompt`, `gitlab`, `bitbucket`, `arize_phoenix` or
    `generic_prompt_management`; all but the first need an address or a configuration beside it. Prompts in
    Langfuse are named in the `litellm_params` of a deployment, not here.

    LiteLLM: refuses to start, with `Unsupported prompt` or with what is missing.
    """
    listed = context.find("/prompts")
    for index, entry in enumerate(listed.items if listed else ()):
        params = entry.get("litellm_params")
        if params is None or params.kind != "object":
            continue
        pointer = f"/prompts/{index}/litellm_params"
        node = params.get("prompt_integration")
        if node is None:
            said = tr("this entry has no {name}", name="prompt_integration")
            yield context.note(pointer, said, one_of("", _NEEDED))
            continue
        if is_reference(node):
            continue
        if node.value not in _NEEDED:
            said = tr("LiteLLM keeps no prompts there, and does not start with this")
            yield context.note(f"{pointer}/prompt_integration", said, one_of(node.value, _NEEDED))
            continue
        for name in _NEEDED[node.value]:
            variable = _VARIABLES.get((node.value, name))
            given = params.get(name)
            if (given is None or given.value in (None, "", {})) and not (
                variable and is_set(context, variable)
            ):
                said = tr("prompts in {place} need {name}", place=node.value, name=name)
                yield context.note(f"{pointer}/prompt_integration", said)
