"""The host's side of an evaluation: hands out the artifact and shuffled images, joins what comes back with labels."""

import dataclasses
import hashlib
import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

import grader
from grader.errors import ArtifactRejected, InfrastructureError
from grader.evaluation import measures
from grader.evaluation.measures import Evaluation, Labels, Logits, PublicShare, SequenceUse
from grader.evaluation.public_share import public_positions, public_share
from grader.graph import GraphFacts, RecurrenceFact
from grader.runner.protocol import Message, ProtocolError
from grader.sandbox.base import Limits, Mount, Promise, Request, Sandbox
from grader.sandbox.delivery import OVERHEAD_BYTES
from grader.sandbox.session import Caps, PhaseBudget, SessionEnd, SessionResult, run_session
from grader.spec import MissionSpec
from grader.text import Text

THREADS = 1
"""One program per core makes better use of cores than threads, and sums are added in the same order everywhere."""
MAX_MESSAGES = 64
OUTPUT_BYTES = 1024 * 1024
MIXING_PASSES = {"public", "repeated", "reordered"}
"""What is not run where the graph keeps images apart, as little as the passes at other batch sizes."""
SEQUENCE_PASSES = {"rows_shuffled", "rows_blanked"}
MEMORY_BYTES = 4 * 1024**3
SCRATCH_BYTES = 16 * 1024**2
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""NumPy's own threads, of which it needs none, wait busily."""
FATAL_SIGNALS = (4, 6, 7, 8, 11)
"""SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV: a kernel of torch fell over what the model asked of it."""

Sentence = Annotated[str, StringConstraints(max_length=2_000)]
_FACTS: TypeAdapter[GraphFacts] = TypeAdapter(GraphFacts)
_RECURRENCE: TypeAdapter[RecurrenceFact | None] = TypeAdapter(RecurrenceFact | None)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _BothLanguages(_Strict):
    en: Sentence
    ko: Sentence


class _Vetting(_Strict):
    event: Literal["vetting"]


class _Facts(_Strict):
    event: Literal["facts"]
    blob_bytes: int


class _Pass(_Strict):
    event: Literal["logits"]
    blob_bytes: int
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    rows: Annotated[int, Field(ge=0, le=1_000_000)]
    columns: Annotated[int, Field(ge=1, le=10_000)]
    seconds: Annotated[float, Field(ge=0)]


class _Rejected(_Strict):
    event: Literal["rejected"]
    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    message: _BothLanguages
    advice: _BothLanguages


class _Recurrence(_Strict):
    event: Literal["recurrence"]
    blob_bytes: int


class _Done(_Strict):
    event: Literal["done"]


class _Ended(_Strict):
    """The child that did the job is gone, and the program waits for another job."""

    event: Literal["ended"]


_Event = _Vetting | _Facts | _Pass | _Recurrence | _Rejected | _Done | _Ended
_EVENT: TypeAdapter[_Event] = TypeAdapter(Annotated[_Event, Field(discriminator="event")])


@dataclass(slots=True)
class _Listener:
    """Collects facts and logits; refuses what does not have the announced shape."""

    facts: GraphFacts | None = None
    passes: dict[str, Logits] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rejected: _Rejected | None = None
    done: bool = False

    def take(self, message: Message) -> str | bool:
        try:
            event = _EVENT.validate_json(message.raw_json)
            if isinstance(event, _Vetting):
                return "vet"
            if isinstance(event, _Facts):
                self.facts = _FACTS.validate_json(message.blob or b"", strict=False)
                return "run"
            if isinstance(event, _Recurrence) and self.facts is not None:
                recurrence = _RECURRENCE.validate_json(message.blob or b"", strict=False)
                self.facts = dataclasses.replace(self.facts, recurrence=recurrence)
                return False
        except ValidationError as error:
            raise ProtocolError("a message does not fit the protocol") from error
        if isinstance(event, _Pass):
            self._take_logits(event, message.blob or b"")
            return False
        if isinstance(event, _Rejected):
            self.rejected = event
            return False
        if isinstance(event, _Done):
            self.done = True
            return False
        if not self.done:
            raise ProtocolError("the job has ended without being done")
        return True

    def _take_logits(self, event: _Pass, blob: bytes) -> None:
        main = self.passes.get("main")
        unlike_main = main is not None and (event.columns != main.shape[1] or event.rows > main.shape[0])
        if len(blob) != event.rows * event.columns * 4 or event.name in self.passes or unlike_main:
            raise ProtocolError("logits do not have the announced shape")
        self.passes[event.name] = np.frombuffer(blob, dtype="<f4").reshape(event.rows, event.columns)
        self.seconds[event.name] = event.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenImages:
    """Test images in a fresh random order, and the labels that go with it and never leave this side.

    Programs keep the images from one job to the next, in an order that stands for all jobs and that only this side
    knows; each job says in which order it takes them from there.

    Attributes:
        name: tells these images from all others.
        images: uint8 (N, C, H, W), as the data pack has them.
        kept_order: int64 (N,): rows of `images`, in the order in which programs keep them.
        order: int32 (N,): rows of the kept images, in this job's order.
        labels: int64 (N,), in this job's order.
        public: int64 (P,): rows of `images` that reports may show.
        public_order: int32 (P,): the same as rows of the kept images.
        public_labels: int64 (P,), same order.
    """

    name: str
    images: npt.NDArray[np.uint8]
    kept_order: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32]
    labels: Labels
    public: npt.NDArray[np.int64]
    public_order: npt.NDArray[np.int32]
    public_labels: Labels

    def to_keep(self) -> bytes:
        """The images as programs keep them, in the form of a `.npy` file."""
        return _npy(self.images[self.kept_order])


