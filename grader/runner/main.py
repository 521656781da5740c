"""One job, from its description on standard input to its results on the way out.

The host believes nothing of what this program says: student code shares its process and can say it too.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .channel import Channel, take_over_standard_streams
from .failures import describe, flush_student_output


def main() -> None:
    """Runs the job and ends the process at once, so that no destructor or exit hook of the student's runs on."""
    job, channel = take_over_standard_streams()
    submission = Path(job["submission"])
    try:
        run(job, channel)
    except BaseException as error:  # student code may raise anything, SystemExit and KeyboardInterrupt included
        flush_student_output()
        channel.send("failure", **describe(error, submission))
    else:
        flush_student_output()
        channel.send("done")
    os._exit(0)


def run(job: Mapping[str, Any], channel: Channel) -> None:
    """Makes the process ready, then trains or probes."""
    from .environment import prepare, versions
    from .probing import probe
    from .training import train

    prepare(job)
    channel.send("ready", versions=versions())
    if job["kind"] == "train":
        train(job, channel)
    else:
        probe(job, channel)
