"""What is wrong with a value of `course.toml`, in both languages."""

from grader.text import Text


class Refusal(ValueError):
    """Raised by validators; carries the sentence through pydantic to `load_policies`."""

    def __init__(self, en: str, ko: str) -> None:
        self.text = Text(en, ko)
        super().__init__(en)
