"""The pictures of a report: learning curves, accuracy per class, calibration, use of the budget."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

import svg
from markupsafe import Markup

from grader.diagnosis.curves import Curve, Curves, Role
from grader.reports import drawing, figures
from grader.reports.drawing import TOP, WIDTH, Plane
from grader.results import Calibration, Metrics, RunInfo
from grader.text import Language, Text

MOST_POINTS = 200
"""Points of a curve drawn; more can't be told apart."""
MOST_MARKS = 40
"""Points of a curve up to which each one gets a dot."""
CURVE_HEIGHT = 210
SERIES = {
    Role.TRAIN_LOSS: ("train", Text("training", "학습")),
    Role.VALID_LOSS: ("valid", Text("validation", "검증")),
    Role.TRAIN_ACCURACY: ("train", Text("training", "학습")),
    Role.VALID_ACCURACY: ("valid", Text("validation", "검증")),
    Role.ACCURACY: ("train", Text("accuracy", "정확도")),
}
LOSS = Text("Loss", "손실")
ACCURACY = Text("Accuracy", "정확도")
PER_CLASS = Text("Accuracy per class", "클래스별 정확도")
CALIBRATION = Text("Calibration", "확신도와 정확도")
BUDGET = Text("Time budget", "학습 시간 한도")


def loss_chart(curves: Curves, language: Language) -> Markup | None:
    """The logged losses; None where there is no curve."""
    shown = {role: curves.by_role[role] for role in (Role.TRAIN_LOSS, Role.VALID_LOSS) if role in curves.by_role}
    values = [value for curve in shown.values() for value in curve.values]
    if not _worth_drawing(shown):
        return None
    # A loss that explodes would press all others flat: it runs along the upper edge instead.
    top = max(values) if max(values) <= 20 * abs(median(values)) or median(values) <= 0 else 4 * median(values)
    low = min(0.0, max(min(values), -top))
    return _curves("loss", LOSS, curves, shown, (low, top if top > low else low + 1.0), language)


def accuracy_chart(curves: Curves, measured: float | None, language: Language) -> Markup | None:
    """The logged accuracies with the measured one as a line across; None where there is no curve."""
    roles = (Role.TRAIN_ACCURACY, Role.VALID_ACCURACY, Role.ACCURACY)
    shown = {role: curves.by_role[role] for role in roles if role in curves.by_role}
    values = [value for curve in shown.values() for value in curve.values]
    if not _worth_drawing(shown):
        return None
    lowest = min([*values, *([measured] if measured is not None else [])])
    low = max(0.0, math.floor(20 * (lowest - 0.01)) / 20)
    return _curves("accuracy", ACCURACY, curves, shown, (low, 1.0), language, across=measured)


