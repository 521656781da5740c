"""A mission's specification: the frozen form of `missions/<id>/mission.toml`."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from grader.errors import SpecError
from grader.text import Language, Text

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PackId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
OpGroup = Literal[
    "conv", "dense", "recurrent", "activation", "norm", "pool", "attention", "reduce", "shape", "arithmetic", "factory"
]
Offer = Literal[
    "train_set",
    "valid_set",
    "labeled_set",
    "unlabeled_images",
    "data_dir",
    "device",
    "time_budget_s",
    "seed",
    "log",
    "workdir",
]

Part = TypeVar("Part")


class SpecModel(BaseModel):
    """Frozen, and closed to fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class LabelBudgetSpec(SpecModel):
    """Semi-supervised: only these labels enter the sandbox, as `labeled_set`; all other images go without."""

    per_class: Annotated[int, Field(ge=1)]
    """Labels per class."""
    draws: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    """Seeds of the draws a course uses: a run with seed `s` gets draw `s` modulo their number."""
    supervised_accuracy: tuple[Fraction, ...]
    """Test accuracy of supervised training on the same labels, measured once per draw."""
    margin: Fraction = 0.0
    """Accuracy by which a submission must beat that."""

    @model_validator(mode="after")
    def _one_baseline_per_draw(self) -> Self:
        if len(self.supervised_accuracy) != len(self.draws):
            raise ValueError("there must be one supervised_accuracy per draw")
        return self


class ControlSpec(SpecModel):
    """A second training under changed conditions, evaluated like the first: what made the difference?"""

    id: Identifier
    """Name by which hidden tests ask for it."""
    replace_unlabeled: Literal["noise"] | None = None
    """`noise`: the pixels of every unlabelled image are shuffled, each image in its own way."""
    train_cpu_s: Annotated[float, Field(gt=0)]
    """CPU seconds of this training when it runs on a CPU."""
    train_gpu_s: Annotated[float, Field(gt=0)]
    """Seconds of this training when it runs on a GPU."""


class ProbeSpec(SpecModel):
    """A call of the student's functions on inputs made for this run; `probes.py` holds it under its id."""

    id: Identifier
    """Name of the function in `probes.py`, and of the one in `hidden_tests/inputs.py` that makes its inputs."""
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """Wall-clock seconds it may take."""


class DataSpec(SpecModel):
    """Which images the mission trains and tests on."""

    pack: PackId
    """Data pack that holds them."""
    valid_images: Annotated[int, Field(ge=0)]
    """How many of the last training images become `valid_set`; the rest is `train_set`."""
    image_shape: tuple[int, int, int]
    """Channels, height, width of one image."""
    classes: Annotated[int, Field(ge=2)]
    """Number of classes; the width of the logits."""


class EntrySpec(SpecModel):
    """What the student writes and what the runner may hand to it."""

    offers: tuple[Offer, ...]
    """Parameter names `train` may ask for, any subset, in any order."""


class LimitsSpec(SpecModel):
    """What one run may use."""

    train_cpu_s: Annotated[float, Field(gt=0)]
    """CPU seconds of `train` when it runs on a CPU."""
    train_gpu_s: Annotated[float, Field(gt=0)]
    """Seconds of `train` when it runs on a GPU."""
    wall_factor: Annotated[float, Field(ge=1)] = 2.0
    """Ceiling in wall-clock seconds behind the CPU budget, as a multiple of it."""
    setup_s: Annotated[float, Field(gt=0)] = 120.0
    """Wall-clock seconds to start the sandbox and import torch."""
    import_s: Annotated[float, Field(gt=0)] = 60.0
    """Wall-clock seconds to import the student's code."""
    export_s: Annotated[float, Field(gt=0)] = 90.0
    """Wall-clock seconds to export what `train` returned."""
    evaluation_s: Annotated[float, Field(gt=0)] = 300.0
    """Wall-clock seconds to vet and run the exported model."""
    cpus: Annotated[int, Field(ge=1)] = 2
    """Processors a run may use."""
    memory_bytes: Annotated[int, Field(gt=0)] = 4 * 1024**3
    """Memory of all processes of a run together."""
    gpu_memory_bytes: Annotated[int, Field(gt=0)] = 8 * 1024**3
    """Memory of the GPU of all processes of a run together, what CUDA itself takes included. Runs may share a GPU that
    has this much for each."""
    processes: Annotated[int, Field(ge=8)] = 256
    """Processes and threads at one time."""
    scratch_bytes: Annotated[int, Field(gt=0)] = 256 * 1024**2
    """Size of the writable scratch folder."""
    output_bytes: Annotated[int, Field(gt=0)] = 8 * 1024**2
    """Bytes a submission may print before it is stopped."""
    artifact_bytes: Annotated[int, Field(gt=0)] = 64 * 1024**2
    """Size of the exported model."""
    parameters: Annotated[int, Field(gt=0)]
    """Parameters of the exported model that contribute to its output."""


