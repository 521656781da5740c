"""What the page shows besides the report's own fields: pictures, tables and figures, ready for the template."""

from dataclasses import dataclass

import svg
from markupsafe import Markup

from grader.diagnosis.curves import read_curves
from grader.reports import charts, drawing, figures, words
from grader.reports.annotated import RemarkedFile, remarked_files
from grader.reports.layers import LayerRow, layer_rows
from grader.results import Metrics, Report, RunInfo, Status
from grader.text import Language, Text, same

MAX_LOG_ROWS = 50
"""Rows of the student's log shown, evenly drawn from all of it."""
MAX_COLUMNS = 12
MOST_MISTAKES = 3
MOST_LOST = 5


@dataclass(frozen=True, slots=True)
class Log:
    """The student's log as a table.

    Attributes:
        columns: names of logged values, in order of first appearance.
        rows: seconds since `train` was entered, then one value per column, empty where it was not logged.
        total: how many points there were.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A misclassified image of the public share.

    Attributes:
        image: a PNG file, in base64.
        name: which image it is, for those who can't see it.
        lines: its class, the one it was taken for, and how sure the model was.
    """

    image: str
    name: Text
    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Parts of the page that take some work; None or empty where there is nothing to show.

    Attributes:
        strip: the score as a bar with a segment for each criterion.
        lost: number and title of each criterion that lost points, and how many.
        tiles: the most important figures: name, value, remark.
        confusion: counts with a shade from 0 to 9, the share of the row's images.
        mistakes: the most frequent pairs of true and predicted class.
        gallery: images that were classified wrong, the surest mistakes first.
        layers, layers_left: the executed graph, and how many operations are not shown.
    """

    strip: Markup | None
    lost: tuple[tuple[int, Text, str], ...]
    tiles: tuple[tuple[Text, str, str], ...]
    loss: Markup | None
    accuracy: Markup | None
    budget: Markup | None
    classes: Markup | None
    calibration: Markup | None
    confusion: tuple[tuple[tuple[int, int], ...], ...]
    mistakes: tuple[Text, ...]
    gallery: tuple[Exhibit, ...]
    log: Log
    layers: tuple[LayerRow, ...]
    layers_left: int
    files: tuple[RemarkedFile, ...]


def page_of(report: Report, language: Language) -> Page:
    """All parts of the page.

    Args:
        report: inert already (see `inert_report`).
    """
    run, metrics = report.run, report.metrics
    curves = read_curves(run.log if run else ())
    rows, left = layer_rows(metrics.model) if metrics and metrics.model else ((), 0)
    return Page(
        strip=_strip(report, language),
        lost=_lost(report),
        tiles=_tiles(report, language),
        loss=charts.loss_chart(curves, language),
        accuracy=charts.accuracy_chart(curves, metrics.accuracy if metrics else None, language),
        budget=charts.budget_chart(run, language) if run else None,
        classes=charts.per_class_chart(metrics, language) if metrics else None,
        calibration=charts.calibration_chart(metrics.calibration, language)
        if metrics and metrics.calibration
        else None,
        confusion=_confusion(metrics),
        mistakes=_mistakes(metrics),
        gallery=_gallery(metrics),
        log=_log(run),
        layers=rows,
        layers_left=left,
        files=remarked_files(report),
    )


def _strip(report: Report, language: Language) -> Markup | None:
    """Each criterion as a segment as long as its points, filled as far as they were earned; a line at the pass mark."""
    if not report.criteria or report.max_score <= 0:
        return None
    most = max(report.max_score, sum(one.max_points for one in report.criteria))
    axis, start = drawing.Axis(0.0, most, 0.0, float(drawing.WIDTH)), 0.0
    drawn: list[svg.Element] = []
    for one in report.criteria:
        x, width = axis.at(start), axis.at(start + one.max_points) - axis.at(start) - 1.5
        share = one.points / one.max_points if one.max_points else 0.0
        drawn.append(drawing.box(x, 0, width, 10, "rail", "lost" if one.status is Status.FAILED else "open"))
        drawn.append(drawing.box(x, 0, width * min(1.0, max(0.0, share)), 10, one.status.value))
        start += one.max_points
    drawn = [one for one in drawn if not (isinstance(one, svg.Rect) and one.width == 0)]
    words_told = words.score(report), words.pass_mark(report)
    return drawing.picture(
        "score",
        title=words_told[0].in_language(language),
        description=words_told[1].in_language(language),
        height=10,
        elements=drawn,
        stretched=True,
    )


def _lost(report: Report) -> tuple[tuple[int, Text, str], ...]:
    """Criteria that lost points, the most costly first."""
    found = [
        (number, one.title, one.max_points - one.points)
        for number, one in enumerate(report.criteria, start=1)
        if one.points < one.max_points and not one.bonus
    ]
    found.sort(key=lambda entry: -entry[2])
    return tuple((number, title, f"−{figures.points(points)}") for number, title, points in found[:MOST_LOST])


def _tiles(report: Report, language: Language) -> tuple[tuple[Text, str, str], ...]:
    run, metrics = report.run, report.metrics
    ko = language == "ko"
    tiles: list[tuple[Text, str, str]] = []
    if metrics is not None:
        low, high = (f"{100 * end:.2f}" for end in metrics.accuracy_interval)
        interval = f"95% 신뢰구간 {low}~{high}%" if ko else f"95\u00a0% interval {low}–{high}\u00a0%"
        tiles.append((words.ACCURACY, figures.percent(metrics.accuracy, language), interval))
        if metrics.perturbed_accuracy is not None:
            changed = f"{100 * (metrics.perturbed_accuracy - metrics.accuracy):+.2f}"
            told = f"원본보다 {changed}%p" if ko else f"{changed} points against the originals"
            tiles.append((words.ROBUSTNESS, figures.percent(metrics.perturbed_accuracy, language), told))
        if metrics.model is not None:
            products = figures.short(metrics.model.multiply_accumulates, language)
            told = f"이미지당 곱셈·누산 {products}회" if ko else f"{products} multiply-accumulates per image"
            tiles.append((words.PARAMETERS, f"{metrics.model.parameters:,}", told))
    if run is not None and run.seconds is not None:
        limit = words.budget(run, language)
        tiles.append((words.TRAINING, figures.seconds(run.seconds, language), limit))
    return tuple(tiles)


def _log(run: RunInfo | None) -> Log:
    points = run.log if run is not None else ()
    columns = tuple(dict.fromkeys(key for point in points for key in point.values))[:MAX_COLUMNS]
    step = max(1, -(-len(points) // MAX_LOG_ROWS))
    chosen = points[::-1][::step][::-1]  # counted from the end, so that the last point is always there
    rows = tuple(
        (f"{point.seconds:.1f}", *(figures.number(point.values[key]) if key in point.values else "" for key in columns))
        for point in chosen
    )
    return Log(columns=columns, rows=rows, total=len(points))


def _confusion(metrics: Metrics | None) -> tuple[tuple[tuple[int, int], ...], ...]:
    if metrics is None:
        return ()
    return tuple(tuple((count, min(9, 10 * count // max(1, sum(row)))) for count in row) for row in metrics.confusion)


def _mistakes(metrics: Metrics | None) -> tuple[Text, ...]:
    """The most frequent wrong predictions, of those that occurred more than once."""
    counts = metrics.confusion if metrics else ()
    pairs = [(count, a, b) for a, row in enumerate(counts) for b, count in enumerate(row) if a != b and count > 1]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return tuple(
        Text(f"{a} taken for {b} ({count:,})", f"실제 {a} → 예측 {b} ({count:,}장)")
        for count, a, b in pairs[:MOST_MISTAKES]
    )


def _gallery(metrics: Metrics | None) -> tuple[Exhibit, ...]:
    """What the report shows of the public share."""
    if metrics is None or metrics.public_share is None:
        return ()
    found = []
    for one in metrics.public_share.mistakes:
        label, predicted = _class_name(metrics, one.label), _class_name(metrics, one.predicted)
        sure_en, sure_ko = (figures.sureness(one.confidence, language) for language in ("en", "ko"))
        lines = (
            Text(f"label {label.en},", f"정답 {label.ko}"),
            Text(f"taken for {predicted.en},", f"예측 {predicted.ko}"),
            Text(f"{sure_en} sure", f"확신도 {sure_ko}"),
        )
        name = Text(f"Test image {one.position}: {label.en}", f"테스트 이미지 {one.position}번: {label.ko}")
        found.append(Exhibit(image=one.image, name=name, lines=lines))
    return tuple(found)


def _class_name(metrics: Metrics, label: int) -> Text:
    names = metrics.class_names
    return names[label] if 0 <= label < len(names) else same(str(label))
