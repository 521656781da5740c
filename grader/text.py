"""Sentences for people, always in both languages the courses are taught in."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ko"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or short paragraph, in English and Korean, with the same content in both."""

    en: str
    ko: str

    def in_language(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.ko if language == "ko" else self.en

    def __str__(self) -> str:
        return self.en


def same(text: str) -> Text:
    """A text that reads the same in both languages: figures, names, code."""
    return Text(en=text, ko=text)
