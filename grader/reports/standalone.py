"""Self-contained pages: one policy, one style sheet to build on, templates that escape."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_BASE_STYLE = Path(__file__).parent / "templates" / "report.css"


def render_page(templates: Path, name: str, style: str | None, **values: Any) -> str:
    """A page whose content security policy allows nothing but its own style sheet, by hash.

    Args:
        templates: a folder of ours.
        name: of a template there; it is given `style` and `policy`, puts both into its head and escapes all else.
        style: name of a style sheet there, which follows that of the report; None for that one alone.
        values: what the template shows; inert already where it is untrusted.
    """
    sheet = _style(templates / style if style is not None else None)
    digest = base64.b64encode(hashlib.sha256(sheet.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # Markup: our own files, and a policy of our own making
    return _environment(templates).get_template(name).render(style=Markup(sheet), policy=Markup(policy), **values)  # noqa: S704


@cache
def _style(path: Path | None) -> str:
    return "".join(part.read_text(encoding="utf-8") for part in (_BASE_STYLE, path) if part is not None)


@cache
def _environment(templates: Path) -> Environment:
    return Environment(
        autoescape=True,
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
