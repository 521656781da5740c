"""The host's side of an evaluation: hands out artifact and shuffled images, has what comes back read and joined."""

import hashlib
import uuid
from pathlib import Path
from typing import Any

import numpy as np

import grader
from grader.errors import ArtifactRejected, InfrastructureError
from grader.evaluation.answers import Answers, Asked
from grader.evaluation.hidden_images import HiddenImages, npy
from grader.evaluation.joining import join
from grader.evaluation.measures import Evaluation
from grader.graph import GraphFacts
from grader.sandbox.base import Limits, Mount, Promise, Request, Sandbox
from grader.sandbox.delivery import OVERHEAD_BYTES
from grader.sandbox.session import Caps, PhaseBudget, SessionEnd, SessionResult, run_session
from grader.spec import MissionSpec
from grader.text import Text

THREADS = 1
"""One program per core makes better use of cores than threads, and sums are added in the same order everywhere."""
MAX_MESSAGES = 64
OUTPUT_BYTES = 1024 * 1024
MEMORY_BYTES = 4 * 1024**3
SCRATCH_BYTES = 16 * 1024**2
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""NumPy's own threads, of which it needs none, wait busily."""
FATAL_SIGNALS = (4, 6, 7, 8, 11)
"""SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV: a kernel of torch fell over what the model asked of it."""


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
    answers = Answers(Asked(spec, images=len(hidden.labels), public=len(hidden.public)))
    limits = spec.limits
    caps = Caps(blob_bytes=answers.asked.blob_bytes, messages=MAX_MESSAGES, output_bytes=OUTPUT_BYTES)
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
        files={"model.pt2": artifact, "order.npy": npy(np.concatenate([hidden.order, hidden.public_order]))},
        lasting={hidden.name: hidden.to_keep},
        budgets=(
            PhaseBudget("setup", wall_s=limits.setup_s),
            PhaseBudget("vet", wall_s=limits.setup_s),
            PhaseBudget("run", wall_s=limits.evaluation_s),
        ),
        caps=caps,
        handler=answers.take,
    )
    _raise_unless_done(answers, session)
    assert answers.facts is not None
    return answers.facts, join(answers, hidden)


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
    return {
        "image_shape": list(spec.data.image_shape),
        "classes": spec.data.classes,
        "threads": THREADS,
        "caps": {"archive_bytes": spec.limits.artifact_bytes},
        "batch_sizes": list(spec.evaluation.batch_sizes),
        "sample_images": spec.evaluation.sample_images,
        "perturbation": rules.model_dump() if rules.wanted else None,
        "ablate": list(spec.graph.required),
        "conv_only": spec.graph.conv_only is not None,
        "recurrence_steps": spec.graph.recurrence.steps if spec.graph.recurrence else None,
        "seed": int.from_bytes(hashlib.sha256(salt.encode()).digest()[:6], "big"),
    }


def _raise_unless_done(answers: Answers, session: SessionResult) -> None:
    """Turns every end but the good one into the exception that names it."""
    if answers.rejected is not None:
        rejected = answers.rejected
        raise ArtifactRejected(
            rejected.code,
            Text(rejected.message.en, rejected.message.ko),
            Text(rejected.advice.en, rejected.advice.ko),
        )
    classes = answers.asked.spec.data.classes
    if answers.facts is not None and answers.facts.output_classes != classes:
        raise _wrong_classes(answers.facts.output_classes, classes)
    if session.end is SessionEnd.DONE and answers.complete:
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


def _wrong_classes(found: int, classes: int) -> ArtifactRejected:
    """The refusal of a model for another number of classes."""
    return ArtifactRejected(
        "wrong_output_shape",
        Text(
            f"The model gives {found} numbers per image, the mission has {classes} classes.",
            f"모델이 이미지마다 {found}개의 값을 내보냅니다. 이 미션의 클래스는 {classes}개입니다.",
        ),
        Text(f"Let the last layer give (N, {classes}).", f"마지막 층의 출력 모양을 (N, {classes})에 맞추세요."),
    )
