"""The sentences that every rendering of a report shares."""

from grader.reports import figures
from grader.results import (
    CriterionResult,
    Ending,
    Figure,
    Metrics,
    Mode,
    PublicShare,
    Quantity,
    Reason,
    Report,
    RunInfo,
    Status,
    Verdict,
)
from grader.text import Language, Text

SYMBOL = {Status.PASSED: "✓", Status.PARTIAL: "◐", Status.FAILED: "✗", Status.SKIPPED: "–"}

STATUS = {
    Status.PASSED: Text("met", "충족"),
    Status.PARTIAL: Text("partly met", "부분 충족"),
    Status.FAILED: Text("not met", "미충족"),
    Status.SKIPPED: Text("not judged", "판정 안 함"),
}

REASON = {
    Reason.SUBMISSION_INVALID: Text("The submission could not be read", "제출물을 읽을 수 없었습니다"),
    Reason.TRAIN_ERROR: Text("The code stopped with an error", "코드 실행 중 오류가 발생했습니다"),
    Reason.TIME_LIMIT: Text("Training ran out of time", "학습 시간이 한도를 넘었습니다"),
    Reason.MEMORY_LIMIT: Text("Training ran out of memory", "메모리 사용량이 한도를 넘었습니다"),
    Reason.GPU_MEMORY_LIMIT: Text("Training ran out of GPU memory", "GPU 메모리 사용량이 한도를 넘었습니다"),
    Reason.OUTPUT_LIMIT: Text("The code printed too much", "출력량이 한도를 넘었습니다"),
    Reason.PROCESS_LIMIT: Text("The code started too many processes", "프로세스 수가 한도를 넘었습니다"),
    Reason.DISK_LIMIT: Text("The scratch folder is full", "임시 폴더 용량이 한도를 넘었습니다"),
    Reason.CRASHED: Text("The process crashed", "프로세스가 비정상 종료되었습니다"),
    Reason.EXPORT_FAILED: Text("The model could not be exported", "모델을 내보낼 수 없었습니다"),
    Reason.ARTIFACT_REJECTED: Text("The exported model was not accepted", "내보낸 모델이 허용되지 않았습니다"),
    Reason.INFRASTRUCTURE: Text("The grading machine failed", "채점 환경에 문제가 생겼습니다"),
}

QUANTITY = {
    Quantity.SECONDS: Text("time", "경과 시간"),
    Quantity.CPU_SECONDS: Text("CPU time", "CPU 시간"),
    Quantity.MEMORY_BYTES: Text("peak memory", "최대 메모리"),
    Quantity.GPU_MEMORY_BYTES: Text("peak GPU memory", "최대 GPU 메모리"),
    Quantity.OUTPUT_BYTES: Text("output", "출력"),
    Quantity.DISK_BYTES: Text("scratch folder", "임시 폴더"),
    Quantity.PROCESSES: Text("processes and threads", "프로세스와 스레드"),
}

PASSED = Text("Passed", "통과")
BELOW_PASS_MARK = Text("Below the pass mark", "통과 기준 미달")
NOT_GRADED = Text("Not graded", "채점하지 못했습니다")
NOT_YOUR_FAULT = Text(
    "This was not caused by your work and costs no points. Please submit again later.",
    "제출한 코드의 문제가 아니므로 감점되지 않습니다. 잠시 후 다시 제출해 주세요.",
)
NOT_REPRODUCED = Text("trained by the student, not reproduced", "학생이 직접 학습한 모델이며, 채점기가 재현하지 않음")
RETRAINED = Text("trained by the grader", "채점기에서 직접 학습")
CLAIMED = Text("values as logged by the submitted code", "제출한 코드가 기록한 값입니다")

CRITERION = Text("Criterion", "평가 기준")
POINTS = Text("Points", "점수")
MEASURED = Text("Measured", "측정값")
EXPECTED = Text("Expected", "기준")
HINT = Text("Hint", "도움말")
NEXT = Text("What to do", "이렇게 해 보세요")
RUN = Text("Run", "실행 정보")
ACCURACY = Text("Accuracy", "정확도")
PERTURBED = Text("Accuracy on shifted, rotated or noisy images", "변형한 이미지에서의 정확도")
MODEL = Text("Model", "모델")
ROBUSTNESS = Text("On changed images", "변형 이미지 정확도")
PARAMETERS = Text("Parameters", "파라미터")
TRAINING = Text("Training", "학습 시간")
LINE = Text("Line", "줄")
LINES = Text("Line by line", "줄별 설명")
REMARK = Text("What is missing", "보완할 점")
CURVE = Text("Curve", "학습 곡선")
CONFUSION = Text("Confusion matrix: rows are true classes", "혼동 행렬 (행: 실제 클래스)")
NOTES = Text("Notes", "참고")
FINDINGS = Text("What to look at first", "먼저 살펴볼 점")
OUTPUT = Text("Printed by the submitted code", "제출한 코드의 출력")
OUTPUT_CUT = Text("only the last part is shown", "마지막 부분만 표시합니다")
TRACEBACK = Text("Where it stopped (innermost last)", "오류가 발생한 위치 (마지막 줄이 가장 안쪽)")


def headline(report: Report) -> Text:
    """How it ended, in a few words."""
    if report.verdict is Verdict.NOT_GRADED:
        return NOT_GRADED
    return PASSED if report.passed else BELOW_PASS_MARK


def score(report: Report) -> Text:
    """The score beside the largest one."""
    got, most = figures.points(report.score), figures.points(report.max_score)
    return Text(f"{got} / {most} points", f"{got} / {most}점")


