"""SOA30x: redirects, which are easily read the wrong way round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from one_adapter.config.model import Service
from one_adapter.config.node import escape
from one_adapter.language import sentences, tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule

#: Among more names than this nobody is asked "did you mean": it would take seconds.
_MOST_COMPARED = 1_000


@rule("SOA301", "redirects-reversed", "warning")
def redirects_reversed(context: Context) -> Iterator[Note]:
    """A service's redirects stand the wrong way round.

    The KEY is what the client sends, the VALUE goes to the vendor. Here every key is a listed
    `vendor/model` id, every value is the bare name, and the vendor is known to want the long id.
    Taken literally the vendor gets names it does not have. The guide's own NVIDIA sample is written so.

    Gateway: takes it literally. A client that asks for `yi-large` gets 400, and one that asks for
    `01-ai/yi-large` makes it call the vendor with `yi-large`.

    LiteLLM: `export` and `run` serve both names with the long id going to the vendor
    (`--redirects smart`, the default); `--redirects literal` does what the gateway did.
    """
    from one_adapter.plan.redirects import turned_round  # most files have nothing to ask it

    for service in context.gateway.services:
        if service.model_redirect and turned_round(service):
            key, value = next(iter(service.model_redirect.items()))
            count = len(service.model_redirect)
            yield context.key_note(
                context.redirect(service, key),
                tr(
                    'redirects the wrong way round: the vendor gets "{value}", which is no model of its own',
                    value=value,
                ),
                sentences(
                    tr(
                        "The key is what clients send, the value what the vendor gets: "
                        'write "{value}": "{key}".',
                        value=value,
                        key=key,
                    ),
                    tr("The same for all {count}.", count=count) if count > 1 else "",
                ),
            )


@rule("SOA302", "redirect-chain", "warning")
def redirect_chain(context: Context) -> Iterator[Note]:
    """A redirect leads to another redirect's key.

    Each kind of redirect is followed once. The second step does not happen.

    Gateway: a service's `model_redirect`, its `model_map` and the global `model_redirect` are each looked
    up once; the vendor is asked for the name in the middle. With such a chain `/v1/models` changes from
    start to start.

    LiteLLM: the export follows each redirect once, as the gateway does; aliases of LiteLLM are not
    chained either.
    """
    yield from _chains(context, context.gateway.model_redirect, context.field("", "model_redirect"))
    for service in context.gateway.services:
        for name, pairs in (("model_redirect", service.model_redirect), ("model_map", service.model_map)):
            if pairs:
                yield from _chains(context, pairs, context.field(service.pointer, name))


def _chains(context: Context, pairs: Mapping[str, str], base: str) -> Iterator[Note]:
    for key, value in pairs.items():
        if value in pairs and value != key and pairs[value] != value:
            yield context.note(
                f"{base}/{escape(key)}",
                tr(
                    'a redirect is followed once: "{key}" becomes "{value}", and not "{target}"',
                    key=key,
                    value=value,
                    target=pairs[value],
                ),
                tr('Write "{target}" here if that is what is meant.', target=pairs[value]),
            )


@rule("SOA303", "redirect-to-itself", "warning")
def redirect_to_itself(context: Context) -> Iterator[Note]:
    """A redirect's key and value are the same.

    It changes nothing for requests, and yet it does harm.

    Gateway: takes the name out of `/v1/models` (the target of a redirect is hidden, and here the target is
    the model itself); with one model the list is empty, which 0.10 answers with 404. The model still works.

    LiteLLM: nothing is exported for it; the model is listed as it should be.
    """
    for key, value in context.gateway.model_redirect.items():
        if key == value and key != "all":
            yield context.note(
                context.redirect(None, key), tr('"{key}" is redirected to itself', key=key), tr("Remove it.")
            )
    for service in context.gateway.services:
        for key, value in service.model_redirect.items():
            if key == value:
                yield context.note(
                    context.redirect(service, key),
                    tr('"{key}" is redirected to itself, which takes it out of /v1/models', key=key),
                    tr("Remove it."),
                )


@rule("SOA304", "redirect-hides-model", "info")
def redirect_hides_model(context: Context) -> Iterator[Note]:
    """A redirect hides a listed model from `/v1/models`.

    The gateway shows the alias in place of the model it leads to.

    Gateway: the model is not in `/v1/models` any more; it still answers under its own name.

    LiteLLM: the export keeps it so: the model's name works and is marked as unlisted.
    """
    for service in context.enabled:
        models = frozenset(service.models)
        for key, value in service.model_redirect.items():
            if key != value and value in models and key not in models:
                yield context.note(
                    context.redirect(service, key),
                    tr(
                        '"{value}" is not shown by /v1/models, because "{key}" leads to it',
                        value=value,
                        key=key,
                    ),
                    tr("Clients that choose from that list see only the alias."),
                )


@rule("SOA305", "share-multiplied", "warning")
def share_multiplied(context: Context) -> Iterator[Note]:
    """A redirect's share grows with the number of models its service lists.

    Two services answer one name, and one would expect them to do so in equal parts.

    Gateway: enters a redirect's key once for every model the service lists. A service with four models
    gets four times the calls of a service with one.

    LiteLLM: the shares are exported as `weight`, the way the gateway had them; even them out there.
    """
    for name, owners in _owners(context).items():
        turns = [count for _, count, _ in owners]
        if len(owners) < 2 or len(set(turns)) < 2 or context.order in ("first", "hash"):
            continue
        service, most, by_redirect = max(owners, key=lambda owner: owner[1])
        if by_redirect:
            yield context.key_note(
                context.redirect(service, name),
                tr(
                    'this service gets {most} of {total} calls for "{name}": one for each model it lists',
                    most=most,
                    total=sum(turns),
                    name=name,
                ),
                tr("List the models in a service of their own, or even out the weights after the export."),
            )


def _owners(context: Context) -> dict[str, list[tuple[Service, int, bool]]]:
    """Name -> the services that answer it, how many turns each has, and whether by a redirect.

    Only the names that some service redirects are in it.
    """
    aliases = {key for service in context.enabled for key in service.model_redirect}
    owners: dict[str, list[tuple[Service, int, bool]]] = {}
    for service in context.enabled:
        names = (*service.models, *service.embedding_models)
        counts = Counter(names)
        for alias in service.model_redirect:
            if names:
                owners.setdefault(alias, []).append((service, len(names) + counts[alias], True))
        for name, count in counts.items():
            if name in aliases and name not in service.model_redirect:
                owners.setdefault(name, []).append((service, count, False))
    return owners


@rule("SOA306", "redirect-to-nowhere", "warning")
def redirect_to_nowhere(context: Context) -> Iterator[Note]:
    """A global redirect leads to a name that no service answers.

    Gateway: answers every call for it with 400, `model … not found in the configuration`.

    LiteLLM: an alias without a model group; the export leaves it out and says so.
    """
    if not context.gateway.services or context.refusals:
        return
    known = {"random"}
    for service in context.enabled:
        known.update(service.models, service.embedding_models, service.model_redirect)
    catch_all = "all" in context.gateway.model_redirect
    for key, value in context.gateway.model_redirect.items():
        target = "random" if (key, value) == ("all", "all") else value
        if target not in known and (key == "all" or not catch_all):
            yield context.note(
                context.redirect(None, key),
                tr('no service that is switched on answers "{value}"', value=value),
                _nearest(value, known),
            )


def _nearest(name: str, known: set[str]) -> str:
    from difflib import get_close_matches  # only a file with a slip in it pays for this

    close = get_close_matches(name, sorted(known), 1, 0.8) if len(known) <= _MOST_COMPARED else []
    return (
        tr("Did you mean {name}?", name=close[0]) if close else tr("Name a model or a redirect of a service.")
    )


@rule("SOA307", "redirect-all", "info")
def redirect_all(context: Context) -> Iterator[Note]:
    """The global redirect `all` catches every name.

    Gateway: sends every call to this one name, `random` included. Other global redirects and every other
    model of the file are never used for chats.

    LiteLLM: one-adapter answers every name with this group (`catch_all`); `all` is no name of its own.
    """
    redirect = context.gateway.model_redirect
    if "all" in redirect:
        others = len(redirect) - 1
        yield context.key_note(
            context.redirect(None, "all"),
            tr(
                'every call goes to "{name}", whatever model it asks for, '
                "and the {others} other global redirects never count",
                name=redirect["all"],
                others=others,
            )
            if others
            else tr('every call goes to "{name}", whatever model it asks for', name=redirect["all"]),
            tr("Remove it if clients should choose."),
        )


@rule("SOA308", "empty-redirect", "warning")
def empty_redirect(context: Context) -> Iterator[Note]:
    """A redirect leads to an empty name, or to one with blanks around it.

    Model names are trimmed, redirects are not.

    Gateway: asks the vendor for the model `""`, or for one with the blanks in its name.

    LiteLLM: the export passes on what is written; the vendor will not know it.
    """
    for service in context.gateway.services:
        for key, value in service.model_redirect.items():
            if not value.strip():
                yield context.note(
                    context.redirect(service, key),
                    tr('"{key}" leads to an empty name', key=key),
                    tr("Name a model."),
                )
            elif value != value.strip() or key != key.strip():
                yield context.note(
                    context.redirect(service, key),
                    tr("redirects are not trimmed: the blanks are part of the name"),
                    tr("Remove the blanks."),
                )
