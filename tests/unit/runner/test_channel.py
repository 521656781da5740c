"""The way out of the runner."""

import os
import threading
from pathlib import Path

from grader.runner.channel import Channel


def test_settled_channel_has_nothing_left_that_could_be_taken_back() -> None:
    reading, writing = os.pipe()
    channel = Channel(writing)
    channel.send("phase", phase="import")
    settling = threading.Thread(target=channel.settle, daemon=True)
    settling.start()
    settling.join(0.05)
    assert settling.is_alive(), "nobody has read it yet"
    os.read(reading, 4096)
    settling.join(10)
    assert not settling.is_alive()
    os.close(reading)
    os.close(writing)


def test_channel_that_is_no_pipe_settles_at_once(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        Channel(file.fileno()).settle()