class StaticSpec(SpecModel):
    """What the source may not hold."""

    forbidden_imports: tuple[str, ...] = ()
    """Dotted module names; everything below them is forbidden too."""
    banned_files: tuple[str, ...] = ()
    """Glob patterns of file names that may not be handed in, such as saved weights."""


class RecurrenceSpec(SpecModel):
    """What makes a network recurrent: in its graph, and in what its predictions rest on."""

    steps: Annotated[int, Field(ge=2)]
    """Steps at which something new must enter one recurrence."""
    halfway_swap: Fraction = 0.3
    """Share of predictions that must change when two images swap the recurrent state halfway."""
    late_input: Fraction = 0.1
    """Share of predictions that must then differ from the other image's, too: what enters later must count."""
    input_swap: Fraction = 0.8
    """Share of predictions that must become the other image's when two images swap what enters step by step."""
    shuffled_rows: Fraction = 0.3
    """Share of predictions that must change when the rows of the image are shuffled."""
    blanked_rows: Fraction = 0.2
    """Share of predictions that must change when the lower half of the image is blank."""


class ConvOnlySpec(SpecModel):
    """Convolutions and element-wise activations only, in no disguise."""

    whole_kernel_before_last: bool = False
    """Whether a convolution before the last may have a kernel that spans its whole input."""


class GraphSpec(SpecModel):
    """What the executed graph must and must not hold."""

    required: tuple[OpGroup, ...] = ()
    """Op groups that must be there and matter."""
    forbidden: tuple[OpGroup, ...] = ()
    """Op groups that must not contribute to the output; attention counts also where it is written out."""
    ablation_drop: Fraction = 0.2
    """A required group matters if images that exchange what it gave lose at least this much accuracy."""
    recurrence: RecurrenceSpec | None = None
    """The network must be recurrent; None where it need not."""
    conv_only: ConvOnlySpec | None = None
    """The network must consist of convolutions and activations; None where it need not."""


class PerturbationSpec(SpecModel):
    """Label-preserving changes to the test images, drawn anew for every run."""

    rotation_degrees: Annotated[float, Field(ge=0, le=45)] = 0.0
    """Each image is rotated by an angle drawn uniformly from ± this."""
    noise_grey_levels: Annotated[float, Field(ge=0, le=64)] = 0.0
    """Standard deviation of the Gaussian noise added, in grey levels of 255."""
    shift_pixels: Annotated[int, Field(ge=0, le=8)] = 0
    """Each image is shifted by a whole number of pixels drawn from ± this, per axis."""
    max_drop: Fraction = 0.02
    """Accuracy that an honest model may lose."""

    @property
    def wanted(self) -> bool:
        """Whether images are changed at all."""
        return bool(self.rotation_degrees or self.noise_grey_levels or self.shift_pixels)


class EvaluationSpec(SpecModel):
    """How the exported model is measured."""

    batch_sizes: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (1, 7, 1000)
    """Batch sizes at which the logits must agree with those of the main pass; tried where the graph does not tell."""
    agreement: Annotated[float, Field(gt=0)] = 1e-3
    """Largest allowed difference of two logits of one image, relative to the spread of its logits."""
    sample_images: Annotated[int, Field(ge=100)] = 1000
    """Images of the side passes: batch sizes, repetition, exchanges."""
    perturbation: PerturbationSpec = PerturbationSpec()
    """What the images of the robustness pass go through."""
    bar: Fraction
    """Accuracy that the mission asks for."""
    rerun_band: Fraction = 0.0
    """A retrained model that misses the bar by less than this is trained with two more seeds; the median counts."""


