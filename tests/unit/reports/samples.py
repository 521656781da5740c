"""Reports as a grading would make them, for tests."""

import base64
from datetime import UTC, datetime
from typing import Any

import numpy as np

from grader.png import encode_png
from grader.results import (
    Calibration,
    CalibrationBin,
    CriterionResult,
    Diagnosis,
    Ending,
    Frame,
    LineRemark,
    LogPoint,
    Metrics,
    MissionInfo,
    Mistake,
    Mode,
    ModelInfo,
    PublicShare,
    Reason,
    Report,
    RunInfo,
    SourceText,
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


CLASS_NAMES = tuple(
    Text(en, ko)
    for en, ko in (
        *(("airplane", "비행기"), ("automobile", "자동차"), ("bird", "새"), ("cat", "고양이"), ("deer", "사슴")),
        *(("dog", "개"), ("frog", "개구리"), ("horse", "말"), ("ship", "배"), ("truck", "트럭")),
    )
)


def picture(seed: int, shape: tuple[int, int, int] = (3, 32, 32)) -> str:
    """A picture of noise as a report holds it."""
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return base64.b64encode(encode_png(pixels)).decode("ascii")


def public_share(shown: int = 3, wrong: int = 37) -> PublicShare:
    """Mistakes on the public images, from 99.7 % sure downwards."""
    mistakes = (
        Mistake(
            position=39 + place,
            label=3,
            predicted=(5 + place) % 10,
            confidence=0.997 - 0.07 * place,
            image=picture(place),
        )
        for place in range(shown)
    )
    return PublicShare(images=500, wrong=wrong, mistakes=tuple(mistakes))


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


def full_report(**changes: Any) -> Report:
    """A submission below the bar with everything a report can say: findings, curves, calibration, layers, notes."""
    layers = (
        layer("sub", "sub.Tensor", "arithmetic", (1, 28, 28), 0, 0, (1, 1)),
        layer("features.0", "conv2d.default", "conv", (16, 28, 28), 416, 313_600, (5, 5)),
        layer("pool", "max_pool2d.default", "pool", (16, 14, 14), 0, 0, (6, 6)),
        layer("head", "linear.default", "dense", (10,), 31_370, 31_360, None),
    )
    model = ModelInfo(
        parameters=31_786,
        multiply_accumulates=344_960,
        op_groups={"arithmetic": 1, "conv": 1, "pool": 1, "dense": 1},
        layers=layers,
        batch_dynamic=True,
    )
    bins = ((40, 0.35, 0.3), (160, 0.55, 0.48), (300, 0.75, 0.66), (9_500, 0.99, 0.985))
    calibration = Calibration(
        expected_error=0.0149,
        bins=tuple(CalibrationBin(images=images, confidence=sure, accuracy=right) for images, sure, right in bins),
    )
    intervals = tuple((share - 0.006, share + 0.005) for share in metrics().per_class_accuracy)
    values: dict[str, Any] = {
        "mission": report().mission.model_copy(
            update={"brief": Text("Read at least 99 % of the images.", "이미지의 99% 이상을 맞히세요.")}
        ),
        "passed": False,
        "score": 61.5,
        "run": run_info(log=overfitted_log(), notes=(Text("Begun anew once.", "한 번 다시 시작했습니다."),)),
        "metrics": metrics(
            model=model,
            calibration=calibration,
            per_class_intervals=intervals,
            class_names=CLASS_NAMES,
            public_share=public_share(),
        ),
        "findings": (finding(),),
        **changes,
    }
    return report(**values)


def annotated_report(**changes: Any) -> Report:
    """A commented script with remarks on two of its lines."""
    remarks = (
        LineRemark(
            file="solution.py", line=2, source="model.eval()", message=Text("What changes?", "무엇이 달라지나요?")
        ),
        LineRemark(file="solution.py", line=4, source="loss.backward()", message=Text("Why here?", "왜 여기인가요?")),
    )
    text = "import torch\nmodel.eval()  # eval\n\nloss.backward()\nprint('<b>')\n"
    values: dict[str, Any] = {
        "criteria": (criterion("ideas", Status.PARTIAL, 20, 40, remarks=remarks),),
        "annotated": (SourceText(name="solution.py", text=text),),
        "run": None,
        "metrics": None,
        "passed": False,
        "score": 20,
        **changes,
    }
    return report(**values)


def finding() -> Diagnosis:
    """An overfitted network."""
    return Diagnosis(
        rule="overfitting",
        finding=Text("Validation accuracy rises, then falls.", "검증 정확도가 오르다가 떨어집니다."),
        cause=Text("Overfitting from epoch 3 on.", "3번째 에포크부터 과적합이 일어납니다."),
        advice=Text("Keep the best weights.", "가장 좋았던 가중치를 저장해 두세요."),
    )


def overfitted_log() -> tuple[LogPoint, ...]:
    """Eight epochs, of which the third is the best."""
    accuracies = (0.93, 0.965, 0.981, 0.979, 0.975, 0.97, 0.966, 0.962)
    return tuple(
        LogPoint(
            seconds=4.5 * epoch,
            values={
                "epoch": epoch,
                "train_loss": 0.9 / epoch,
                "valid_loss": 0.3 + 0.02 * abs(epoch - 3),
                "train_accuracy": 1 - 0.1 / epoch,
                "valid_accuracy": accuracies[epoch - 1],
            },
        )
        for epoch in range(1, 9)
    )


def layer(
    name: str,
    op: str,
    group: str,
    shape: tuple[int, ...],
    parameters: int,
    products: int,
    field: tuple[int, int] | None,
) -> dict[str, Any]:
    """One row of a model's table, as a grading writes it."""
    return {
        "name": name,
        "op": op,
        "group": group,
        "output_shape": [1000, *shape],
        "parameters": parameters,
        "multiply_accumulates": products,
        "receptive_field": list(field) if field else None,
    }
