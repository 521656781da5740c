"""A comparison in a terminal: eighty columns are enough."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Words

from grader.similarity import words
from grader.similarity.pages import shown_name
from grader.similarity.results import ComparedWork, Similarity, Standing
from grader.text import Language, Text

MAX_ROWS = 25
"""Pairs shown; the pages have all."""
MAX_OTHERS = 10


def render_similarity_terminal(found: Similarity, language: Language) -> RenderableType:
    """The ranked table as something rich can print.

    Args:
        found: its names are untrusted; they are made inert and never read as markup.
        language: which of each pair of sentences is shown.
    """
    works = {work.student_id: work for work in found.works}
    parts: list[RenderableType] = [Words(words.summary(found).in_language(language))]
    if found.pairs:
        parts += [_table(found, works, language), Words(words.EVIDENCE.in_language(language), style="dim")]
    else:
        parts.append(Words(words.NO_PAIRS.in_language(language)))
    more = len(found.pairs) + found.left_out - MAX_ROWS
    if more > 0:
        parts.insert(2, Words(f"… +{more}", style="dim"))
    others = [work for work in found.works if work.standing is not Standing.COMPARED]
    if others:
        parts.append(Words(f"\n{words.NOT_COMPARED.in_language(language)}", style="bold"))
        for work in others[:MAX_OTHERS]:
            parts.append(Words(f"  {shown_name(work)}: {words.STANDING[work.standing].in_language(language)}"))
        if len(others) > MAX_OTHERS:
            parts.append(Words(f"  … +{len(others) - MAX_OTHERS}", style="dim"))
    return Group(*parts)


def _table(found: Similarity, works: dict[str, ComparedWork], language: Language) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("#", justify="right")
    for heading in (words.FIRST, words.SECOND):
        table.add_column(_words(heading, language), overflow="ellipsis", no_wrap=True, max_width=22)
    for heading in (words.FIRST_IN_SECOND, words.SECOND_IN_FIRST):
        table.add_column(_words(heading, language), justify="right", min_width=6)
    table.add_column(_words(words.WEIGHTS, language))
    for number, pair in enumerate(found.pairs[:MAX_ROWS], start=1):
        table.add_row(
            str(number),
            Words(shown_name(works[pair.first])),
            Words(shown_name(works[pair.second])),
            words.share(pair.first_in_second, language),
            words.share(pair.second_in_first, language),
            Words(words.weights(pair.weights, language)),
        )
    return table


def _words(text: Text, language: Language) -> Words:
    return Words(text.in_language(language))
