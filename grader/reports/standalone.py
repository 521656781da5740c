"""Self-contained pages: one policy, one style sheet to build on, templates that escape."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_BASE_STYLE = Path(__file__).parent / "templates" / "report.css"


def render_page(
    templates: Path, name: str, style: str | None, *, script: str = "", pictures: bool = False, **values: Any
) -> str:
    """A page whose content security policy allows nothing but its own style sheet and script, by hash.

    Args:
        templates: a folder of ours.
        name: of a template there; it is given `style`, `script` and `policy`, puts them in whole and escapes all else.
        style: name of a style sheet there, which follows that of the report; None for that one alone.
        script: name of a script there; empty for none.
        pictures: it holds images, which are part of it.
        values: what the template shows; inert already where it is untrusted.
    """
    sheet = _style(templates / style if style is not None else None)
    code = (templates / script).read_text(encoding="utf-8") if script else ""
    allowed = [f"style-src {_digest(sheet)}"]
    allowed += [f"script-src {_digest(code)}"] if script else []
    allowed += ["img-src data:"] if pictures else []
    policy = "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])
    ours = {"style": sheet, "script": code, "policy": policy}
    # Markup: our own files, and a policy of our own making
    whole = {name: Markup(text) for name, text in ours.items()}  # noqa: S704
    return environment(templates).get_template(name).render(**whole, **values)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


@cache
def _style(path: Path | None) -> str:
    return "".join(part.read_text(encoding="utf-8") for part in (_BASE_STYLE, path) if part is not None)


@cache
def environment(templates: Path) -> Environment:
    """The templates of a folder, each compiled once in a process; what they show is escaped."""
    return Environment(
        autoescape=True,
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
