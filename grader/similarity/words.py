"""The sentences of a comparison."""

from collections.abc import Sequence

from grader.reports import figures
from grader.reports.escape import inert
from grader.similarity.results import Lines, Similarity, Standing, WeightSimilarity
from grader.text import Language, Text

MAX_NAMES = 5
"""File names listed in a note."""

TITLE = Text("Similar submissions", "유사한 제출물")
EVIDENCE = Text(
    "A high figure is a reason to look, not a finding of copying. Read both sides and talk to both students: shared "
    "tutorials, permitted team work and short tasks make honest solutions alike.",
    "수치가 높다는 것은 살펴볼 이유일 뿐, 표절이라는 판정이 아닙니다. 두 코드를 직접 읽고 두 학생의 이야기를 "
    "들어 보세요. 같은 강의 자료, 허용된 협업, 짧은 과제 때문에 각자 작성한 풀이도 비슷해질 수 있습니다.",
)
NO_PAIRS = Text("No two submissions are alike beyond the thresholds.", "기준을 넘을 만큼 비슷한 제출물이 없습니다.")
PAIRS = Text("Pairs, the most alike first", "유사도가 높은 순서")
RANK = Text("Rank", "순위")
FIRST = Text("First", "첫째")
SECOND = Text("Second", "둘째")
FIRST_IN_SECOND = Text("First in second", "첫째 중 일치")
SECOND_IN_FIRST = Text("Second in first", "둘째 중 일치")
WEIGHTS = Text("Weights", "가중치")
REGIONS = Text("Matching regions", "일치 구간")
SIDES = Text("Side by side", "나란히 보기")
NOT_COMPARED = Text("Not compared", "비교하지 않은 제출물")
NOTES = Text("Notes", "참고")
BACK = Text("All pairs", "전체 목록")
LINE = Text("Line", "줄")
MATCH = Text("Match", "일치")
SOURCE = Text("Source", "코드")
SHORTENED = Text("Lines without a match were left out.", "일치하지 않는 줄은 생략했습니다.")
MODEL_REJECTED = Text(
    "The model file was not accepted; its weights were not compared.",
    "모델 파일이 허용되지 않아 가중치를 비교하지 않았습니다.",
)
CUT = Text(
    "The code is extraordinarily long; only its beginning was compared.",
    "코드가 지나치게 길어 앞부분만 비교했습니다.",
)
STANDING = {
    Standing.COMPARED: Text("compared", "비교함"),
    Standing.STARTER_UNCHANGED: Text("starter code, unchanged", "시작 코드 그대로"),
    Standing.TOO_SHORT: Text("too little own code", "직접 작성한 코드가 너무 짧음"),
    Standing.UNREADABLE: Text("not readable as Python", "파이썬 코드로 읽을 수 없음"),
}


def unreadable(names: Sequence[str]) -> Text:
    """Which files were not compared.

    Args:
        names: untrusted.
    """
    listed = ", ".join(inert(name, max_bytes=200) for name in names[:MAX_NAMES])
    more = f" … +{len(names) - MAX_NAMES}" if len(names) > MAX_NAMES else ""
    return Text(
        f"Not readable as Python, not compared: {listed}{more}",
        f"파이썬 코드로 읽을 수 없어 비교하지 않은 파일: {listed}{more}",
    )


def share(value: float, language: Language) -> str:
    """A share of code or weights; a tenth of a percent would promise more than there is."""
    return f"{100 * value:.0f}%" if language == "ko" else f"{100 * value:.0f} %"


def weights(found: WeightSimilarity | None, language: Language) -> str:
    """How much of the smaller model is in the other, and in what way."""
    if found is None:
        return "–"
    parts = (
        (found.equal, "equal", "동일"),
        (found.rearranged, "rearranged", "순서만 다름"),
        (found.near, "near", "근사"),
    )
    kinds = ", ".join(ko if language == "ko" else en for count, en, ko in parts if count)
    return share(found.share, language) + (f" ({kinds})" if kinds else "")


def lines(region: Lines, language: Language) -> str:
    """A region, such as `solution.py, lines 12–30`."""
    file = inert(region.file, max_bytes=200)
    if language == "ko":
        span = f"{region.first}번째 줄" if region.first == region.last else f"{region.first}~{region.last}번째 줄"
        return f"{file} {span}"
    span = f"line {region.first}" if region.first == region.last else f"lines {region.first}–{region.last}"
    return f"{file}, {span}"


def summary(found: Similarity) -> Text:
    """How many were compared and how many pairs were found."""
    compared = sum(work.standing is Standing.COMPARED for work in found.works)
    total, pairs = len(found.works), len(found.pairs) + found.left_out
    code, model = (figures.points(100 * bar) for bar in (found.thresholds.code, found.thresholds.weights))
    return Text(
        f"{compared} of {total} submissions compared; {pairs} pairs share at least {code} % of the code or {model} % "
        "of the weights.",
        f"제출물 {total}개 중 {compared}개를 비교했습니다. 코드 {code}% 또는 가중치 {model}% 이상 일치하는 쌍은 "
        f"{pairs}개입니다.",
    )


def left_out(found: Similarity) -> Text:
    """How many pairs are not listed."""
    return Text(
        f"At least {found.left_out} more pairs are not listed; a higher threshold leaves the most alike.",
        f"표시하지 않은 쌍이 {found.left_out}개 이상 더 있습니다. 기준을 높이면 가장 비슷한 쌍만 볼 수 있습니다.",
    )


def common(found: Similarity) -> Text:
    """What was left out for everybody."""
    return Text(
        f"Code of the starter, and code that more than {found.common_limit} submissions share, counts for nobody.",
        f"시작 코드와 {found.common_limit}개가 넘는 제출물에 공통으로 있는 코드는 유사도에서 제외했습니다.",
    )
