"""What a run on a GPU is given, and how it ends where the GPU's memory does not suffice."""

from pathlib import Path

import pytest
import torch

from grader.execution.endings import ending_of
from grader.execution.training import TrainingJob, _description, training_request
from grader.results import Figure, Quantity, Reason
from grader.runner import environment
from grader.sandbox.none import NoSandbox
from grader.sandbox.session import SessionEnd
from grader.spec import MissionSpec
from grader.submission import Submission
from tests.unit import specs
from tests.unit.execution.outcomes import GIB, outcome

# Put together from the words in torch 2.15.0's allocator.
OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.65 GiB of which 11.06 GiB is "
    "free. Including non-PyTorch memory, this process has 7.02 GiB memory in use. 7.00 GiB allowed; Of the allocated "
    "memory 6.52 GiB is allocated by PyTorch, and 194.87 MiB is reserved by PyTorch but unallocated."
)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(OUT_OF_MEMORY),
        torch.OutOfMemoryError(
            "CUDA out of memory. Allocation was preemptively rejected because it would exceed "
            "per_process_memory_fraction limit. Requested size: 2.00 GiB"
        ),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError('NVML_SUCCESS == r INTERNAL ASSERT FAILED at "../c10/cuda/CUDACachingAllocator.cpp":844'),
    ],
)
def test_gpu_memory_that_runs_out_in_student_code_is_a_limit_with_figures(
    error: RuntimeError, spec: MissionSpec, submission: Submission
) -> None:
    ending = ending_of(outcome(failure=error), spec.limits, submission)
    assert ending is not None
    assert ending.reason is Reason.GPU_MEMORY_LIMIT
    assert Figure(quantity=Quantity.GPU_MEMORY_BYTES, used=2 * GIB, limit=3 * GIB) in ending.figures
    assert "3 GiB" in ending.message.en
    assert "3 GiB" in ending.message.ko


def test_run_ended_by_the_watch_is_a_limit_with_figures(spec: MissionSpec, submission: Submission) -> None:
    ending = ending_of(outcome(end=SessionEnd.GPU_MEMORY, peak=5 * GIB), spec.limits, submission)
    assert ending is not None
    assert ending.reason is Reason.GPU_MEMORY_LIMIT
    assert ending.figures[0] == Figure(quantity=Quantity.GPU_MEMORY_BYTES, used=5 * GIB, limit=3 * GIB)


def test_gpu_figure_of_another_end_says_of_how_much(spec: MissionSpec, submission: Submission) -> None:
    ending = ending_of(outcome(end=SessionEnd.TIME), spec.limits, submission)
    assert ending is not None
    assert ending.reason is Reason.TIME_LIMIT
    assert Figure(quantity=Quantity.GPU_MEMORY_BYTES, used=2 * GIB, limit=3 * GIB) in ending.figures


def test_memory_of_the_machine_is_not_taken_for_the_gpus(spec: MissionSpec, submission: Submission) -> None:
    error = RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")
    ending = ending_of(outcome(failure=error), spec.limits, submission)
    assert ending is not None
    assert ending.reason is Reason.MEMORY_LIMIT


def test_request_on_a_gpu_names_it_its_share_and_what_cuda_must_find_before_it_starts(spec: MissionSpec) -> None:
    request = training_request(NoSandbox(), spec, Path("/data"), gpu=2)
    assert (request.gpu, request.limits.gpu_memory_bytes) == (2, 3 * GIB)
    assert request.environment == {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def test_request_on_the_cpu_holds_nothing_of_a_gpu(spec: MissionSpec) -> None:
    request = training_request(NoSandbox(), spec, Path("/data"), gpu=None)
    assert (request.gpu, request.limits.gpu_memory_bytes, request.environment) == (None, None, {})


def test_default_share_is_8_gib() -> None:
    assert MissionSpec.model_validate(specs.document()).limits.gpu_memory_bytes == 8 * GIB


@pytest.mark.parametrize(
    ("limit", "total", "expected"),
    [(8, 80, 7 / 80), (8, 8, 7 / 8), (8, 6, 1.0), (9, 4, 1.0), (1, 16, 0.5 / 16), (2, 16, 1 / 16)],
)
def test_torchs_share_leaves_room_for_cuda_itself(limit: int, total: int, expected: float) -> None:
    assert environment.memory_fraction(limit * GIB, total * GIB) == pytest.approx(expected)


def test_job_on_a_gpu_is_made_to_repeat_itself_within_its_share(
    spec: MissionSpec, submission: Submission, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Card:
        total_memory = 16 * GIB

    asked: list[float] = []
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: Card)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", asked.append)
    job = TrainingJob(spec=spec, submission=tmp_path, training_data=tmp_path, seed=5, gpu=1)
    threads = torch.get_num_threads()
    before = (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32)
    try:
        environment.prepare(_description(NoSandbox(), job))
        assert asked == [2 / 16]
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (False, True)
        assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == (False, False)
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(threads)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = before


def test_job_on_the_cpu_touches_no_gpu_setting(spec: MissionSpec, tmp_path: Path) -> None:
    job = TrainingJob(spec=spec, submission=tmp_path, training_data=tmp_path, seed=5)
    threads = torch.get_num_threads()
    try:
        environment.prepare(_description(NoSandbox(), job))
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(threads)