class PartialCreditSpec(SpecModel):
    """Points for coming close: none at `from`, rising evenly to `cap` of the points just below `full`."""

    from_: Fraction = Field(alias="from")
    """Measured value that earns nothing yet."""
    full: Fraction
    """Measured value that earns all points: the bar."""
    cap: Fraction = 1.0
    """Largest share of the points below the bar."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.from_ < self.full:
            raise ValueError("partial credit must begin below the bar")
        return self

    def credit(self, value: float) -> float:
        """Share of the points, 0 to 1, that `value` earns."""
        if value >= self.full:
            return 1.0
        return self.cap * max(0.0, (value - self.from_) / (self.full - self.from_))


class StandInSpec(SpecModel):
    """Where the mission's data pack can't be had, another of the same form, with bars of its own."""

    pack: PackId
    """Data pack used instead."""
    bar: Fraction
    """Accuracy that the mission asks for on it."""
    partial: dict[Identifier, PartialCreditSpec] = {}
    """Partial credit on it, for the criteria whose own does not hold."""
    expected: dict[Identifier, Text] = {}
    """The bar on it as the report shows it, for the same criteria."""


class CriterionSpec(SpecModel):
    """One line of the rubric."""

    id: Identifier
    """Name; the hidden test that settles it is `test_<id>`."""
    points: Annotated[float, Field(gt=0)]
    """Points for meeting it in full."""
    title: Text
    """What is asked, in a few words."""
    expected: Text
    """The bar, as the report shows it."""
    hint: Text
    """What to try when it is not met."""
    visible: bool = True
    """Whether a student sees it by name before the due date."""
    depends_on: tuple[Identifier, ...] = ()
    """Criteria that must earn some credit before this one is judged."""
    partial: PartialCreditSpec | None = None
    """Partial credit; None for all or nothing."""
    bonus: bool = False
    """Points on top: not counted in the mission's points, and not needed for full marks."""


