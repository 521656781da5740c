"""The sentences of the statistics."""

from functools import partial

from grader.reports import figures
from grader.statistics.results import MissionStatistics
from grader.text import Language, Text

TITLE = Text("Course statistics", "과정 통계")
NOTHING = Text("No mission has marks yet.", "아직 성적이 있는 미션이 없습니다.")
STUDENTS = Text("Students", "학생")
STUDENT = Text("Student", "학생")
HANDED_IN = Text("Handed in", "제출")
GRADED = Text("Graded", "채점 완료")
MISSING = Text("Missing", "미제출")
WAITING = Text("Not graded yet", "미채점")
ATTEMPTS = Text("Attempts in all", "전체 제출 횟수")
MEAN = Text("Mean", "평균")
MEDIAN = Text("Median", "중앙값")
SD = Text("Standard deviation", "표준편차")
QUARTILES = Text("Quartiles", "사분위수")
RANGE = Text("Range", "범위")
PASS_RATE = Text("Pass rate", "통과율")
POINTS = Text("Points", "점수")
SUBMISSIONS = Text("Submissions", "제출물 수")
SPREAD = Text("How points are spread", "점수 분포")
CRITERIA = Text("Criteria", "평가 기준")
CRITERION = Text("Criterion", "평가 기준")
PASSED = Text("met", "충족")
PARTLY = Text("partly", "부분 충족")
FAILED = Text("not met", "미충족")
SKIPPED = Text("not judged", "판정 안 함")
DIFFICULTY = Text("Difficulty", "난이도")
DISCRIMINATION = Text("Discrimination", "변별도")
UPPER_LOWER = Text("Upper–lower 27 %", "상·하위 27%")
NOTE = Text("Note", "참고")
BONUS = Text("bonus", "가산점")
TOGETHER = Text("Criteria that fail together", "함께 실패하는 평가 기준")
PAIR = Text("Criteria", "평가 기준")
BOTH = Text("Both not met", "둘 다 미충족")
JUDGED = Text("Both judged", "둘 다 판정")
PHI = Text("Phi", "파이 계수")
USAGE = Text("Time and memory", "시간과 메모리")
QUANTITY = Text("Quantity", "항목")
P90 = Text("90th percentile", "90백분위수")
MINIMUM = Text("Minimum", "최솟값")
MAXIMUM = Text("Maximum", "최댓값")
COUNT = Text("Count", "개수")
SECONDS = Text("Training time", "학습 시간")
CPU_SECONDS = Text("CPU time", "CPU 시간")
MEMORY = Text("Peak memory", "최대 메모리")
MODELS = Text("Accuracy and parameters", "정확도와 파라미터 수")
PARAMETERS = Text("Parameters", "파라미터 수")
ACCURACY = Text("Accuracy", "정확도")
ENDS = Text("Runs that ended early", "중간에 종료된 실행")
REASON = Text("Reason", "사유")
AS_TABLE = Text("As a table", "표로 보기")
PASS_MARK = Text("pass mark", "통과 기준")
NOT_GRADED_YET = Text("Nothing has been graded yet.", "아직 채점된 제출물이 없습니다.")
READING = Text(
    "Difficulty is the mean share of points earned: low is hard. Discrimination is the correlation with the points of "
    "all other criteria: from 0.3 on a criterion tells strong from weak submissions, near 0 it does not, below 0 look "
    "for a flaw in it.",
    "난이도는 얻은 점수의 평균 비율로, 낮을수록 어렵습니다. 변별도는 나머지 평가 기준 점수와의 상관계수입니다. "
    "0.3 이상이면 잘한 제출물과 부족한 제출물을 잘 구분하고, 0에 가까우면 구분하지 못하며, 0보다 작으면 기준에 문제가 "
    "없는지 살펴보세요.",
)
ALL_EQUAL = Text("All earned the same here.", "모두 같은 점수를 받았습니다.")
REST_EQUAL = Text("All earned the same elsewhere.", "나머지 기준에서 모두 같은 점수를 받았습니다.")
CELLS = Text(
    "Each cell: in how many submissions neither criterion was met in full, then phi. Columns are numbered as rows are; "
    "a stronger colour is a larger phi, amber a negative one. The table has the same figures.",
    "각 칸은 두 기준이 모두 완전히 충족되지 않은 제출물 수와 파이 계수입니다. 열 번호는 행 번호와 같습니다. "
    "색이 진할수록 파이 계수가 크고, 주황색은 음수입니다. 아래 표에 같은 수치가 있습니다.",
)

