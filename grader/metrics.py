"""What a model was measured to, as the figures of a report."""

import base64

from grader import results
from grader.evaluation import Evaluation
from grader.evaluation.measures import Calibration, PublicShare, wilson_interval
from grader.graph import GraphFacts, LayerFact
from grader.results import Metrics, ModelInfo
from grader.text import Text


def metrics_of(
    evaluation: Evaluation,
    graph: GraphFacts | None,
    *,
    accuracies: tuple[float, ...],
    class_names: tuple[Text, ...] = (),
) -> Metrics:
    """The figures of the model that counts.

    Args:
        accuracies: of each seed, that model's among them.
        class_names: by label; empty where labels need none.
    """
    right = [(row[label], sum(row)) for label, row in enumerate(evaluation.confusion)]
    return Metrics(
        images=evaluation.images,
        accuracy=evaluation.accuracy,
        accuracy_interval=evaluation.interval,
        accuracies=accuracies,
        perturbed_accuracy=evaluation.perturbed_accuracy,
        per_class_accuracy=tuple(correct / total if total else 0.0 for correct, total in right),
        per_class_intervals=tuple(wilson_interval(correct, total) if total else (0.0, 1.0) for correct, total in right),
        confusion=evaluation.confusion,
        calibration=_calibration(evaluation.calibration),
        class_names=class_names,
        public_share=_public_share(evaluation.public_share),
        model=_model_info(graph) if graph else None,
    )


def _calibration(measured: Calibration | None) -> results.Calibration | None:
    if measured is None:
        return None
    return results.Calibration(
        expected_error=measured.expected_error,
        bins=tuple(
            results.CalibrationBin(images=one.images, confidence=one.confidence, accuracy=one.accuracy)
            for one in measured.bins
        ),
    )


def _public_share(found: PublicShare | None) -> results.PublicShare | None:
    if found is None:
        return None
    return results.PublicShare(
        images=found.images,
        wrong=found.wrong,
        mistakes=tuple(
            results.Mistake(
                position=one.position,
                label=one.label,
                predicted=one.predicted,
                confidence=one.confidence,
                image=base64.b64encode(one.png).decode("ascii"),
            )
            for one in found.mistakes
        ),
    )


def _model_info(graph: GraphFacts) -> ModelInfo:
    return ModelInfo(
        parameters=graph.parameters,
        multiply_accumulates=graph.multiply_accumulates,
        op_groups=dict(graph.groups),
        layers=tuple(_layer(layer) for layer in graph.layers),
        batch_dynamic=graph.batch_dynamic,
    )


def _layer(layer: LayerFact) -> dict[str, object]:
    return {
        "name": layer.name,
        "op": layer.op,
        "group": layer.group,
        "output_shape": list(layer.output_shape),
        "parameters": layer.parameters,
        "multiply_accumulates": layer.multiply_accumulates,
        "receptive_field": list(layer.receptive_field) if layer.receptive_field else None,
    }
