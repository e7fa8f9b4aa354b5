"""Words that people mean something by and the gateway does not know: what does it here, as a table."""

from __future__ import annotations

import re
from typing import NamedTuple

from one_adapter.dialect import CURRENT, Dialect
from one_adapter.finding import Severity
from one_adapter.language import sentences, tr


class Word(NamedTuple):
    """What a word means: the field that does it here ("" where none does), and what to tell."""

    means: str
    says: str
    severity: Severity | None = None


def template_called(name: str) -> str:
    """What the template of translations is called, which depends on the form of the file."""
    return tr("The template is called {name}.", name=name)


_NOTE = tr("A note for people; the gateway keeps it and does nothing with it.")
_NEWER = tr("Gateway 0.12 knows it, 0.10 does nothing with it.")
_OWN_NAME = tr("Keys of credential_list alone have one; the gateway does nothing with it.")
_PRICE = tr("The gateway counts no costs. In the exported file, model_info has input_cost_per_token.")
_PARAMETER = tr("Clients send it with their requests. In the exported file, litellm_params can set it.")
_ADDRESS = tr("The vendor's address is called server_url here.")
_SWITCH = tr('A service is switched on by "enabled": true.')
_KEY = tr('The vendor\'s key stands in credentials: {{"api_key": "…"}}.')
_KEYS = tr('Several keys stand in credential_list: [{{"api_key": "…"}}, …].')
_RENAME = tr(
    "It is called model_redirect here: the key is what clients send, the value what the vendor gets."
)
_RATE = tr('A waiting limit is written "limit": {{"qps": …}}; qpm, rpm and concurrency are the others.')
_HEADERS = tr("The gateway sends no headers of your own; exported, litellm_params.extra_headers does.")
_ORGANIZATION = tr("The gateway sends no organization; exported, litellm_params.organization does.")
_TLS = tr("The gateway speaks plain HTTP to clients; put a web server with TLS in front.")
_LITELLM = tr(
    "The gateway has nothing of the kind. LiteLLM has; see its documentation once you have exported."
)

_PARAMETERS = (
    "temperature topp topk maxtokens maxoutputtokens maxcompletiontokens stop seed frequencypenalty"
    " presencepenalty responseformat reasoningeffort thinking enablethinking toolchoice tools systemprompt"
    " system prompt"
)
_NOTES = (
    "remark remarks comment comments description desc note notes memo label title displayname readme about"
    " doc docs documentation website homepage author owner created updated todo"
)

