"""One job, from its description on standard input to its results on the way out.

The host believes nothing of what this program says: student code shares its process and can say it too.
"""

import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .channel import Channel, open_channel
from .failures import describe, flush_student_output
from .intake import take_job

AHEAD = "ahead"
"""Argument of a program that is started before its job is known: it gets ready for any."""


def main() -> None:
    """Runs the job and ends the process at once, so that no destructor or exit hook of the student's runs on."""
    channel = open_channel()
    given = Path.cwd() / "given"
    try:
        run(given, channel)
    except BaseException as error:  # student code may raise anything, SystemExit and KeyboardInterrupt included
        flush_student_output()
        channel.send("failure", **describe(error, given / "submission"))
    else:
        flush_student_output()
        channel.send("done")
    os._exit(0)


def run(given: Path, channel: Channel) -> None:
    """Makes the process ready, takes the job, then trains or probes."""
    gc.disable()  # looking for garbage while torch is imported takes 0.2 s and finds none
    from .environment import prepare, versions, warm_up
    from .probing import probe
    from .training import train

    gc.enable()
    if AHEAD in sys.argv:
        warm_up()
    job: Mapping[str, Any] = take_job(given)
    prepare(job)
    channel.send("ready", versions=versions())
    if job["kind"] == "train":
        train(job, given, channel)
    else:
        probe(job, given, channel)
