"""Evidence with a planted fault, for tests of the rules."""

from typing import Any

from grader.diagnosis import diagnose
from grader.evaluation import Agreement, Evaluation
from grader.evidence import Evidence, Training
from grader.graph import GraphFacts, LayerFact
from grader.results import LogPoint, Report
from grader.spec import MissionSpec
from tests.unit.specs import document, small_spec

SAME = Agreement(deviation=0.0, changed=0)
APART = Agreement(deviation=0.5, changed=40)
SPEC = small_spec(
    limits={"train_cpu_s": 100, "train_gpu_s": 50, "parameters": 1_000_000}, evaluation={**document()["evaluation"]}
)


def confusion(correct: int = 990, size: int = 10) -> tuple[tuple[int, ...], ...]:
    """Counts of 1,000 images per class with the errors spread evenly."""
    rows = []
    for label in range(size):
        row = [(1000 - correct) // (size - 1)] * size
        row[label] = 0
        row[label] = 1000 - sum(row)
        rows.append(tuple(row))
    return tuple(rows)


def measured(counts: tuple[tuple[int, ...], ...], **changes: Any) -> Evaluation:
    """What the given predictions of a well-behaved model amount to."""
    values: dict[str, Any] = {
        "images": sum(map(sum, counts)),
        "correct": sum(row[label] for label, row in enumerate(counts)),
        "non_finite": 0,
        "confusion": counts,
        "perturbed_accuracy": None,
        "repeated": SAME,
        "by_batch_size": {},
        "reordered": SAME,
        "ablation_drop": {},
        "seconds": 1.0,
        **changes,
    }
    return Evaluation(**values)


def graph(*ops: tuple[str, str]) -> GraphFacts:
    """A graph of these operations, each with its group."""
    return GraphFacts(
        parameters=1000,
        stored_numbers=1000,
        groups={},
        layers=tuple(LayerFact(op, op, group, (1, 10), 0, 0) for op, group in ops),
        batch_dynamic=True,
        fixed_batch=None,
        output_classes=10,
        activation_bytes_per_image=1,
        multiply_accumulates=1000,
        torch_version="2.6.0",
    )


SOUND_GRAPH = graph(
    ("sub.Tensor", "arithmetic"), ("div.Tensor", "arithmetic"), ("conv2d.default", "conv"), ("linear.default", "dense")
)


def log(**series: list[float | str]) -> tuple[LogPoint, ...]:
    """One entry per epoch with these values."""
    length = len(next(iter(series.values())))
    return tuple(
        LogPoint(
            seconds=4.0 * (index + 1),
            values={"epoch": float(index + 1), **{name: values[index] for name, values in series.items()}},
        )
        for index in range(length)
    )


def evidence(**changes: Any) -> Evidence:
    """A submission at 80 % of 10,000 images where 90 % are asked, after half its budget, but for `changes`."""
    training = {
        "completed": True,
        "reproduced": True,
        "seconds": 30.0,
        "cpu_s": 50.0,
        "budget_s": 100.0,
        "log": log(train_loss=[0.9, 0.6, 0.5, 0.5], valid_accuracy=[0.7, 0.78, 0.8, 0.8]),
    }
    values: dict[str, Any] = {
        "spec": SPEC,
        "files": ("solution.py",),
        "findings": (),
        "ending": None,
        "maybe_graph": SOUND_GRAPH,
        "maybe_evaluation": measured(confusion(800)),
        "sources": {"solution.py": "def train(train_set): ..."},
        **{key: value for key, value in changes.items() if key not in training},
        "training": Training(**{**training, **{key: value for key, value in changes.items() if key in training}}),
    }
    return Evidence(**values)


def rules(**changes: Any) -> list[str]:
    """Which rules find something in the sound submission with these changes."""
    return [one.rule for one in diagnose(evidence(**changes))]


def recorded_evidence(report: Report, spec: MissionSpec) -> Evidence:
    """What the rules see of a real grading, read back from its report."""
    run, metrics = report.run, report.metrics
    assert run is not None
    assert metrics is not None
    assert metrics.model is not None
    ops = [(str(layer["op"]), str(layer["group"])) for layer in metrics.model.layers]
    return evidence(
        spec=spec,
        seconds=run.seconds,
        cpu_s=run.cpu_seconds,
        budget_s=run.budget_seconds,
        log=run.log,
        maybe_graph=graph(*ops),
        maybe_evaluation=measured(
            metrics.confusion,
            images=metrics.images,
            correct=round(metrics.accuracy * metrics.images),
            non_finite=metrics.images - sum(map(sum, metrics.confusion)),
        ),
    )
