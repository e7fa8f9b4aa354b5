"""Whether what people read is in one language: the English in Chinese texts, the Chinese in English ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What is the same in every language, longest forms first.
_KEPT = re.compile(
    r"""
      \x1b\[[0-9;]*m                        # colours
    | ^```.*?^```                           # a block of code in Markdown
    | ^\x20*\d*\x20\|.*?$                    # the line of a file, and carets under it
    | `[^`\n]*`                             # code
    | "[^"\n]*" | “[^”\n]*” | (?<!\w)'[^'\n]*'(?!\w)   # quoted
    | \w+://[^\s，。；：、（）]*                # addresses
    | (?<![\w.])--?[A-Za-z][\w-]*(?:[=\x20][A-Z]+\b)?   # options
    | [\w.-]*/[\w./{}*\[\]~-]*                # paths and pointers
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
#: Words of a language: not names of fields, models, files or products.
_WORD = r"(?<![\w.-])(?:[A-Z]?[a-z]+(?:['’][a-z]+)?|[AI])(?![\w-]|\.\w)"
_RUN = re.compile(rf"{_WORD}(?:[ \n]+{_WORD}){{2,}}")
_SMALL = re.compile(r"\b[a-z]+\b")
_CHINESE = re.compile(r"[\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]+")


def english_in(text: str, names: Iterable[str] = ()) -> list[str]:
    """Runs of three or more English words, outside of code, quotes, names, addresses, options and pointers.

    `names` are texts that stand as they are in every language, such as a model's name with blanks in it. A
    run of words with capitals alone is taken for a product's name.

    >>> english_in('服务 "the name of it" 没有模型，see its page for more')
    ['see its page for more']
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "`")
    bare = _KEPT.sub("¦", text)
    return [run for run in _RUN.findall(bare) if len(_SMALL.findall(run)) > 1]


def chinese_in(text: str, source: str = "") -> list[str]:
    """Runs of Chinese characters or punctuation that are not in `source`, what the user wrote.

    >>> chinese_in("model 智谱: 没有", source='{"智谱": 1}')
    ['没有']
    """
    return [run for run in _CHINESE.findall(text) if run not in source]
