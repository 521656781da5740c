"""Annotated variants of the starter code: hand-written ones as text files, wrong ones made from them by code.

A text file holds one comment per statement in order, one paragraph per function; `=` repeats the comment that the same
statement had before. `good/` was written before the rubric, `revised/` after it and then used to revise it, `held_out/`
after that; nothing was tuned on `held_out/`.
"""

import random
from collections.abc import Sequence
from pathlib import Path

from grader.annotation import CodeLine, read_annotation
from grader.course import find_course

FOLDERS = ("good", "revised", "held_out")
HERE = Path(__file__).parent / "variants"
MISSION = find_course(Path(__file__).parent).mission("mission_transfer_annotated")
ORIGINAL = (MISSION.starter / "solution.py").read_text(encoding="utf-8")
LINES = read_annotation(ORIGINAL, ORIGINAL)


def comments_of(path: Path) -> tuple[str, ...]:
    """One comment per statement of the starter."""
    comments: list[str] = []
    told: dict[str, str] = {}
    raw = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for line, comment in zip(LINES, raw, strict=True):
        said = told[line.code] if comment == "=" else comment
        told[line.code] = said
        comments.append(said)
    return tuple(comments)


def annotate(comments: Sequence[str]) -> str:
    """The starter with each comment above its statement; an empty one is left out."""
    source = ORIGINAL.split("\n")
    for line, comment in sorted(zip(LINES, comments, strict=True), key=lambda pair: -pair[0].line):
        if comment:
            statement = source[line.line - 1]
            indent = statement[: len(statement) - len(statement.lstrip())]
            source.insert(line.line - 1, f"{indent}# {comment}")
    return "\n".join(source)


def hand_written(folder: str) -> dict[str, tuple[str, ...]]:
    """The good annotations of one folder, by name."""
    return {path.stem: comments_of(path) for path in sorted((HERE / folder).glob("*.txt"))}


def shuffled(comments: Sequence[str], seed: int) -> tuple[str, ...]:
    """Every comment on some other line."""
    mixed = list(comments)
    random.Random(seed).shuffle(mixed)
    return tuple(mixed)


def shuffled_within_functions(comments: Sequence[str], seed: int) -> tuple[str, ...]:
    """Every comment on some line of the same function."""
    draw = random.Random(seed)
    mixed = list(comments)
    for function in dict.fromkeys(line.function for line in LINES):
        places = [position for position, line in enumerate(LINES) if line.function == function]
        for place, source in zip(places, draw.sample(places, len(places)), strict=True):
            mixed[place] = comments[source]
    return tuple(mixed)


def shifted(comments: Sequence[str], by: int) -> tuple[str, ...]:
    """Every comment on a neighbouring line."""
    return tuple(comments[(position - by) % len(comments)] for position in range(len(comments)))


