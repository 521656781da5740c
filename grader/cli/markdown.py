"""Markdown on a terminal, with tables that keep every syllable."""

from typing import ClassVar

from rich.console import JustifyMethod
from rich.markdown import Markdown, TableDataElement


class _Cell(TableDataElement):
    """Folds what is too wide: Rich takes wide characters that just fit for ones that do not, and would cut them."""

    def __init__(self, justify: JustifyMethod) -> None:
        super().__init__(justify)
        self.content.overflow = "fold"


class Document(Markdown):
    """A README as it is shown to students."""

    elements: ClassVar = {**Markdown.elements, "td_open": _Cell, "th_open": _Cell}
