"""Untrusted text inside GitHub's Markdown: no table, tag, link, image, mention, issue, emoji or formula comes of it.

Signs of Markdown and HTML become character references, which no parser takes for structure. GitHub also looks
through the finished page for mentions, issues, emoji and addresses: there a `<wbr>`, an invisible place to break
the line, separates the sign from its word. Proved by `tests/adversarial/test_export_escaping.py`.
"""

import re

from grader.reports.escape import LINE_BYTES, inert

_SIGNS = re.compile(r"[!#$&*:<>@\[\\\]^_`{|}~]|(?<!\d)\.(?=\S)|\.(?=[^\s\d])")
_SEPARATED = re.compile(r"(&#(?:35|46|58|64);)(?=\S)")
"""References of `#`, `.`, `:` and `@` before something that could belong to them."""


def inert_markdown(raw_text: str, *, max_bytes: int = LINE_BYTES) -> str:
    """The text as it stands, to be put within a line: in a cell of a table or after a word.

    Args:
        raw_text: anything, from anyone.
        max_bytes: UTF-8 length of the text after which it is cut, before escapes.

    Returns:
        One line; line breaks are `<br>`.
    """
    lines = inert(raw_text, lines=True, max_bytes=max_bytes).split("\n")
    return "<br>".join(_escaped(line) for line in lines)


def code(raw_text: str, *, max_bytes: int = LINE_BYTES) -> str:
    """A name in the type of code, which sets what a student wrote apart from the grader's own words.

    Args:
        raw_text: anything, from anyone; line breaks are written out.
        max_bytes: UTF-8 length of the text after which it is cut, before escapes.
    """
    return f"<code>{_escaped(inert(raw_text, max_bytes=max_bytes))}</code>"


def _escaped(line: str) -> str:
    return _SEPARATED.sub(r"\1<wbr>", _SIGNS.sub(lambda match: f"&#{ord(match.group())};", line))
