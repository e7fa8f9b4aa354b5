"""The conversion matrix in Chinese: what its page says by itself, and the docstrings of the judges."""

from __future__ import annotations

from collections.abc import Mapping

CHINESE: Mapping[str, str] = {
    "The conversion matrix": "逐个字段的对照表",
    "What becomes of every field of a simple-one-api file, and of every type of service. Each leaf of a "
    "file gets one verdict; the tables say which ones a field can get, and where it goes.": (
        "simple-one-api 配置的每个字段、每种服务类型会变成什么。文件里的每一个值都有一个结论；"
        "下面的表说明一个字段可能得到哪些结论，以及它去了哪里。"
    ),
    "Verdict": "结论",
    "Meaning": "含义",
    "mapped": "照搬",
    "emulated": "模拟",
    "approximated": "近似",
    "inert": "无作用",
    "dropped": "丢弃",
    "LiteLLM has the same thing by itself": "LiteLLM 本身就有同样的东西",
    "works, and needs one-adapter in the proxy": "有效，需要代理里有 one-adapter",
    "the same intent with other semantics": "意图相同，语义有别",
    "the gateway reads it and does nothing, or it says what holds anyway": (
        "网关读取它却什么也不做，或者它说的本来就成立"
    ),
    "lost; the note says why and what to do": "丢失；附注说明原因和办法",
    "Besides, of any field: `null` and what is empty say nothing and are inert; so is everything in a "
    "service that is switched off, and a field the gateway does not know. JSON keys match in any case and "
    "the last of several counts, YAML keys match exactly; the others are inert.": (
        "此外，对任何字段：`null` 和空值没有说明什么，无作用；停用的服务里的一切、网关不认识的字段也是如此。"
        "JSON 的键不分大小写，重复时以最后一个为准；YAML 的键必须完全一致；其余的无作用。"
    ),
    "The whole gateway": "整个网关",
    "Field": "字段",
    "Verdicts": "结论",
    "What becomes of it": "变成什么",
    "Each service": "每个服务",
    "An entry of the list under `services` and its type.": "`services` 里，某个类型之下列表中的一项。",
    "The types of service": "服务类型",
    "What LiteLLM is told, with an example model, and what the credentials become.": (
        "以一个模型为例：告诉 LiteLLM 什么，凭据变成什么。"
    ),
    "Type": "类型",
    "Provider and model": "provider 和模型",
    "Address": "地址",
    "Models": "模型",
    "Credentials": "凭据",
    "Their documentation: {links}.": "它们的文档：{links}。",
    "Unknown, as in the gateway: {types} (earlier versions had them).": (
        "与网关一样不认识：{types}（更早的版本有）。"
    ),
    "with `server_url`": "有 `server_url`",
    "without": "没有写地址",
    "with `api_key`": "有 `api_key`",
    "a bot": "智能体",
    "with access and secret key": "有 access key 和 secret key",
    "with `--spark http`": "使用 `--spark http`",
    "to be created:": "需要新建：",
    "none": "无",
    "What vendors have ended": "厂商已经停止的",
    "The report lists these as things to do.": "报告会把这些列为待办事项。",
    "What ended": "停止了什么",
    "What to do": "怎么办",
    "the whole service": "整个服务",
    "Addresses": "地址",
    "Vendors of type `openai` that are known by their host; any other host is as good. "
    "What ends in `/chat/completions` is cut before it.": (
        "按主机名认识的 `openai` 类型厂商；其他主机同样可用。结尾的 `/chat/completions` 会去掉。"
    ),
    "Vendor": "厂商",
    "`server_url`": "`server_url`",
    "Special": "特别之处",
    "parameters are kept in range ({guard})": "参数收在范围之内（{guard}）",
    "models are called `vendor/model`": "模型名形如 `vendor/model`",
    "Without `server_url`, for the types openai, deepseek, zhipu and groq; the first line to fit counts. "
    "Embeddings of such a service go to `{url}`.": (
        "没有 `server_url` 的 openai、deepseek、zhipu 和 groq 类型；以第一个符合的行为准。"
        "这样的服务，向量请求发往 `{url}`。"
    ),
    "Upstream model": "上游模型",
    "type {type}": "类型 {type}",
    "any other, type {type}": "其他，类型 {type}",
    "Default models": "默认模型",
    "The gateway's own, of 2024; many are retired by now.": "网关自带的，2024 年的名单；其中很多已经下线。",
    "Models of an enabled service that lists none": "启用却没有列出模型的服务，使用这些模型",
    # What the judges of fields say, `one_adapter/plan/ledger/`.
    "Where `one-adapter run` listens; with stock LiteLLM it is given on the command line.": (
        "`one-adapter run` 监听的端口；原版 LiteLLM 在命令行上给出。"
    ),
    "LiteLLM has a debug log of its own.": "LiteLLM 有它自己的调试日志。",
    "LiteLLM has other levels and another form of log line.": "LiteLLM 的级别和日志格式不同。",
    "The address goes to `.env`; each service that the strategy covers names it.": (
        "地址写进 `.env`；策略涵盖的每个服务都引用它。"
    ),
    "The key of clients, read from the environment; it never becomes the key that manages LiteLLM.": (
        "客户端密钥，从环境变量读取；它绝不会成为管理 LiteLLM 的密钥。"
    ),
    "Weights for random, one service for `first`, a strict rotation for `rr` and `round_robin`, one entry "
    "by the name's hash for `hash`; in gateway 0.10 `round_robin` and `hash` are random, and so "
    "they are here.": (
        "random 用权重，`first` 固定用一个服务，`rr` 和 `round_robin` 严格轮转，"
        "`hash` 按名字的哈希固定选一项；"
        "网关 0.10 里 `round_robin` 和 `hash` 都是随机，这里也一样。"
    ),
    "Switches the circuit breaker; it is on when nothing is said.": "开关熔断器；不写时为开启。",
    "The circuit breaker of each service and client model.": "每个服务、每个客户端模型名的熔断器。",
    "Upstream models that keep content in parts; for all others it is made into text.": (
        "保留分段内容的上游模型；其他模型的内容合成文本。"
    ),
    "An alias, followed once and before all else; `all` answers every name.": (
        "别名，最先处理，只跟随一次；`all` 应答所有名字。"
    ),
    "The gateway reads it and never uses it.": "网关读取它，但从不使用。",
    "The endpoint answers whether or not it is switched on.": "不论是否开启，这个接口都应答。",
    "How `/translate` and its like ask the model `random`.": "`/translate` 之类的接口怎样请求模型 `random`。",
    "The web console has no counterpart: the exported file is edited instead.": (
        "网页控制台没有对应物：改为编辑导出的文件。"
    ),
    "One more key of clients; it guards every route. Beside another `api_key` it is of no use, as in the "
    "gateway.": "又一个客户端密钥；它管住每个接口。与另一个 `api_key` 并存时没有用处，与网关相同。",
    "The models a key may call, by the names clients send; the service they stand under says nothing.": (
        "一个密钥可以请求的模型，按客户端发送的名字；写在哪个服务之下无关紧要。"
    ),
    "The gateway's own count of requests. LiteLLM counts usage and spend with a database.": (
        "网关自己的请求统计。LiteLLM 有数据库时统计用量和费用。"
    ),
    "The name of the service in every rule and report; an empty one is its type and number.": (
        "服务在规则和报告里的名字；为空时是它的类型加序号。"
    ),
    "Whose the models are, in `/v1/models`; in gateway 0.10 a label for the web console.": (
        "`/v1/models` 里模型属于谁；网关 0.10 里是网页控制台的标签。"
    ),
    "A group of deployments of this name. Left out: names with an asterisk, and names without any address.": (
        "一组同名的 deployment。不包括：带星号的名字，以及没有任何地址的名字。"
    ),
    "Waiting limits, kept by the proxy, with their timeout: all numbers above 0, of qpm and rpm the smaller; "
    "in gateway 0.10 the first above 0 of qps, qpm, rpm and concurrency.": (
        "排队等待的限流，由代理执行，连同它的超时：大于 0 的数字全部有效，qpm 和 rpm 取较小的；"
        "网关 0.10 里按 qps、qpm、rpm、concurrency 的顺序取第一个大于 0 的。"
    ),
    "Not needed: LiteLLM carries the reasoning of every model by itself.": (
        "不需要：LiteLLM 本身就传递每个模型的推理内容。"
    ),
    "Services that are switched off are not exported; nothing in them counts.": (
        "停用的服务不导出；其中的一切都不算数。"
    ),
    "Keys go to `.env` and are named in the file; see the table of service types for what each reads.": (
        "密钥写进 `.env`，文件里只写变量名；每种类型读取什么，见服务类型的表。"
    ),
    "One deployment for each that is not switched off, with its part of the share, its `id` and its limits; "
    "in gateway 0.10 its `limit` counts where the service has none.": (
        "没有停用的每一个各成一个 deployment，带上它自己的份额、它的 `id` 和限流；"
        "网关 0.10 里，服务没有限流时才用它的 `limit`。"
    ),
    "The base address, without the endpoint at its end; its query goes on every call.": (
        "基础地址，去掉结尾的接口路径；查询参数带在每次调用上。"
    ),
    "Renames what goes upstream, after `model_redirect`, once.": (
        "在 `model_redirect` 之后，给发往上游的名字再改一次名。"
    ),
    "One more group of this name, the value going upstream; its share counts once for each listed model.": (
        "又一组这个名字的 deployment，发往上游的是它的值；每列出一个模型，它的份额就计一次。"
    ),
    "Asked for by the proxy strategies `default` and `all`.": "代理策略 `default` 和 `all` 会看它。",
    "Seconds for the whole request: the wait, the answer and the stream.": (
        "整个请求的秒数：等待、回答和流。"
    ),
    "What the service is asked in, where that is not its type's own protocol.": (
        "用什么协议请求这个服务，与类型本身的协议不同时才需要。"
    ),
}