INDEX = Text("Results of the class", "수강생 결과")
EVERYTHING = Text("All statistics", "전체 통계")
MISSION = Text("Mission", "미션")
MISSIONS = Text("Missions", "미션")
STUDENT_ID = Text("ID", "학번")
GROUP = Text("Section", "분반")
TOTAL = Text("Total", "합계")
FIND = Text("Find by name, ID, section or state", "이름, 학번, 분반, 상태로 찾기")
SHOWN = Text("Students shown:", "표시된 학생:")
PASSED_IT = Text("passed", "통과")
BELOW = Text("failed", "미달")
LEADERBOARD = Text("Leaderboard", "순위표")
RANK = Text("Rank", "순위")
BY_ACCURACY = Text("By accuracy on hidden images, then by points.", "비공개 이미지 정확도순이며, 같으면 점수순입니다.")
BY_POINTS = Text("By points.", "점수순입니다.")
EARNED = Text("Who earns which criterion", "평가 기준별 득점")
EARNED_SHARE = Text("Share of students who earned", "학생 비율")
EARNED_ALL = Text("all", "만점")
EARNED_PART = Text("part", "일부")
EARNED_NONE = Text("none", "0점")
EARNED_BY_SCORE = Text("Mean share of its points, by score", "점수대별 평균 득점률")
EARNED_READING = Text(
    "A criterion that tells strong from weak work grows stronger to the right; one of a single colour does not.",
    "잘한 제출물과 부족한 제출물을 구분하는 기준은 오른쪽으로 갈수록 색이 진해지고, 구분하지 못하는 기준은 색이 "
    "고릅니다.",
)


def models(mission: MissionStatistics) -> Text:
    """How many models were measured, and between which bounds they lie."""
    counts = [count for count, _ in mission.models]
    accuracies = [accuracy for _, accuracy in mission.models]
    low, high = min(counts), max(counts)
    return Text(
        f"{len(counts):,} models, {low:,} to {high:,} parameters, "
        f"{figures.percent(min(accuracies), 'en')} to {figures.percent(max(accuracies), 'en')} accuracy.",
        f"모델 {len(counts):,}개, 파라미터 {low:,}~{high:,}개, "
        f"정확도 {figures.percent(min(accuracies), 'ko')}~{figures.percent(max(accuracies), 'ko')}.",
    )


def few_gradings(least: int) -> Text:
    """Why there is no discrimination."""
    return Text(f"Fewer than {least} gradings.", f"채점 결과가 {least}개보다 적습니다.")


def share(value: float | None, language: Language) -> str:
    """A share in whole percent; a dash where there is none."""
    if value is None:
        return "–"
    return f"{100 * value:.0f}%" if language == "ko" else f"{100 * value:.0f} %"


def shares(low: float, high: float, language: Language) -> str:
    """From one share to another, in whole percent."""
    return (
        f"{100 * low:.0f}–{share(high, language)}" if language == "en" else f"{100 * low:.0f}~{share(high, language)}"
    )


def coefficient(value: float | None) -> str:
    """A correlation with two decimals; a dash where there is none."""
    return "–" if value is None else f"{value:+.2f}"


def number(value: float | None) -> str:
    """Points; a dash where there are none."""
    return "–" if value is None else figures.points(value)


def span(low: float, high: float) -> str:
    """From one number of points to another."""
    return f"{figures.points(low)}–{figures.points(high)}"


def counts(mission: MissionStatistics, language: Language) -> tuple[tuple[str, str], ...]:
    """Who handed in and what came of it, each with its heading."""
    found = [
        (STUDENTS, f"{mission.students:,}"),
        (HANDED_IN, f"{mission.handed_in:,}"),
        (GRADED, f"{mission.graded:,}"),
        (MISSING, f"{mission.missing:,}"),
        (WAITING, f"{mission.waiting:,}"),
        (ATTEMPTS, f"{mission.attempts:,}"),
    ]
    if mission.points is not None:
        points = mission.points
        found += [
            (MEAN, number(points.mean)),
            (MEDIAN, number(points.median)),
            (SD, number(points.sd)),
            (QUARTILES, f"{number(points.lower_quartile)} / {number(points.upper_quartile)}"),
            (RANGE, span(points.minimum, points.maximum)),
            (PASS_RATE, share(mission.pass_rate, language)),
        ]
    return tuple((heading.in_language(language), value) for heading, value in found)


def usage(mission: MissionStatistics, language: Language) -> tuple[tuple[str, str, str, str, str], ...]:
    """Heading, count, median, 90th percentile and maximum of time, CPU time and memory, as far as known."""
    duration = partial(figures.seconds, language=language)
    known = (
        (SECONDS, mission.seconds, duration),
        (CPU_SECONDS, mission.cpu_seconds, duration),
        (MEMORY, mission.memory_bytes, _size),
    )
    return tuple(
        (
            heading.in_language(language),
            f"{spread.count:,}",
            written(spread.median),
            written(spread.p90),
            written(spread.maximum),
        )
        for heading, spread, written in known
        if spread is not None
    )


def _size(value: float) -> str:
    return figures.size(int(value))