def budget_chart(run: RunInfo, language: Language) -> Markup | None:
    """How much of the time budget was used, with a mark for each logged entry; None where that is not known."""
    used = run.cpu_seconds if run.device.startswith("cpu") else run.seconds
    if used is None or not run.budget_seconds:
        return None
    share = used / run.budget_seconds
    took, limit = figures.seconds(used, language), figures.seconds(run.budget_seconds, language)
    x = drawing.Axis(0.0, max(1.0, share), 0, WIDTH)
    full = "over" if share > 1 else "used"
    drawn: list[svg.Element] = [drawing.box(0, 22, WIDTH, 12, "rail"), drawing.box(0, 22, x.at(share), 12, full)]
    for point in run.log[:: max(1, len(run.log) // MOST_MARKS)]:
        at = x.at(share * min(1.0, point.seconds / run.seconds) if run.seconds else 0.0)
        drawn.append(drawing.line(at, 22, at, 34, "notch"))
    drawn.append(drawing.label(f"{took} ({100 * share:.0f}%)", 0, 14, "strong"))
    drawn.append(drawing.label(limit, WIDTH, 14, anchor="end"))
    words = Text(f"{took} of {limit} were used.", f"한도 {limit}, 사용 {took}.")
    return _picture("budget", BUDGET, words, 40, drawn, language)


def per_class_chart(metrics: Metrics, language: Language) -> Markup | None:
    """Each class's accuracy as a dot within its 95 % interval; None where there is none."""
    shares, intervals = metrics.per_class_accuracy, metrics.per_class_intervals
    if not shares:
        return None
    row = 22 if len(shares) <= 20 else 15
    height = TOP + row * len(shares) + 24
    lowest = min([*shares, *(low for low, _ in intervals)])
    x = drawing.Axis(max(0.0, math.floor(20 * lowest - 1e-9) / 20), 1.0, 34, WIDTH - 62)
    drawn: list[svg.Element] = []
    for value in x.ticks(4):
        drawn.append(drawing.line(x.at(value), TOP - 8, x.at(value), height - 24, "rule"))
        drawn.append(drawing.label(f"{100 * value:.3g}%", x.at(value), height - 8, anchor="middle"))
    for number, share in enumerate(shares):
        y = TOP + row * number + 4
        drawn.append(drawing.label(str(number), 18, y + 4, "strong", anchor="middle"))
        if number < len(intervals):
            low, high = intervals[number]
            drawn.append(drawing.line(x.at(low), y, x.at(high), y, "interval"))
        drawn.append(drawing.dot(x.at(share), y, 4, "mark"))
        drawn.append(drawing.label(figures.percent(share, language), WIDTH, y + 4, anchor="end"))
    worst = shares.index(min(shares))
    least = figures.percent(min(shares), language)
    words = Text(
        f"{len(shares)} classes; the lowest is class {worst} with {least}.",
        f"클래스 {len(shares)}개 중 가장 낮은 클래스는 {worst}번({least})입니다.",
    )
    return _picture("classes", PER_CLASS, words, height, drawn, language)


def calibration_chart(calibration: Calibration, language: Language) -> Markup:
    """Accuracy against confidence: a dot for each bin, as large as its share of the images."""
    height = 300
    on = drawing.plane((0.0, 1.0), (0.0, 1.0), height=height)
    ticks = [(value / 4, f"{25 * value}%") for value in range(5)]
    drawn = drawing.grid(on, x_ticks=ticks, y_ticks=ticks)
    drawn.append(drawing.line(on.x.at(0), on.y.at(0), on.x.at(1), on.y.at(1), "ideal"))
    total = sum(one.images for one in calibration.bins) or 1
    ends = [(on.x.at(one.confidence), on.y.at(one.accuracy)) for one in calibration.bins]
    drawn.append(drawing.curve(ends, "series", "valid"))
    for (x, y), one in zip(ends, calibration.bins, strict=True):
        drawn.append(drawing.dot(x, y, 3 + 7 * math.sqrt(one.images / total), "mark"))
    drawn.append(drawing.label(Text("accuracy", "정확도").in_language(language), on.x.start, 15))
    confidence = Text("confidence of the prediction", "예측 확신도").in_language(language)
    drawn.append(drawing.label(confidence, on.x.end, height - 4, anchor="end"))
    error = figures.percent(calibration.expected_error, language)
    words = Text(
        f"Expected calibration error {error}, over {len(calibration.bins)} bins.",
        f"구간 {len(calibration.bins)}개에서 구한 기대 보정 오차(ECE)는 {error}입니다.",
    )
    return _picture("calibration", CALIBRATION, words, height, drawn, language)


def _worth_drawing(shown: Mapping[Role, Curve]) -> bool:
    """One point is no curve, but one beside a NaN tells something."""
    return any(len(curve.samples) > 1 or (curve.samples and curve.broke) for curve in shown.values())


def _curves(
    name: str,
    title: Text,
    curves: Curves,
    shown: dict[Role, Curve],
    y: tuple[float, float],
    language: Language,
    *,
    across: float | None = None,
) -> Markup:
    """Curves of the same unit over the epochs."""
    positions = [sample.position for curve in shown.values() for sample in curve.samples]
    on = drawing.plane((min(positions), max(positions)), y, height=CURVE_HEIGHT)
    share = name == "accuracy"
    y_ticks = [(value, f"{100 * value:.3g}%" if share else f"{value:.3g}") for value in on.y.ticks(4)]
    drawn = drawing.grid(on, x_ticks=_whole_ticks(on), y_ticks=y_ticks)
    drawn.append(drawing.label(curves.unit.in_language(language), on.x.end, CURVE_HEIGHT - 4, anchor="end"))
    if across is not None:
        drawn.append(drawing.line(on.x.start, on.y.at(across), on.x.end, on.y.at(across), "series", "measured"))
    for role, curve in shown.items():
        drawn += _one_curve(curve, on, SERIES[role][0])
    named = [(SERIES[role][0], SERIES[role][1].in_language(language)) for role in shown]
    if across is not None:
        named.append(("measured", Text("measured", "테스트 측정값").in_language(language)))
    drawn += drawing.legend(named)
    words = [_told(role, curve, share=share) for role, curve in shown.items()]
    described = Text(" ".join(one.en for one in words), " ".join(one.ko for one in words))
    return _picture(name, title, described, CURVE_HEIGHT, drawn, language)


def _one_curve(curve: Curve, on: Plane, series: str) -> list[svg.Element]:
    step = max(1, -(-len(curve.samples) // MOST_POINTS))
    chosen = curve.samples[::-1][::step][::-1]  # counted from the end, so that the last point is always there
    points = [(on.x.at(sample.position), on.y.at(sample.value)) for sample in chosen]
    drawn: list[svg.Element] = [drawing.curve(points, "series", series)] if len(points) > 1 else []
    if len(points) <= MOST_MARKS:
        drawn += [drawing.dot(x, y, 2.6, "point", series) for x, y in points]
    if curve.broke is not None:
        x = on.x.at(curve.broke[0])
        drawn.append(drawing.line(x, on.y.start, x, on.y.end, "broken"))
        shown = "NaN" if curve.broke[1] == "nan" else curve.broke[1]
        drawn.append(drawing.label(shown, x - 4, on.y.end + 12, "wrong", anchor="end"))
    return drawn


def _whole_ticks(on: Plane) -> Sequence[tuple[float, str]]:
    """Ticks at whole numbers: there is no half epoch; both ends at least where there is nothing between."""
    ticks = [value for value in on.x.ticks(6) if value == round(value)]
    if on.x.high > on.x.low and any(after - before < 1 for before, after in pairwise(ticks)):
        ticks = [on.x.low, on.x.high]
    return [(value, f"{value:g}") for value in dict.fromkeys(ticks or [on.x.low])]


def _told(role: Role, curve: Curve, *, share: bool) -> Text:
    """The curve in a sentence."""
    name = SERIES[role][1]
    if not curve.values:
        return Text(f"The {name.en} curve has no finite value.", f"{name.ko} 곡선에 유한한 값이 없습니다.")
    first, last = (
        (f"{100 * value:.1f}%" if share else f"{value:.3g}") for value in (curve.values[0], curve.values[-1])
    )
    return Text(f"{name.en}: from {first} to {last}.", f"{name.ko}: 처음 {first}, 마지막 {last}.")


def _picture(
    name: str, title: Text, words: Text, height: int, elements: Sequence[svg.Element], language: Language
) -> Markup:
    return drawing.picture(
        f"chart-{name}",
        title=title.in_language(language),
        description=words.in_language(language),
        height=height,
        elements=elements,
    )