#: Where a field was looked for -> the field that does it, what to tell, the words (without case and signs).
_ROWS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "anywhere": (
        ("", _NOTE, _NOTES),
        ("", _PRICE,
         "price prices pricing cost costs inputcostpertoken outputcostpertoken ratio billing"),
        ("", _PARAMETER, _PARAMETERS),
        ("", tr("Clients ask for a stream or not."), "stream streaming stream_options streamoptions"),
        ("", _LITELLM,
         "cache caching redis redisurl database databaseurl budget maxbudget callbacks guardrails"),
    ),
    "top": (
        ("server_port", tr('Where it listens is written "server_port": ":9090".'),
         "port listen listenport listenaddr listenaddress bind host address server serverhost addr"),
        ("api_key", tr("The key of clients is api_key; api_keys for several."),
         "key token apitoken masterkey authtoken accesstoken authkey auth authorization password"
         " clientkey"),
        ("api_keys",
         tr('Several keys of clients: "api_keys": [{{"api_key": "…", "supported_models": {{"*": '
            '["*"]}}}}].'),
         "keys tokens clientkeys authkeys users accesskeys apitokens"),
        ("load_balancing", tr("How services take turns is called load_balancing: first, random or rr."),
         "strategy lb balance balancer loadbalance loadbalancer routing routingstrategy balancestrategy"),
        ("services", tr("Vendors stand in services, each in the list of its type."),
         "channels providers upstreams vendors backends service endpoints targets modelproviders"),
        ("services", tr("Models stand in services: each service lists its own."), "model modellist"),
        ("server_url", tr("A vendor's address is the server_url of a service."),
         "baseurl apibase baseuri url endpoint apiurl openaiapibase proxyurl"),
        ("model_redirect", _RENAME,
         "redirect redirects modelmapping modelalias modelaliases alias aliases mapping rename"),
        ("log_level", tr("How much is logged is called log_level."),
         "log loglevels logging logger verbose verbosity"),
        ("proxy", tr('The way out is written "proxy": {{"strategy": …, "type": …, "http_proxy": …}}.'),
         "outboundproxy allproxy socks socks5 httpsproxyurl"),
        ("", tr("Waiting limits belong in a service, as limit."), "ratelimit ratelimits limits rate"),
        ("", _TLS, "tls ssl https cert certfile certificate keyfile sslcert sslkey"),
        ("", tr("The gateway answers every origin."), "cors allowedorigins corsorigins alloworigin"),
        ("", tr("There are no weights: a service that is listed twice gets twice the calls."),
         "weight weights"),
    ),
    "service": (
        ("server_url", _ADDRESS,
         "baseurl baseuri apibase openaiapibase apibaseurl base url uri endpoint apiendpoint apiurl"
         " api host hostname address addr server serveraddress domain site"),
        ("credentials", _KEY,
         "key token apitoken accesstoken auth authorization bearer bearertoken secret password"
         " openaiapikey authkey authtoken credential sk"),
        ("credential_list", _KEYS,
         "keys apikeys tokens keylist apikeylist keypool credentialslist credentiallists multikeys"
         " accounts"),
        ("",
         tr('There are no weights: a service that is listed twice (with "id" of its own) gets twice the '
            "calls."),
         "weight weights share proportion percent percentage"),
        ("", tr("The order of the services is the priority, with load_balancing first."),
         "priority order rank level sort index"),
        ("limit", _RATE, "ratelimit ratelimits rate limits throttle rateLimiter requestlimit"),
        ("limit", tr('Calls at once are written "limit": {{"concurrency": …}}.'),
         "maxconcurrency maxconcurrent concurrent parallel parallelism maxparallelrequests maxconnections"),
        ("limit", tr('Calls in a minute are written "limit": {{"rpm": …}}.'),
         "requestsperminute maxrpm reqperminute"),
        ("limit", tr('Calls in a second are written "limit": {{"qps": …}}.'),
         "requestspersecond maxqps rps tps"),
        ("id", tr("A service's name is its id: letters, digits, dot, underscore and dash."),
         "name servicename"),
        ("", tr("The type is the key a service stands under: services, then openai, then a list."),
         "type kind vendor providertype channeltype servicetype apitype protocol format"),
        ("", _ORGANIZATION,
         "organization organisation org orgid organizationid openaiorganization project projectname"),
        ("", _HEADERS, "headers header extraheaders customheaders httpheaders requestheaders useragent"),
        ("",
         tr("The gateway adds nothing to a request; in the exported file, litellm_params.extra_body "
            "does."),
         "extrabody body params parameters extraparams extra options modelparams config settings"),
        ("use_proxy",
         tr('The proxy stands at the top level; a service goes through it with "use_proxy": true.'),
         "proxy httpproxy httpsproxy socks5proxy socksproxy proxyurl useproxyurl enableproxy viaproxy"),
        ("enabled", _SWITCH,
         "enable active activated on isenabled isactive disabled disable status state off"),
        ("models", tr("Did you mean models?"),
         "model modelname modelnames modellist supportedmodels availablemodels deployments allowedmodels"),
        ("model_redirect", _RENAME,
         "redirect redirects modelmapping mapping modelalias modelaliases alias aliases rename"
         " renames modelrewrite"),
        ("embedding_models", tr("The names of its embedding models are called embedding_models."),
         "embedding embeddings embeddingmodel embedmodels embeddingsmodels"),
        ("timeout", tr("It is called timeout here, in whole seconds."),
         "timeoutseconds requesttimeout readtimeout connecttimeout timeoutms httptimeout timeouts"),
        ("server_url",
         tr("Deployment and version stand in server_url: …/openai/deployments/NAME?api-version=…."),
         "apiversion version deployment deploymentname deploymentid azuredeployment resource resourcename"),
        ("", tr("A region is part of the address; only vertexai has a location, in credentials."),
         "region zone"),
        ("", tr("The gateway knows no size of a model's window."),
         "contextlength contextwindow maxcontext maxcontextlength contextsize maxinputtokens"),
        ("", tr("The gateway knows no groups: api_keys say which key may use which models."),
         "group groups tag tags tenant users user quota balance whitelist blacklist"),
    ),
    "credentials": (
        ("server_url", tr("It belongs in the service, one level higher, as server_url."),
         "baseurl apibase baseuri url uri endpoint apiurl host address openaiapibase"),
        ("", _ORGANIZATION, "organization organisation org orgid organizationid openaiorganization"),
        ("", _HEADERS, "headers header extraheaders"),
        ("", tr("There are no weights: a key that is listed twice gets twice the calls."), "weight weights"),
        ("", tr("The order of the list is the priority, with load_balancing first."), "priority order rank"),
    ),
    "limit": (
        ("concurrency", tr('Calls at once are written "concurrency".'),
         "max maxconcurrency maxconcurrent concurrent parallel maxparallelrequests connections"),
        ("rpm", tr('Calls in a minute are written "rpm".'),
         "requestsperminute perminute minute calls requests limit"),
        ("qps", tr('Calls in a second are written "qps".'), "requestspersecond persecond second rps tps"),
        ("", tr("The windows are a second (qps) and a minute (rpm); there is none of an hour or a day."),
         "rpd rph perday perhour requestsperday requestsperhour daily day hour qpd"),
        ("timeout", tr("How long a call waits for its turn is called timeout, in whole seconds."),
         "wait waittime maxwait queue queuetimeout waitseconds"),
    ),
    "proxy": (
        ("http_proxy", tr("The address is called http_proxy, https_proxy or socks5_proxy, by the type."),
         "url address host server http https socks socks5 proxyurl httpurl allproxy addr"),
        ("", tr("User and password stand in the address: http://user:password@host:port."),
         "username user password pass auth"),
        ("strategy", tr('It is switched by "strategy": disabled, default, all or force_all.'),
         "enabled enable mode on active use"),
        ("", tr('A service stays out of it with "use_proxy": false, under the strategy all.'),
         "noproxy bypass exclude ignore except"),
    ),
    "circuit_breaker": (
        ("failure_threshold", tr("It is called failure_threshold."),
         "failures threshold maxfailures errorthreshold failurecount allowedfails"),
        ("recovery_timeout_seconds", tr("It is called recovery_timeout_seconds."),
         "timeout recoverytimeout cooldown cooldowntime resettimeout opentimeout sleepwindow"),
        ("half_open_max_requests", tr("It is called half_open_max_requests."),
         "halfopen halfopenrequests halfopenmax probes maxprobes"),
        ("enabled", tr("It is called enabled."), "enable on active disabled"),
    ),
    "translation": (
        ("promptTemplate", template_called("promptTemplate"),
         "template prompt systemprompt prompttext"),
        ("", tr("Translations ask for the model random."), "model models"),
        ("enable", tr("It is called enable; the endpoint answers in any case."), "enabled on active"),
    ),
    "client key": (
        ("api_key", tr("The key is called api_key."), "key token value secret apitoken"),
        ("supported_models", tr('What it may use is written "supported_models": {{"*": ["gpt-4o"]}}.'),
         "models model allowedmodels modellist whitelist scopes"),
        ("", tr("The gateway gives a key no quota and no end."),
         "quota limit limits expires expiresat expiry budget ratelimit rpm"),
        ("", _NOTE, "name id user"),
    ),
}  # fmt: skip

