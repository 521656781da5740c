"""Self-contained pages: one policy, one style sheet to build on, templates that escape."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_BASE_STYLE = Path(__file__).parent / "templates" / "report.css"


def render_page(templates: Path, name: str, style: str, *, script: str = "", **values: Any) -> str:
    """A page whose content security policy allows nothing but its own style sheet and script, by hash.

    Args:
        templates: a folder of ours.
        name: of a template there; it is given `style`, `script` and `policy`, puts them in whole and escapes all else.
        style: name of a style sheet there, which follows that of the report.
        script: name of a script there; empty for none.
        values: what the template shows; inert already where it is untrusted.
    """
    sheet = _style(templates / style)
    code = (templates / script).read_text(encoding="utf-8") if script else ""
    allowed = f"style-src {_digest(sheet)};" + (f" script-src {_digest(code)};" if script else "")
    policy = f"default-src 'none'; {allowed} base-uri 'none'; form-action 'none'"
    ours = {"style": sheet, "script": code, "policy": policy}
    # Markup: our own files, and a policy of our own making
    whole = {name: Markup(text) for name, text in ours.items()}  # noqa: S704
    return _environment(templates).get_template(name).render(**whole, **values)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


@cache
def _style(path: Path) -> str:
    return _BASE_STYLE.read_text(encoding="utf-8") + path.read_text(encoding="utf-8")


@cache
def _environment(templates: Path) -> Environment:
    return Environment(
        autoescape=True,
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
