"""The program inside the evaluation sandbox: keeps torch and the test images in memory, and forks a child per model.

Each child sees one model and ends after it; what it says passes through here, so that nothing of it can speak, or be
alive, when the next model comes. A child that ends badly ends this program in the same way: the host throws the whole
sandbox away then.
"""

import contextlib
import ctypes
import gc
import io
import json
import os
import select
import shutil
import signal
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from grader.evaluation.compiler import leave_out_compiler
from grader.evaluation.confinement import confine
from grader.evaluation.worker import Send, work
from grader.runner.intake import MAX_DELIVERY_BYTES
from grader.runner.protocol import FrameReader, Message, ProtocolError, write_message

MODEL = "model.pt2"
ORDER = "order.npy"
READ_BYTES = 1024 * 1024
UNLIMITED = 2**62
PR_SET_DUMPABLE = 4
DRAIN_S = 0.05

Images = npt.NDArray[np.uint8]


def main() -> None:
    """Serves jobs from standard input until it closes."""
    _close_to_children()
    _load_what_children_need()
    kept: dict[str, Images] = {}
    for message in _jobs():
        job: dict[str, Any] = json.loads(message.raw_json)
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=Path.cwd()))
        order = _unpack(message.blob or b"", folder, kept)
        del message
        status = _serve(job, folder, kept[job["images"]], order)
        shutil.rmtree(folder, ignore_errors=True)
        if status != 0:
            _end_like(status)
        write_message(_write_to(1), {"event": "ended"})


def _jobs() -> Iterator[Message]:
    reader = FrameReader(max_blob_bytes=MAX_DELIVERY_BYTES, max_messages=UNLIMITED)
    while data := os.read(0, READ_BYTES):
        yield from reader.feed(data)


def _unpack(delivery: bytes, folder: Path, kept: dict[str, Images]) -> npt.NDArray[np.int32]:
    """Puts the model into the folder and new images into memory; gives the order of this job's images."""
    order = np.zeros(0, dtype=np.int32)
    with tarfile.open(fileobj=io.BytesIO(delivery)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            content = file.read() if file is not None else b""
            if member.name == MODEL:
                (folder / MODEL).write_bytes(content)
            elif member.name == ORDER:
                order = np.load(io.BytesIO(content), allow_pickle=False)
            else:
                kept[member.name] = np.load(io.BytesIO(content), allow_pickle=False)
    return order


def _serve(job: dict[str, Any], folder: Path, images: Images, order: npt.NDArray[np.int32]) -> int:
    """Lets a child do the job, and gives its wait status."""
    output, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(output)
        _be_a_child(job, folder, images, order, into)
    os.close(into)
    try:
        return _relay(child, output, job)
    finally:
        os.close(output)
        if job["alone"]:
            # Whatever the child left: the signal reaches all that live in here but this program and its init.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while True:
                    os.waitpid(-1, 0)


def _be_a_child(
    job: dict[str, Any], folder: Path, images: Images, order: npt.NDArray[np.int32], output: int
) -> NoReturn:
    """Does one job and ends, without a way back to this program's own input and output."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.closerange(3, 1024)
        write = _write_to(1)

        def send(event: str, blob: bytes | None = None, **fields: Any) -> None:
            write_message(write, {"event": event, **fields}, blob)

        if job["alone"]:
            confine()
        work(job, folder / MODEL, images[order], send)
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


def _relay(child: int, output: int, job: dict[str, Any]) -> int:
    """Passes on whole messages until the child has ended; one that breaks the protocol is killed."""
    reader = FrameReader(max_blob_bytes=int(job["caps_on_messages"]["blob_bytes"]), max_messages=UNLIMITED)
    write = _write_to(1)
    status: int | None = None
    while True:
        ready, _, _ = select.select([output], [], [], DRAIN_S)
        data = os.read(output, READ_BYTES) if ready else b""
        try:
            for message in reader.feed(data):
                _pass_on(message, write)
        except (ValueError, RecursionError):  # frames, numbers that are none, a thousand brackets
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        if status is not None and not data:
            return status
        if not data:
            ended, found = os.waitpid(child, 0 if ready else os.WNOHANG)
            status = found if ended else None


def _pass_on(message: Message, write: Send) -> None:
    fields: dict[str, Any] = json.loads(message.raw_json)
    if fields.get("event") == "ended":
        raise ProtocolError("only this program says that a job has ended")
    fields.pop("blob_bytes", None)
    write_message(write, fields, message.blob)


def _end_like(status: int) -> NoReturn:
    """Ends this program the way its child ended, which is what the host then sees."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
        time.sleep(1)
    os._exit(code if code > 0 else 1)


def _write_to(descriptor: int) -> Send:
    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    return write


def _load_what_children_need() -> None:
    """Touches the parts of torch that are loaded at first use, which each child would load again.

    On shapes alone, and in one thread: a child of a program with running threads could wait for them for ever.
    """
    leave_out_compiler()
    torch.set_num_threads(1)
    images = torch.empty(2, 3, 8, 8, device="meta")
    features = F.max_pool2d(F.relu(F.conv2d(images, torch.empty(4, 3, 3, 3, device="meta"))), 2)
    F.linear(features.flatten(1), torch.empty(10, 36, device="meta"))
    gc.freeze()  # a collection in a child would write to, and so copy, every page that holds an object
    gc.enable()  # off since this program began


def _close_to_children() -> None:
    """Lets no process of the same user look into this one's memory or descriptors; its children inherit that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main()