_RETRIES = "retry retries maxretries numretries retrytimes retrycount"
_FALLBACKS = "fallback fallbacks backup backups fallbackmodel fallbackmodels spare standby"
_NO_TOKENS = tr("Limits count calls and not tokens: qps, qpm, rpm or concurrency.")
_EVERY_ONE = tr("Every credential is drawn; take out the one that should rest.")
_SWITCHES = "enabled enable active on disabled disable status"

#: What is told where one key is drawn for a request, and no other tried.
_OF_SINGLE_KEYS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "anywhere": (
        ("", _NEWER, "statistics upstreamprotocol modellimits"),
        ("", sentences(_NO_TOKENS, _NEWER), "tpm"),
        ("", _NO_TOKENS,
         "tpd tokensperminute tokenlimit maxtpm"),
        ("",
         tr("The gateway asks a vendor once and never again; a second service with the model shares the "
            "calls."),
         _RETRIES),
        ("", tr("A second service with the same model answers while circuit_breaker holds the first one "
                "back."),
         _FALLBACKS),
    ),
    "credentials": (
        ("", sentences(_EVERY_ONE, _NEWER), _SWITCHES),
        ("", _NEWER, "id modellimits"),
        ("", _NOTE, "name"),
    ),
}  # fmt: skip
#: What is told where the keys of a list stand in for each other.
_OF_POOLS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "anywhere": (
        ("limit", tr('Tokens in a minute are written "limit": {{"tpm": …}}.'),
         "tpd tokensperminute tokenlimit maxtpm"),
        ("", tr("The gateway tries every key of a credential_list once, and no key twice."), _RETRIES),
        ("", tr("A second key in credential_list stands in for the first; a second service shares the "
                "calls."),
         _FALLBACKS),
    ),
    "service": (
        ("upstream_protocol",
         tr("It is called upstream_protocol here: auto, chat_completions, responses or "
            "anthropic_messages."),
         "protocol api_type wireapi upstreamapi"),
    ),
    "credentials": (
        ("", tr("It switches keys of credential_list alone; a service rests by its own enabled."), _SWITCHES),
        ("", _OWN_NAME, "id name"),
    ),
    "key": (("enabled", tr('A key rests with "enabled": false.'), _SWITCHES),),
}  # fmt: skip

