"""Joins what a model answered on hidden images with their labels. Pure."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from grader.evaluation import measures
from grader.evaluation.answers import MIXING_PASSES, SEQUENCE_PASSES, Answers
from grader.evaluation.hidden_images import HiddenImages
from grader.evaluation.measures import Evaluation, Labels, Logits, PublicShare, SequenceUse
from grader.evaluation.public_share import public_share


def join(answers: Answers, hidden: HiddenImages) -> Evaluation:
    """What the answers, which are complete, say about the model."""
    if answers.facts is not None and answers.facts.images_apart:
        _take_from_main(answers, hidden)
    evaluation = _measure(answers, hidden.labels)
    return dataclasses.replace(evaluation, public_share=_public_share(answers, hidden))


def _take_from_main(answers: Answers, hidden: HiddenImages) -> None:
    """Adds the passes that were not run, because each image's logits are those of the main pass in any of them."""
    rules, main = answers.asked.spec.evaluation, answers.passes["main"]
    place = np.argsort(hidden.order)
    sizes = (f"batch_{size}" for size in rules.batch_sizes)
    answers.passes |= dict.fromkeys((*MIXING_PASSES, *sizes), main[: rules.sample_images])
    answers.passes["public"] = main[place[hidden.public_order]]


def _measure(answers: Answers, labels: Labels) -> Evaluation:
    """Joins logits and labels."""
    passes, spec = answers.passes, answers.asked.spec
    main = passes["main"]
    sample = main[: spec.evaluation.sample_images]
    sample_labels = labels[: len(sample)]
    predicted = measures.predict(main)

    def against_main(name: str) -> measures.Agreement:
        return measures.agreement(main[: len(passes[name])], passes[name])

    return Evaluation(
        images=len(labels),
        correct=int((predicted == labels).sum()),
        non_finite=int((predicted < 0).sum()),
        confusion=measures.confusion(main, labels, spec.data.classes),
        perturbed_accuracy=_perturbed_accuracy(passes, labels),
        repeated=against_main("repeated"),
        by_batch_size={
            size: against_main(f"batch_{size}") if f"batch_{size}" in passes else None
            for size in spec.evaluation.batch_sizes
        },
        reordered=against_main("reordered"),
        ablation_drop={
            group: measures.accuracy(sample, sample_labels)
            - measures.accuracy(passes[f"without_{group}"], sample_labels)
            for group in spec.graph.required
            if f"without_{group}" in passes
        },
        seconds=answers.seconds["main"],
        sequence=_sequence_use(passes) if passes.keys() >= SEQUENCE_PASSES else None,
        calibration=measures.calibration(main, labels),
        probabilities=measures.are_probabilities(main),
        constant=measures.is_constant(main),
    )


def _public_share(answers: Answers, hidden: HiddenImages) -> PublicShare:
    """Joins the logits of the public images, in which no other image has a part, with labels and pixels."""
    return public_share(answers.passes["public"], hidden.public_labels, positions=hidden.public, images=hidden.images)


def _perturbed_accuracy(passes: Mapping[str, Logits], labels: Labels) -> float | None:
    """The accuracy on all images, less what some of them lose when they are perturbed: the same images, twice."""
    if "perturbed" not in passes:
        return None
    main, perturbed = passes["main"], passes["perturbed"]
    some = labels[: len(perturbed)]
    lost = measures.accuracy(main[: len(some)], some) - measures.accuracy(perturbed, some)
    return min(1.0, max(0.0, measures.accuracy(main, labels) - lost))


def _sequence_use(passes: Mapping[str, Logits]) -> SequenceUse:
    def changed(name: str) -> float:
        return measures.changed_share(passes["main"][: len(passes[name])], passes[name])

    rows, swapped = {name: changed(name) for name in SEQUENCE_PASSES}, None
    partner, halfway, inputs = (passes.get(name) for name in ("swap_partner", "swap_halfway", "swap_inputs"))
    if (
        partner is not None
        and halfway is not None
        and inputs is not None
        and len(partner) == len(halfway) == len(inputs)
    ):
        before = passes["main"][: len(partner)]
        pairs = measures.predict(before) != measures.predict(partner)
        swapped = (
            measures.changed_share(before, halfway, pairs),
            measures.changed_share(partner, halfway, pairs),
            measures.followed_share(partner, inputs, pairs),
        )
    halfway_swap, late_input, input_swap = swapped or (None, None, None)
    return SequenceUse(
        halfway_swap=halfway_swap,
        late_input=late_input,
        input_swap=input_swap,
        shuffled_rows=rows["rows_shuffled"],
        blanked_rows=rows["rows_blanked"],
    )
