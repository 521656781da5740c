"""A course of one small mission that trains nothing: criteria are settled by words in the source."""

import textwrap
from pathlib import Path

from grader.course import Course

MISSION = """
id = "mission_words"
title = { en = "Words", ko = "낱말" }
brief = { en = "Write two words.", ko = "낱말 두 개를 쓰세요." }
difficulty = "easy"
points = 10
pass_mark = 10

[[criteria]]
id = "apple"
points = 4
title = { en = "apple", ko = "사과" }
expected = { en = "apple", ko = "사과" }
hint = { en = "Write apple.", ko = "apple을 쓰세요." }

[[criteria]]
id = "pear"
points = 6
title = { en = "pear", ko = "배" }
expected = { en = "pear", ko = "배" }
hint = { en = "Write pear.", ko = "pear를 쓰세요." }

[[criteria]]
id = "plum"
points = 1
bonus = true
title = { en = "plum", ko = "자두" }
expected = { en = "plum", ko = "자두" }
hint = { en = "Write plum.", ko = "plum을 쓰세요." }
"""
TESTS = "\n".join(
    f"def test_{word}(evidence, mark):\n    mark.require('{word}' in evidence.sources['solution.py'], 'no', '없음')\n"
    for word in ("apple", "pear", "plum")
)


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(content), encoding="utf-8")


def plant(root: Path, name: str, source: str, fails: list[str], more: str = "") -> None:
    """One counterexample."""
    folder = root / "missions" / "mission_words" / "counterexamples" / name
    write(folder / "solution.py", source)
    write(folder / "expected.toml", f'fails = {fails}\nsummary = {{ en = "s", ko = "s" }}\n{more}\n')


def small_course(root: Path) -> Course:
    """The course, sound but for the bonus criterion, which no counterexample need lose."""
    write(root / "missions" / "mission_words" / "mission.toml", MISSION)
    write(root / "missions" / "mission_words" / "hidden_tests" / "test_words.py", TESTS)
    write(root / "reference_solutions" / "mission_words" / "solution.py", "WORDS = 'apple pear'\n")
    write(root / "reference_solutions" / "mission_words" / "more.py", "MORE = 1\n")
    write(root / "starter_code" / "mission_words" / "solution.py", "WORDS = ''\n")
    plant(root, "no_apple", "WORDS = 'pear'\n", ["apple", "plum"])
    plant(root, "no_pear", "WORDS = 'apple'\n", ["pear"])
    return Course(root)