def halved(comments: Sequence[str], seed: int) -> tuple[str, ...]:
    """Comments on half of the lines only."""
    chosen = set(random.Random(seed).sample(range(len(comments)), len(comments) // 2))
    return tuple(comment if position in chosen else "" for position, comment in enumerate(comments))


def heads_only(comments: Sequence[str]) -> tuple[str, ...]:
    """A comment at the head of each function, and nothing within."""
    return tuple(
        comment if line.code.startswith(("def ", "import ", "from ")) else ""
        for line, comment in zip(LINES, comments, strict=True)
    )


def glossary(comments: Sequence[str], size: int, seed: int) -> tuple[str, ...]:
    """On every line some comments of others, run together: all the words, no thought."""
    draw = random.Random(seed)
    return tuple(", ".join(draw.sample(list(comments), size)) for _ in comments)


def smeared(comments: Sequence[str], reach: int) -> tuple[str, ...]:
    """On every line its own comment together with those of its neighbours."""
    return tuple(
        ", ".join(comments[max(0, position - reach) : position + reach + 1]) for position in range(len(comments))
    )


def _names(line: CodeLine) -> list[str]:
    letters = "".join(character if character.isalnum() else " " for character in line.code)
    return letters.split() or ["it"]


def machine_korean(line: CodeLine) -> str:
    """Reads the line aloud."""
    names = _names(line)
    middle = names[len(names) // 2]
    return f"이 줄은 {names[0]} 변수에 {names[-1]} 값을 사용하는 {middle} 함수를 호출하여 결과를 저장하는 코드입니다"


def machine_english(line: CodeLine) -> str:
    """Reads the line aloud."""
    names = _names(line)
    return (
        f"This line of code calls {' '.join(names[1:4])} with the given arguments and assigns the result to {names[0]}"
    )


def paraphrase_english(line: CodeLine) -> str:
    """The identifiers in another order."""
    return f"set the {' '.join(reversed(_names(line)[:4]))} now"


def paraphrase_korean(line: CodeLine) -> str:
    """The identifiers with particles."""
    names = _names(line)
    return f"{names[0]}을 {' '.join(names[1:3])}(으)로 설정"


PADDING_KO = "딥러닝 학습을 성공적으로 마치려면 반드시 있어야 하는 매우 핵심적인 요소"
PADDING_EN = "an essential ingredient of every successful deep learning workflow"
OFF_TOPIC = (
    "오늘 점심은 김치찌개가 맛있었다",
    "창밖에 비가 와서 우산을 챙겼다",
    "the cat slept on the warm windowsill",
    "어제 야구는 연장전까지 갔다",
    "coffee tastes better in the morning",
    "지하철이 십 분이나 늦었다",
    "she painted the fence bright green",
    "주말에 북한산에 오르기로 했다",
    "old bridges creak in winter storms",
    "라면에는 달걀을 풀어야 제맛이다",
    "dolphins sleep with one eye open",
    "새 운동화가 발에 꼭 맞는다",
)


def off_topic_long() -> tuple[str, ...]:
    """Sentences about something else; two for each line, every pair a different one."""
    pairs = [(one, two) for step in range(1, 12) for one, two in zip(OFF_TOPIC, OFF_TOPIC[step:], strict=False)]
    pairs += [(two, one) for one, two in pairs]
    return tuple(f"{one}, {two}" for one, two in pairs[: len(LINES)])


def wrong() -> dict[str, tuple[str, ...]]:
    """Annotations that must not pass, by name."""
    made: dict[str, tuple[str, ...]] = {}
    for name, comments in {name: text for folder in FOLDERS for name, text in hand_written(folder).items()}.items():
        made[f"{name}/shuffled"] = shuffled(comments, seed=1)
        made[f"{name}/shuffled-within-functions"] = shuffled_within_functions(comments, seed=5)
        made[f"{name}/shifted-down"] = shifted(comments, by=1)
        made[f"{name}/shifted-up"] = shifted(comments, by=-1)
        made[f"{name}/half"] = halved(comments, seed=2)
        made[f"{name}/heads-only"] = heads_only(comments)
        made[f"{name}/glossary"] = glossary(comments, size=20, seed=3)
        made[f"{name}/smeared-over-3"] = smeared(comments, reach=1)
        made[f"{name}/smeared-over-5"] = smeared(comments, reach=2)
        made[f"{name}/word-salad"] = glossary(comments, size=5, seed=4)
    count = len(LINES)
    made["empty"] = ("",) * count
    made["copied-korean"] = ("사전 학습된 신경망을 새로운 사진 분류 문제에 맞게 다시 학습시킨다",) * count
    made["copied-english"] = ("adapts a pretrained network to a new picture classification task",) * count
    made["filler-korean"] = ("주석 주석 주석 주석 주석",) * count
    made["filler-marks"] = ("-----------------",) * count
    made["filler-letters"] = ("ㅋㅋㅋㅋㅋㅋㅋㅋ",) * count
    made["machine-korean"] = tuple(map(machine_korean, LINES))
    made["machine-english"] = tuple(map(machine_english, LINES))
    made["paraphrase-korean"] = tuple(map(paraphrase_korean, LINES))
    made["paraphrase-english"] = tuple(map(paraphrase_english, LINES))
    made["code-as-comment"] = tuple(line.code for line in LINES)
    made["padding-korean"] = tuple(f"{_names(line)[0]}: {PADDING_KO}" for line in LINES)
    made["padding-english"] = tuple(f"{_names(line)[0]} is {PADDING_EN}" for line in LINES)
    made["off-topic"] = off_topic_long()
    return made
