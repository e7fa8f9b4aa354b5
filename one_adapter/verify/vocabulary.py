"""What a comparison calls its outcomes, its probes, the aspects of an answer and what is seen of them.

Facts hold these words as they are, for programs; people read them by `word_for`.
"""

from __future__ import annotations

from one_adapter.language import Message, enumerated, tr

_NAMES = {
    str(name): name
    for name in (
        # Outcomes.
        tr("same"),
        tr("different"),
        tr("known"),
        tr("not compared"),
        tr("unsteady"),
        # Probes.
        tr("name"),
        tr("deployments"),
        tr("access"),
        tr("settings"),
        tr("key"),
        tr("upstream"),
        tr("shares"),
        tr("no limit"),
        tr("limit"),
        tr("limit concurrency"),
        tr("limit qps"),
        tr("limit qpm"),
        tr("limit tpm"),
        tr("models list"),
        tr("an unknown name"),
        tr("no key"),
        tr("a wrong key"),
        tr("wrong key"),
        tr("unknown model"),
        tr("list without key"),
        tr("whole"),
        tr("stream"),
        tr("tools"),
        tr("tool stream"),
        tr("embeddings"),
        tr("parameters"),
        # Aspects.
        tr("status"),
        tr("error"),
        tr("content type"),
        tr("choices"),
        tr("tool calls"),
        tr("tool call"),
        tr("finish reason"),
        tr("usage"),
        tr("prompt tokens"),
        tr("model"),
        tr("upstream message"),
        tr("upstream roles"),
        tr("upstream tools"),
        tr("vectors"),
        tr("reasoning"),
        tr("text"),
        tr("kinds"),
        tr("fields"),
        tr("pieces"),
        tr("first piece"),
        tr("words"),
        tr("address"),
        tr("upstream address"),
        tr("upstream model"),
        tr("upstream key"),
        tr("the key's id"),
        tr("share"),
        tr("client key"),
        tr("names"),
        tr("listed"),
        tr("route"),
        tr("calls"),
        tr("system message"),
        # What is seen.
        tr("an end"),
        tr("a tool call"),
        tr("as asked"),
        tr("none"),
        tr("one"),
        tr("several"),
        tr("some"),
        tr("in order [DONE]"),
        tr("in order no [DONE]"),
        tr("no events no [DONE]"),
        tr("no error object"),
        tr("a text"),
        tr("no JSON"),
        tr("elsewhere"),
        tr("begins, ends, and says so"),
        tr("a key that the configuration does not have"),
        tr("nothing"),
        # What became of a key.
        tr("works"),
        tr("refused"),
        tr("out of balance"),
        tr("unknown"),
        tr("no key is needed"),
    )
}


def word_for(word: str) -> str:
    """The word as people read it; any other text as it is."""
    return word if isinstance(word, Message) else _NAMES.get(word, word)


def enumeration(words: list[str]) -> str:
    """Several words as people read them."""
    return enumerated([word_for(word) for word in words])