#: Where there is nothing to mend.
_HARMLESS = (_NOTE, _OWN_NAME)
_CHINESE_NOTES = ("备注", "注释", "说明", "描述", "名称", "名字", "标签")


def squeezed(key: str) -> str:
    """A key without case and signs, as two spellings of one word are compared.

    >>> squeezed("api-Base_URL")
    'apibaseurl'
    """
    return re.sub(r"[^0-9a-z]+", "", key.lower())


def _table(rows: tuple[tuple[str, str, str], ...]) -> dict[str, Word]:
    words = {}
    for means, says, names in rows:
        for name in names.split():
            words[squeezed(name)] = Word(means, says, "info" if says in _HARMLESS else None)
    return words


def _both(more: dict[str, tuple[tuple[str, str, str], ...]]) -> dict[str, dict[str, Word]]:
    return {place: _table((*_ROWS.get(place, ()), *more.get(place, ()))) for place in (*_ROWS, "key")}


_SINGLE_KEYS, _POOLS = _both(_OF_SINGLE_KEYS), _both(_OF_POOLS)


def words_of(dialect: Dialect) -> dict[str, dict[str, Word]]:
    """The words by the place they are found at, and what to tell of each under a version of the gateway."""
    return _POOLS if dialect.pools else _SINGLE_KEYS


def word_for(place: str, key: str, dialect: Dialect = CURRENT) -> Word | None:
    """What somebody means by a key that the gateway does not know at a place; None for a word nobody uses.

    >>> word_for("service", "base_url").means, word_for("service", "zzz")
    ('server_url', None)
    """
    name = squeezed(key)
    # What stands in for the comments that JSON has not.
    if key.startswith(("_", "//", "#", "$comment", "--")) or key.strip() in _CHINESE_NOTES:
        return Word("", _NOTE, "info")
    words = words_of(dialect)
    # A key of a list is a set of credentials before it is anything else.
    around = ("key", "credentials", "anywhere") if place == "key" else (place, "anywhere")
    return next((words[one][name] for one in around if name in words.get(one, ())), None)
