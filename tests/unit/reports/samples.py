"""Reports as a grading would make them, for tests."""

from datetime import UTC, datetime
from typing import Any

from grader.results import (
    CriterionResult,
    Ending,
    Frame,
    LogPoint,
    Metrics,
    MissionInfo,
    Mode,
    ModelInfo,
    Reason,
    Report,
    RunInfo,
    Status,
    StudentOutput,
    SubmissionInfo,
    Verdict,
)
from grader.text import Text, same

CREATED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def criterion(criterion_id: str, status: Status, points: float, max_points: float, **more: Any) -> CriterionResult:
    lost = status in (Status.FAILED, Status.PARTIAL)
    values: dict[str, Any] = {
        "title": Text("Accuracy on the test images", "테스트 이미지에서의 정확도"),
        "expected": Text(
            "99 % of 10,000 images; partial credit from 97 %", "10,000장에서 99% 이상 (97%부터 부분 점수)"
        ),
        "measured": Text("98.70 % of 10,000", "10,000장 중 98.70%"),
        "message": Text("Close to the bar.", "기준에 거의 도달했습니다.") if lost else None,
        "hint": Text(
            "Two or three convolutions with batch norm and random shifts by one pixel reach 99.3 % in a few epochs.",
            "배치 정규화를 붙인 합성곱 두세 층과 1픽셀 무작위 이동이면 에포크 몇 번으로 99.3%에 이를 수 있습니다.",
        )
        if lost
        else None,
        **more,
    }
    return CriterionResult(id=criterion_id, status=status, points=points, max_points=max_points, **values)


def run_info(**changes: Any) -> RunInfo:
    values: dict[str, Any] = {
        "sandbox": "docker",
        "mode": Mode.RETRAIN,
        "device": "cpu",
        "seed": 7,
        "seeds": (7,),
        "versions": {"grader": "0.1.0", "torch": "2.6.0", "python": "3.11.9"},
        "seconds": 38.4,
        "cpu_seconds": 71.2,
        "budget_seconds": 240.0,
        "peak_memory_bytes": 603 * 1024**2,
        "log": tuple(
            LogPoint(seconds=4.5 * epoch, values={"epoch": epoch, "train_loss": 0.9 / epoch, "valid_accuracy": 0.98})
            for epoch in range(1, 9)
        ),
        **changes,
    }
    return RunInfo(**values)


def metrics(**changes: Any) -> Metrics:
    confusion = tuple(tuple(985 if row == column else (row + column) % 3 for column in range(10)) for row in range(10))
    values: dict[str, Any] = {
        "images": 10_000,
        "accuracy": 0.987,
        "accuracy_interval": (0.9846, 0.989),
        "accuracies": (0.987,),
        "perturbed_accuracy": 0.981,
        "per_class_accuracy": tuple(row[label] / sum(row) for label, row in enumerate(confusion)),
        "confusion": confusion,
        "model": ModelInfo(
            parameters=23_354,
            multiply_accumulates=1_234_567,
            op_groups={"conv": 3, "activation": 3, "dense": 1},
            layers=({"name": "conv", "op": "aten.conv2d", "group": "conv", "output_shape": [1, 16, 28, 28]},),
            batch_dynamic=True,
        ),
        **changes,
    }
    return Metrics(**values)


def report(**changes: Any) -> Report:
    """A submission that trained, scored 91.5 and passed; `changes` make it another one."""
    values: dict[str, Any] = {
        "created": CREATED,
        "grader_version": "0.1.0",
        "mission": MissionInfo(
            id="mission_cnn",
            title=Text("Build your own CNN for handwritten digits", "손글씨 숫자를 분류하는 CNN 직접 만들기"),
            points=100,
            pass_mark=90,
        ),
        "submission": SubmissionInfo(name="kim", sha256="ab" * 32, files=("solution.py", "layers.py")),
        "verdict": Verdict.GRADED,
        "reason": None,
        "passed": True,
        "score": 91.5,
        "max_score": 100,
        "criteria": (
            criterion(
                "training",
                Status.PASSED,
                60,
                60,
                title=Text(
                    "Trains within its limits and hands over a model", "제한 안에서 학습을 마치고 모델을 반환함"
                ),
                measured=Text("71 of 240 CPU seconds", "CPU 240초 중 71초"),
            ),
            criterion("accuracy", Status.PARTIAL, 31.5, 35),
            criterion(
                "robustness",
                Status.FAILED,
                0,
                5,
                title=Text("Robust to small changes", "작은 변화에 흔들리지 않음"),
                measured=same("-4.1 %p"),
            ),
        ),
        "run": run_info(),
        "metrics": metrics(),
        "student_output": StudentOutput(text="epoch 1 loss 0.9\nepoch 2 loss 0.4\n", total_bytes=34, truncated=False),
        **changes,
    }
    return Report(**values)


def ending(**changes: Any) -> Ending:
    values: dict[str, Any] = {
        "reason": Reason.TRAIN_ERROR,
        "message": Text(
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x784 and 1568x10)",
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x784 and 1568x10)",
        ),
        "advice": Text(
            "Print x.shape before the layer that fails, and make its input size match.",
            "오류가 난 층 바로 앞에서 x.shape를 출력해 보고 입력 크기를 맞추세요.",
        ),
        "traceback": (
            Frame(file="solution.py", line=58, function="train", source="    logits = model(images)"),
            Frame(file="solution.py", line=31, function="forward", source="    return self.head(x.flatten(1))"),
        ),
        **changes,
    }
    return Ending(**values)


def failed_report(**changes: Any) -> Report:
    """A submission whose training stopped with an exception."""
    skipped = {
        "measured": None,
        "message": Text("Not judged: training did not finish.", "학습이 끝나지 않아 판정하지 않았습니다."),
    }
    values: dict[str, Any] = {
        "reason": Reason.TRAIN_ERROR,
        "ending": ending(),
        "passed": False,
        "score": 0.0,
        "criteria": (
            criterion("training", Status.FAILED, 0, 60, measured=same("RuntimeError")),
            criterion("accuracy", Status.SKIPPED, 0, 40, **skipped),
        ),
        "metrics": None,
        **changes,
    }
    return report(**values)


def not_graded_report(**changes: Any) -> Report:
    """The machine failed."""
    lost = Ending(
        reason=Reason.INFRASTRUCTURE,
        message=Text("Docker does not answer.", "Docker가 응답하지 않습니다."),
        advice=Text(
            "Start Docker, or use --sandbox bubblewrap.", "Docker를 시작하거나 --sandbox bubblewrap을 사용하세요."
        ),
    )
    values: dict[str, Any] = {
        "verdict": Verdict.NOT_GRADED,
        "reason": Reason.INFRASTRUCTURE,
        "ending": lost,
        "passed": False,
        "score": 0.0,
        "criteria": (),
        "run": None,
        "metrics": None,
        "student_output": StudentOutput(text="", total_bytes=0, truncated=False),
        **changes,
    }
    return report(**values)
