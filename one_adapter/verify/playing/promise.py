"""What a plan promises of a call: where it goes, with whose key, under which name of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from urllib.parse import unquote

from one_adapter.contract import NO_KEY, RESPONSES
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import joined, tr
from one_adapter.plan.addresses import MESSAGES, without_password
from one_adapter.plan.types import Plan, Route, Target, Upstream
from one_adapter.runtime.dryrun.heard import Heard

#: What a dry run does not send as it is: a token would have to be fetched from Google.
TOKENS_FETCHED = "vertex_ai"
#: Providers without tools in their protocol, as it is spoken here.
WITHOUT_TOOLS = ("dify", "xinghuo")
#: Paths of OpenAI's protocol, and providers that are asked in their own way under any path.
AS_IT_IS = ("/chat/completions", "/embeddings")
REWRITTEN = ("dify", "xinghuo", "anthropic", "azure")
#: Aspects of a call, in the order in which they are told.
ADDRESS, MODEL, KEY, QUERY = "address", "upstream model", "key", "query"


@dataclass(frozen=True, slots=True)
class Place:
    """One place a call of a name may go to, and how often it does.

    `urls` are the addresses of a whole and of a streamed call. `keys` are the values that are right, none
    where any is. `query` are the parameters that every call carries.
    """

    share: Fraction
    label: str
    urls: tuple[str, ...]
    model: str
    targets: tuple[Target, ...]
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def has_tools(self) -> bool:
        """Whether its protocol has tools."""
        return not any(target.upstream.provider in WITHOUT_TOOLS for target in self.targets)

    @property
    def passes_on(self) -> bool:
        """Whether its vendor gets a client's body as it is, but for the model."""
        return all(url.endswith(AS_IT_IS) for url in self.urls) and not any(
            target.upstream.guards or target.upstream.provider in REWRITTEN for target in self.targets
        )

    @property
    def lacks_key(self) -> bool:
        """Whether its key has yet to be made by the user, with the successor of a vendor that ended."""
        return any(ref.successor for target in self.targets for _, ref in target.upstream.keys)

    def misses(self, call: Heard) -> tuple[str, ...]:
        """The aspects in which a call is not what was promised."""
        found = []
        if _plain(call.url) not in self.urls:
            found.append(ADDRESS)
        if self.model and call.model != self.model:
            found.append(MODEL)
        if self.keys and call.key not in self.keys:
            found.append(KEY)
        is_new = self.passes_on and call.query.keys() - self.query.keys()
        if is_new or any(call.query.get(name) != value for name, value in self.query.items()):
            found.append(QUERY)
        return tuple(found)


class Owners:
    """Whose a key is, so that it can be told without being shown."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        """Look up every key that the plan's calls are made with."""
        self._owners: dict[str, list[str]] = {}
        for route in (*plan.routes, *filter(None, (plan.any,))):
            for target in (*route.targets, *(route.embedding_targets or ())):
                for value in keys_of(target, secrets):
                    owners = self._owners.setdefault(value, [])
                    if value not in ("", NO_KEY) and label_of(target) not in owners:
                        owners.append(label_of(target))

    def of(self, key: str) -> str:
        """Whose key this is, in words."""
        if key in ("", NO_KEY):
            return tr("no key")
        owners = self._owners.get(key, [])
        return joined(owners, " or ", " 或 ") if owners else tr("a key that the configuration does not have")


def label_of(target: Target) -> str:
    """A service, with its key where it has several.

    >>> from one_adapter.plan.types import Upstream
    >>> label_of(Target(Fraction(1), "openai-1", 1, Upstream("openai", "", "")))
    'openai-1 #2'
    """
    if target.places:
        return f"{target.service} {target.key}"
    return f"{target.service} #{target.credential + 1}" if target.credential else target.service


def keys_of(target: Target, secrets: Secrets) -> frozenset[str]:
    """The values a call to a target may carry as its key; none where a dry run cannot send it."""
    upstream = target.upstream
    if upstream.provider == TOKENS_FETCHED:
        return frozenset()
    if upstream.by_reference:
        refs = {ref.field: secrets.values[secrets.names[ref]] for ref in upstream.by_reference}
        first = next(iter(refs.values()))
        return frozenset((refs.get("api_key", first),))
    found = [secrets.values[secrets.names[ref]] for name, ref in upstream.keys if name == "api_key"]
    return frozenset(found) if any(found) else frozenset(("", NO_KEY))


def places_of(targets: Iterable[Target], secrets: Secrets, kind: str = "chat") -> tuple[Place, ...]:
    """The places of several targets; those that nobody could tell apart are one."""
    found: dict[object, Place] = {}
    for target in targets:
        upstream = target.upstream
        keys = keys_of(target, secrets)
        query = {
            name: secrets.values[hidden]
            if (hidden := secrets.queries.get((target.service, name, value)))
            else value
            for name, value in upstream.query
        }
        urls = addresses_of(upstream, kind)
        same = (urls, upstream.model, keys)
        like = found[same].targets if same in found else ()
        share = target.share + (found[same].share if same in found else 0)
        label = label_of(like[0] if like else target)
        found[same] = Place(share, label, urls, upstream.model, (*like, target), keys, query)
    labels = [place.label for place in found.values()]
    return tuple(
        replace(place, label=f"{place.label} {place.model}") if labels.count(place.label) > 1 else place
        for place in found.values()
    )


def addresses_of(upstream: Upstream, kind: str = "chat") -> tuple[str, ...]:
    """The addresses under which an upstream is called, for a whole answer and for a stream.

    >>> addresses_of(Upstream("openai", "https://api.deepseek.com/v1", "m"))
    ('https://api.deepseek.com/v1/chat/completions',)
    """
    return tuple(_plain(url) for url in _addresses(upstream, kind))


def _addresses(upstream: Upstream, kind: str) -> Sequence[str]:
    base, model, provider = without_password(upstream.url), upstream.model, upstream.provider
    if kind == "embeddings":
        return (f"{base}/embeddings",)
    if provider == "anthropic":
        return (base,) if "#" in upstream.url else (f"{base}{MESSAGES}",)
    if provider == "vertex_ai":
        given = dict(upstream.parameters)
        base += f"/v1/projects/{given['vertex_project']}/locations/{given['vertex_location']}"
        base += "/publishers/google"
    if provider in ("gemini", "vertex_ai"):
        return tuple(f"{base}/models/{model}:{way}" for way in ("generateContent", "streamGenerateContent"))
    if provider == "azure":
        return f"{base}/openai/deployments/{model}/chat/completions", f"{base}/openai/responses"
    if provider == "ollama_chat":
        return (f"{base}/api/chat",)
    if provider == "dify":
        return (f"{base}/chat-messages",)
    if provider == "xinghuo":
        return (base,)
    if upstream.label.startswith(RESPONSES):
        return (f"{base}/responses",)
    return (f"{base}/chat/completions",)


def _plain(url: str) -> str:
    return unquote(without_password(url))


def nearest(places: Sequence[Place], call: Heard) -> tuple[Place, tuple[str, ...]]:
    """The place (of several, not none) that a call went to, or the likest of those it should have gone to."""
    live = [place for place in places if place.share] or places
    return min(((place, place.misses(call)) for place in live), key=lambda found: len(found[1]))


def embedding_targets(route: Route) -> tuple[Target, ...]:
    """Where embeddings of a name go; nowhere for a name that has chats alone."""
    if route.kind == "chat":
        return ()
    return route.targets if route.embedding_targets is None else route.embedding_targets
