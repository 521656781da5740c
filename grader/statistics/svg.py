"""A matplotlib figure as SVG that a strict page can hold: no style attributes, no references outside, words of ours.

A content security policy that allows a style sheet by its hash blocks `style="…"`, so styles become presentation
attributes. Words are put in after drawing, because matplotlib measures text with a font, and no font that it brings has
Korean: a figure is drawn with placeholders, which are replaced in the result.
"""

import hashlib
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html import escape

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the page's own text colour, light or dark."""
_TAGS = {"svg", "g", "path", "use", "text", "defs", "clipPath", "rect", "circle"}
_ATTRIBUTES = {"d", "x", "y", "width", "height", "viewBox", "transform", "clip-path", "href", "id"}
_STYLES = {
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-linejoin", "stroke-linecap"),
    *("stroke-dasharray", "stroke-dashoffset", "opacity", "font-size", "font-weight", "text-anchor"),
}
_PLACEHOLDER = re.compile(r"q(\d+)q")


class Drawing:
    """A figure without background, and the words that belong into it.

    Args:
        name: unique on the page; ids are made from it.
        width, height: in CSS pixels.
    """

    def __init__(self, name: str, width: float, height: float) -> None:
        self.name = (
            re.sub(r"[^A-Za-z0-9]+", "-", name)
            + "-"
            + hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
        )
        self.figure = Figure(figsize=(width / 72, height / 72))
        self.figure.patch.set_visible(False)
        self._words: list[str] = []

    def word(self, text: str) -> str:
        """What to hand to matplotlib in place of that text."""
        self._words.append(text)
        return f"q{len(self._words) - 1}q"

    def svg(self, title: str, description: str) -> str:
        """The figure as an `svg` element, the same bytes for the same figure.

        Args:
            title, description: what a screen reader says.
        """
        stream = io.StringIO()
        settings = {"svg.fonttype": "none", "svg.hashsalt": self.name, "font.family": "sans-serif"}
        FigureCanvasSVG(self.figure)
        with matplotlib.rc_context(settings):  # type: ignore[arg-type]
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        root = ElementTree.fromstring(stream.getvalue())  # noqa: S314 - written by matplotlib a moment ago
        used = set(re.findall(r"(?:#)([A-Za-z][\w.]*)(?=[\")])", stream.getvalue()))
        width, height = root.get("viewBox", "0 0 0 0").split()[2:]
        body = "".join(part for child in root for part in self._element(child, used))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="sans-serif" aria-labelledby="{self.name}-t {self.name}-d">'
            f'<title id="{self.name}-t">{escape(title)}</title><desc id="{self.name}-d">{escape(description)}</desc>'
            f"{body}</svg>"
        )

    def _element(self, element: ElementTree.Element, used: set[str]) -> Iterator[str]:
        tag = _local(element.tag)
        if tag not in _TAGS:
            return
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self._attributes(element, used))
        text = self._filled(element.text or "") if tag == "text" else ""
        yield f"<{tag}{attributes}>{escape(text)}"
        for child in element:
            yield from self._element(child, used)
        yield f"</{tag}>"

    def _attributes(self, element: ElementTree.Element, used: set[str]) -> Iterator[tuple[str, str]]:
        for full, value in element.attrib.items():
            name = _local(full)
            if name == "id" and value in used:
                yield name, f"{self.name}-{value}"
            elif name == "href" and value.startswith("#"):
                yield name, f"#{self.name}-{value[1:]}"
            elif name == "clip-path":
                yield name, value.replace("url(#", f"url(#{self.name}-")
            elif name == "d":
                yield name, " ".join(value.split())
            elif name == "style":
                yield from _styles(value)
            elif name in _ATTRIBUTES - {"id", "href"}:
                yield name, value

    def _filled(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._words[int(match.group(1))], text)


def _styles(style: str) -> Iterator[tuple[str, str]]:
    for rule in style.split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if name in _STYLES:
            yield name, "currentColor" if value == INK else value


def _local(name: str) -> str:
    return name.rpartition("}")[2]