def shuffle_images(images: npt.NDArray[np.uint8], labels: npt.NDArray[Any], *, name: str, salt: str) -> HiddenImages:
    """The images in an order that only the labels tell, with the labels in that order.

    The order is drawn from a hash of the labels and `salt`: who has no labels can't know it, and the same grading
    draws the same order, so that it gives the same score.
    """
    secret = np.ascontiguousarray(labels, dtype="<i8").tobytes()
    kept_order = _permutation(name.encode() + b"\0kept\0" + secret, len(images))
    order = _permutation(salt.encode() + secret, len(images))
    place = np.empty(len(images), dtype=np.int32)
    place[kept_order] = np.arange(len(images), dtype=np.int32)
    public = public_positions(len(images))
    return HiddenImages(
        name=name,
        images=images,
        kept_order=kept_order,
        order=place[order],
        labels=labels[order].astype(np.int64),
        public=public,
        public_order=place[public],
        public_labels=labels[public].astype(np.int64),
    )


def _permutation(secret: bytes, count: int) -> npt.NDArray[np.int64]:
    key = hashlib.sha256(secret).digest()
    return np.random.default_rng(int.from_bytes(key, "big")).permutation(count)


def _npy(array: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def evaluate(
    sandbox: Sandbox, artifact: Path, hidden: HiddenImages, *, spec: MissionSpec, salt: str
) -> tuple[GraphFacts, Evaluation]:
    """Vets the artifact, runs it on the hidden images in a sandbox, and measures the predictions.

    Args:
        artifact: the exported model; untrusted, read only inside the sandbox.
        salt: what the draws of the perturbation depend on; same salt, same perturbation.

    Raises:
        ArtifactRejected: it is not accepted, or can't be run within its limits.
        InfrastructureError: the machine failed.
    """
    listener = _Listener()
    limits = spec.limits
    caps = Caps(
        blob_bytes=max(4 * len(hidden.labels) * 4096, 1024**2), messages=MAX_MESSAGES, output_bytes=OUTPUT_BYTES
    )
    session = run_session(
        sandbox,
        evaluation_request(sandbox, spec),
        {
            **_job(spec, salt),
            "images": hidden.name,
            "public_images": len(hidden.public),
            "caps_on_messages": {"blob_bytes": caps.blob_bytes},
            "alone": Promise.HOST_PROCESSES_HIDDEN not in sandbox.unkept,
        },
        files={"model.pt2": artifact, "order.npy": _npy(np.concatenate([hidden.order, hidden.public_order]))},
        lasting={hidden.name: hidden.to_keep},
        budgets=(
            PhaseBudget("setup", wall_s=limits.setup_s),
            PhaseBudget("vet", wall_s=limits.setup_s),
            PhaseBudget("run", wall_s=limits.evaluation_s),
        ),
        caps=caps,
        handler=listener.take,
    )
    _raise_unless_done(listener, session, spec)
    assert listener.facts is not None
    if listener.facts.images_apart:
        _take_from_main(listener.passes, hidden, spec)
    evaluation = _measure(listener, hidden.labels, spec)
    return listener.facts, dataclasses.replace(evaluation, public_share=_public_share(listener, hidden, spec))


def evaluation_request(sandbox: Sandbox, spec: MissionSpec) -> Request:
    """The program that evaluates, before it is known what; equal for all submissions of a mission."""
    code = Mount("code/grader", Path(grader.__file__).parent)
    # Looking for garbage while torch is imported takes 0.2 s and finds none; `server.main` looks for it again.
    program = f"import gc, sys; gc.disable(); sys.path.insert(0, {str(Path(sandbox.inside(code)).parent)!r}); "
    limits = spec.limits
    return Request(
        run_id=f"evaluate-{uuid.uuid4().hex[:12]}",
        argv=("-I", "-c", program + "from grader.evaluation.server import main; main()"),
        mounts=(code,),
        limits=Limits(
            memory_bytes=MEMORY_BYTES,
            processes=limits.processes,
            cpus=limits.cpus,
            scratch_bytes=SCRATCH_BYTES + OVERHEAD_BYTES,
        ),
        environment=_ENVIRONMENT,
        reusable=True,
    )


def _job(spec: MissionSpec, salt: str) -> dict[str, Any]:
    rules = spec.evaluation.perturbation
    perturbed = rules.rotation_degrees or rules.noise_grey_levels or rules.shift_pixels
    return {
        "image_shape": list(spec.data.image_shape),
        "classes": spec.data.classes,
        "threads": THREADS,
        "caps": {"archive_bytes": spec.limits.artifact_bytes},
        "batch_sizes": list(spec.evaluation.batch_sizes),
        "sample_images": spec.evaluation.sample_images,
        "perturbation": rules.model_dump() if perturbed else None,
        "ablate": list(spec.graph.required),
        "conv_only": spec.graph.conv_only is not None,
        "recurrence_steps": spec.graph.recurrence.steps if spec.graph.recurrence else None,
        "seed": int.from_bytes(hashlib.sha256(salt.encode()).digest()[:6], "big"),
    }


def _raise_unless_done(listener: _Listener, session: SessionResult, spec: MissionSpec) -> None:
    """Turns every end but the good one into the exception that names it."""
    if listener.rejected is not None:
        rejected = listener.rejected
        raise ArtifactRejected(
            rejected.code,
            Text(rejected.message.en, rejected.message.ko),
            Text(rejected.advice.en, rejected.advice.ko),
        )
    if listener.facts is not None and listener.facts.output_classes != spec.data.classes:
        raise _wrong_classes(listener.facts.output_classes, spec)
    expected = {"main"} | (SEQUENCE_PASSES if spec.graph.recurrence else set())
    if listener.facts is not None and not listener.facts.images_apart:
        expected |= MIXING_PASSES
    if session.end is SessionEnd.DONE and listener.facts is not None and listener.passes.keys() >= expected:
        return
    smaller = Text("Return a smaller or simpler network.", "더 작고 단순한 신경망을 반환하세요.")
    if session.end is SessionEnd.TIME and session.phase != "setup":
        raise ArtifactRejected(
            "too_slow",
            Text(
                "The model takes too long on the test images.", "모델이 테스트 이미지를 처리하는 데 너무 오래 걸립니다."
            )
            if session.phase == "run"
            else Text(
                "The model has so many parts that it takes too long to read.",
                "모델의 구성 요소가 너무 많아 읽는 데 너무 오래 걸립니다.",
            ),
            smaller,
        )
    if session.end is SessionEnd.MEMORY:
        raise ArtifactRejected(
            "too_much_memory",
            Text(
                "The model needs too much memory on the test images.",
                "모델이 테스트 이미지에서 메모리를 너무 많이 씁니다.",
            ),
            smaller,
        )
    if session.exit.signal in FATAL_SIGNALS:
        raise ArtifactRejected(
            "kernel_crashed",
            Text(
                "The model crashed one of torch's own operations.",
                "모델을 실행하다가 torch의 연산 하나가 비정상 종료되었습니다.",
            ),
            smaller,
        )
    printed = (session.output.tail or session.output.head).decode("utf-8", "replace").strip()
    detail = printed.splitlines()[-1][:300] if printed else session.end.value
    raise InfrastructureError(
        Text(f"The evaluation ended without a result ({detail}).", f"평가가 결과 없이 끝났습니다({detail})."),
        Text("Run `grade doctor`; then try again.", "`grade doctor`를 실행한 뒤 다시 시도하세요."),
    )


def _wrong_classes(found: int, spec: MissionSpec) -> ArtifactRejected:
    """The refusal of a model for another number of classes."""
    classes = spec.data.classes
    return ArtifactRejected(
        "wrong_output_shape",
        Text(
            f"The model gives {found} numbers per image, the mission has {classes} classes.",
            f"모델이 이미지마다 {found}개의 값을 내보냅니다. 이 미션의 클래스는 {classes}개입니다.",
        ),
        Text(f"Let the last layer give (N, {classes}).", f"마지막 층의 출력 모양을 (N, {classes})에 맞추세요."),
    )


def _take_from_main(passes: dict[str, Logits], hidden: HiddenImages, spec: MissionSpec) -> None:
    """Adds the passes that were not run, because each image's logits are those of the main pass in any of them."""
    main = passes["main"]
    if len(main) != len(hidden.labels):
        return
    place = np.argsort(hidden.order)
    sizes = (f"batch_{size}" for size in spec.evaluation.batch_sizes)
    passes |= dict.fromkeys((*MIXING_PASSES, *sizes), main[: spec.evaluation.sample_images])
    passes["public"] = main[place[hidden.public_order]]


def _measure(listener: _Listener, labels: Labels, spec: MissionSpec) -> Evaluation:
    """Joins logits and labels.

    Raises:
        ArtifactRejected: the logits are not (N, classes).
    """
    passes, classes = listener.passes, spec.data.classes
    main = passes["main"]
    if main.shape != (len(labels), classes):
        raise _wrong_classes(main.shape[1], spec)
    sample = main[: spec.evaluation.sample_images]
    sample_labels = labels[: len(sample)]
    predicted = measures.predict(main)

    def against_main(name: str) -> measures.Agreement:
        return measures.agreement(main[: len(passes[name])], passes[name])

    return Evaluation(
        images=len(labels),
        correct=int((predicted == labels).sum()),
        non_finite=int((predicted < 0).sum()),
        confusion=measures.confusion(main, labels, classes),
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
        seconds=listener.seconds["main"],
        sequence=_sequence_use(passes) if passes.keys() >= SEQUENCE_PASSES else None,
        calibration=measures.calibration(main, labels),
        probabilities=measures.are_probabilities(main),
        constant=measures.is_constant(main),
    )


def _public_share(listener: _Listener, hidden: HiddenImages, spec: MissionSpec) -> PublicShare:
    """Joins the logits of the public images, in which no other image has a part, with labels and pixels.

    Raises:
        ArtifactRejected: the logits are not (P, classes).
    """
    logits = listener.passes["public"]
    if logits.shape != (len(hidden.public), spec.data.classes):
        raise _wrong_classes(logits.shape[1], spec)
    return public_share(logits, hidden.public_labels, positions=hidden.public, images=hidden.images)


def _perturbed_accuracy(passes: Mapping[str, Logits], labels: Labels) -> float | None:
    """The accuracy on all images, less what some of them lose when they are perturbed: the same images, twice."""
    if "perturbed" not in passes:
        return None
    main, perturbed = passes["main"], passes["perturbed"]
    if not len(perturbed):
        return 0.0
    some = labels[: len(perturbed)]
    lost = measures.accuracy(main[: len(some)], some) - measures.accuracy(perturbed, some)
    return min(1.0, max(0.0, measures.accuracy(main, labels) - lost))


def _sequence_use(passes: Mapping[str, Logits]) -> SequenceUse:
    def changed(name: str) -> float:
        return measures.changed_share(passes["main"][: len(passes[name])], passes[name])

    rows, swapped = {name: changed(name) for name in SEQUENCE_PASSES}, None
    partner, halfway, final = (passes.get(name) for name in ("swap_partner", "swap_halfway", "swap_final"))
    if partner is not None and halfway is not None and final is not None and len(partner) == len(halfway) == len(final):
        before = passes["main"][: len(partner)]
        pairs = measures.predict(before) != measures.predict(partner)
        swapped = (
            measures.changed_share(before, halfway, pairs),
            measures.changed_share(partner, halfway, pairs),
            measures.changed_share(before, final, pairs),
        )
    halfway_swap, late_input, final_swap = swapped or (None, None, None)
    return SequenceUse(
        halfway_swap=halfway_swap,
        late_input=late_input,
        final_swap=final_swap,
        shuffled_rows=rows["rows_shuffled"],
        blanked_rows=rows["rows_blanked"],
    )