class MissionSpec(SpecModel):
    """Everything the grader must know about a mission."""

    id: Identifier
    """Name of the mission and of its folder."""
    title: Text
    """Title."""
    brief: Text
    """One or two sentences on what to do."""
    difficulty: Literal["easy", "medium", "hard"]
    """How hard it is for a learner who has just heard the lesson: 하, 중, 상."""
    points: Annotated[float, Field(gt=0)]
    """Largest score; the sum of the criteria's points."""
    pass_mark: Annotated[float, Field(gt=0)]
    """Score from which the mission is passed."""
    maybe_data: DataSpec | None = Field(default=None, alias="data")
    """Images and labels; absent where nothing is trained."""
    maybe_entry: EntrySpec | None = Field(default=None, alias="entry")
    """The student's functions; absent where nothing is trained."""
    maybe_limits: LimitsSpec | None = Field(default=None, alias="limits")
    """Time, memory, sizes; absent where nothing is trained."""
    static: StaticSpec = StaticSpec()
    """Rules on the source."""
    graph: GraphSpec = GraphSpec()
    """Rules on the executed graph."""
    maybe_evaluation: EvaluationSpec | None = Field(default=None, alias="evaluation")
    """How the model is measured; absent where nothing is trained."""
    stand_in: StandInSpec | None = None
    """What is used where the data pack can't be had; None where there is no substitute."""
    label_budget: LabelBudgetSpec | None = None
    """Which labels enter the sandbox; None for all training labels."""
    probes: tuple[ProbeSpec, ...] = ()
    """Calls of the student's functions on fresh inputs."""
    controls: tuple[ControlSpec, ...] = ()
    """Trainings to compare with."""
    criteria: tuple[CriterionSpec, ...] = Field(min_length=1)
    """The rubric."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [criterion.id for criterion in self.criteria]
        if len(set(ids)) != len(ids):
            raise ValueError("two criteria have the same id")
        for position, criterion in enumerate(self.criteria):
            unknown = set(criterion.depends_on) - set(ids[:position])
            if unknown:
                raise ValueError(f"criterion {criterion.id} depends on {sorted(unknown)}, not listed before it")
        total = sum(criterion.points for criterion in self.criteria if not criterion.bonus)
        if abs(total - self.points) > 1e-9:
            raise ValueError(f"the criteria sum to {total:g} points, the mission says {self.points:g}")
        if self.pass_mark > self.points:
            raise ValueError("the pass mark is above the largest score")
        return self

    @model_validator(mode="after")
    def _trains_or_not(self) -> Self:
        parts = (self.maybe_data, self.maybe_entry, self.maybe_limits, self.maybe_evaluation)
        if any(part is None for part in parts) and (any(parts) or self.probes or self.controls):
            raise ValueError("data, entry, limits and evaluation come together, for a mission that trains a model")
        for name, ids in (("probes", self.probes), ("controls", self.controls)):
            if len({part.id for part in ids}) != len(ids):
                raise ValueError(f"two {name} have the same id")
        offered = set(self.maybe_entry.offers) if self.maybe_entry else set()
        if ("labeled_set" in offered or "unlabeled_images" in offered) and self.label_budget is None:
            raise ValueError("labeled_set and unlabeled_images need a label_budget")
        if offered & {"train_set", "valid_set", "data_dir"} and self.label_budget is not None:
            raise ValueError("with a label_budget, no other training data may be offered")
        return self

    @model_validator(mode="after")
    def _stand_in_fits(self) -> Self:
        if self.stand_in is None:
            return self
        if self.maybe_data is None:
            raise ValueError("a stand_in needs data to stand in for")
        unknown = (self.stand_in.partial.keys() | self.stand_in.expected.keys()) - {line.id for line in self.criteria}
        if unknown:
            raise ValueError(f"stand_in names {sorted(unknown)}, which are no criteria")
        return self

    def on_pack(self, pack_id: str) -> Self:
        """The mission as it is judged on the data pack at hand: this one, or that with the stand-in's bars.

        Args:
            pack_id: of the pack that `data.resolve` gave.

        Raises:
            ValueError: the mission names no such pack.
        """
        if self.maybe_data is None or self.maybe_evaluation is None or pack_id == self.maybe_data.pack:
            return self
        if self.stand_in is None or pack_id != self.stand_in.pack:
            raise ValueError(f"{self.id} has no data pack {pack_id}")
        bars = self.stand_in
        criteria = (
            line.model_copy(
                update={
                    "partial": bars.partial.get(line.id, line.partial),
                    "expected": bars.expected.get(line.id, line.expected),
                }
            )
            for line in self.criteria
        )
        return self.model_copy(
            update={
                "maybe_data": self.maybe_data.model_copy(update={"pack": bars.pack}),
                "maybe_evaluation": self.maybe_evaluation.model_copy(update={"bar": bars.bar}),
                "criteria": tuple(criteria),
            }
        )

    @property
    def trains(self) -> bool:
        """Whether a submission holds a model to train; otherwise only its source is judged."""
        return self.maybe_data is not None

    @property
    def data(self) -> DataSpec:
        """Images and labels of a mission that trains."""
        return _of_training(self.maybe_data)

    @property
    def entry(self) -> EntrySpec:
        """The student's functions of a mission that trains."""
        return _of_training(self.maybe_entry)

    @property
    def limits(self) -> LimitsSpec:
        """Limits of a mission that trains."""
        return _of_training(self.maybe_limits)

    @property
    def evaluation(self) -> EvaluationSpec:
        """Measurements of a mission that trains."""
        return _of_training(self.maybe_evaluation)

    def criterion(self, criterion_id: str) -> CriterionSpec:
        """The criterion of that id.

        Raises:
            KeyError: there is none.
        """
        for criterion in self.criteria:
            if criterion.id == criterion_id:
                return criterion
        raise KeyError(criterion_id)


def _of_training(part: Part | None) -> Part:
    """What only a mission that trains has."""
    if part is None:
        raise SpecError(Text("this mission trains no model", "모델을 학습하지 않는 미션입니다"))
    return part


DIFFICULTY: dict[str, dict[Language, str]] = {
    "easy": {"en": "easy", "ko": "하"},
    "medium": {"en": "medium", "ko": "중"},
    "hard": {"en": "hard", "ko": "상"},
}


def load_spec(path: Path) -> MissionSpec:
    """Reads one `mission.toml`.

    Args:
        path: the file, written by the course's authors (trusted).

    Raises:
        SpecError: it can't be read, is not TOML, or does not fit the schema; the message names the field.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return MissionSpec.model_validate(document)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(Text(f"{path}: {error}", f"{path} 파일을 읽을 수 없습니다: {error}")) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the mission"
        raise SpecError(
            Text(f"{path}: {where}: {first['msg']}", f"{path} 파일의 {where} 값이 올바르지 않습니다: {first['msg']}")
        ) from error