def pass_mark(report: Report) -> Text:
    """From which score the mission is passed."""
    mark = figures.points(report.mission.pass_mark)
    return Text(f"pass mark {mark}", f"통과 기준 {mark}점")


def mode(run: RunInfo) -> Text:
    """Who trained the model."""
    return RETRAINED if run.mode is Mode.RETRAIN else NOT_REPRODUCED


def accuracy(metrics: Metrics) -> Text:
    """The accuracy with its interval and the number of images."""
    low, high = (f"{100 * end:.2f}" for end in metrics.accuracy_interval)
    en, ko = figures.percent(metrics.accuracy, "en"), figures.percent(metrics.accuracy, "ko")
    return Text(
        f"{en} (95 % interval {low}–{high} %, {metrics.images:,} test images)",
        f"{ko} (95% 신뢰구간 {low}~{high}%, 테스트 이미지 {metrics.images:,}장)",
    )


def public_share(share: PublicShare) -> Text:
    """How many of the images that a report may show were wrong, and which of them it shows."""
    images, wrong, shown = share.images, share.wrong, len(share.mistakes)
    if not wrong:
        return Text(
            f"All {images:,} public test images were classified right.",
            f"공개용으로 정해 둔 테스트 이미지 {images:,}장을 모두 맞혔습니다.",
        )
    if not shown:
        which = Text(
            "None is shown, since the model's outputs for them are not finite.",
            "모델의 출력이 유한한 값이 아니어서 보여 줄 예측이 없습니다.",
        )
    elif shown < wrong:
        which = Text(f"These are the {shown} it was surest about.", f"그중 모델이 가장 확신한 {shown}장을 보여 줍니다.")
    else:
        which = Text("The surest mistakes come first.", "확신도가 높은 오답부터 보여 줍니다.")
    return Text(
        f"{wrong:,} of the {images:,} public test images were classified wrong. {which.en} "
        "All other test images stay hidden.",
        f"공개용으로 정해 둔 테스트 이미지 {images:,}장 가운데 {wrong:,}장을 틀렸습니다. {which.ko} "
        "나머지 테스트 이미지는 공개하지 않습니다.",
    )


def run_facts(run: RunInfo, language: Language) -> tuple[str, ...]:
    """Sandbox, device, seed, time and memory of a run, each as one short phrase."""
    ko = language == "ko"
    facts = [
        mode(run).in_language(language),
        f"샌드박스 {run.sandbox}" if ko else f"sandbox {run.sandbox}",
        f"장치 {run.device}" if ko else f"device {run.device}",
        _seeds(run, ko=ko),
    ]
    if run.seconds is not None:
        took = figures.seconds(run.seconds, language)
        facts.append(f"학습 {took}" if ko else f"trained {took}")
    if run.budget_seconds is not None:
        facts.append(budget(run, language))
    if run.peak_memory_bytes is not None:
        memory = figures.size(run.peak_memory_bytes)
        facts.append(f"최대 메모리 {memory}" if ko else f"peak memory {memory}")
    return tuple(facts)


def more_remarks(count: int) -> Text:
    """How many remarks on lines only the page shows."""
    return Text(f"… {count} more in the HTML report", f"… 나머지 {count}개는 HTML 보고서에 있습니다")


def output_size(total_bytes: int) -> Text:
    """How much was printed."""
    return Text(f"{figures.size(total_bytes)} in total", f"전체 {figures.size(total_bytes)}")


def _seeds(run: RunInfo, *, ko: bool) -> str:
    seeds = ", ".join(str(seed) for seed in run.seeds or (run.seed,))
    if len(run.seeds) > 1:
        return f"시드 {seeds}의 중앙값" if ko else f"median of seeds {seeds}"
    return f"시드 {seeds}" if ko else f"seed {seeds}"


def budget(run: RunInfo, language: Language) -> str:
    """Time used of the time there is; empty without a budget."""
    if run.budget_seconds is None:
        return ""
    limit = figures.seconds(run.budget_seconds, language)
    on_cpu = run.device.startswith("cpu")
    used = run.cpu_seconds if on_cpu else run.seconds
    if used is None:
        return f"한도 {limit}" if language == "ko" else f"budget {limit}"
    took = figures.seconds(used, language)
    if language == "ko":
        return f"{'CPU 시간' if on_cpu else '시간'} {took} / 한도 {limit}"
    return f"{'CPU time' if on_cpu else 'time'} {took} of {limit}"


def points(criterion: CriterionResult) -> str:
    """Points earned of those there are; a plus where they come on top."""
    plus = "+" if criterion.bonus else ""
    return f"{figures.points(criterion.points)} / {plus}{figures.points(criterion.max_points)}"


def figures_used(ending: Ending, language: Language) -> tuple[str, ...]:
    """What the run used and may use, each as one short phrase, such as `peak memory 1.0 GiB / 1.0 GiB`."""
    return tuple(_used(figure, language) for figure in ending.figures)


def _used(figure: Figure, language: Language) -> str:
    name = QUANTITY[figure.quantity].in_language(language)
    used, limit = (
        None if value is None else figures.amount(figure.quantity, value, language)
        for value in (figure.used, figure.limit)
    )
    if used is None:
        limit = limit or "?"
        return f"{name} {limit} 한도" if language == "ko" else f"{name} limit {limit}"
    return f"{name} {used}" if limit is None else f"{name} {used} / {limit}"
