"""What is shown while a submission is graded."""

import io

from rich.console import Console

from grader.cli.progress import QUIET_S, LiveProgress, PlainProgress, logged, watching
from grader.progress import Stage
from grader.results import LogPoint


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(progress: LiveProgress) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=False).print(progress.render())
    return stream.getvalue()


def test_live_block_shows_stages_values_and_time_left() -> None:
    clock = Clock()
    progress = LiveProgress("en", clock=clock)
    progress.stage(Stage.COLLECT)
    clock.now += 0.5
    progress.stage(Stage.TRAIN)
    progress.log(LogPoint(seconds=3.0, values={"train_loss": 0.51234, "epoch": 2, "valid_accuracy": 0.98}))
    progress.budget(60.0, 240.0)
    text = drawn(progress)
    assert "✓ Collecting the submission  0.5 s" in text
    assert "epoch 2 · train_loss 0.5123 · valid_accuracy 0.98" in text
    assert "60 s of 4 min, 3 min left" in text


def test_live_block_in_korean() -> None:
    progress = LiveProgress("ko", clock=Clock())
    progress.stage(Stage.TRAIN)
    progress.budget(250.0, 240.0)
    assert "4분 10초 / 4분, 0.0초 남음" in drawn(progress)


def test_live_block_fits_eighty_columns_whatever_is_logged() -> None:
    progress = LiveProgress("en", clock=Clock())
    progress.stage(Stage.TRAIN)
    progress.log(LogPoint(seconds=1.0, values={"x" * 500 + str(number): "y" * 500 for number in range(50)}))
    assert all(len(line) <= 80 for line in drawn(progress).splitlines())


def test_second_training_begins_with_an_empty_budget() -> None:
    progress = LiveProgress("en", clock=Clock())
    progress.stage(Stage.TRAIN)
    progress.budget(60.0, 240.0)
    progress.stage(Stage.EVALUATE)
    progress.stage(Stage.TRAIN)
    assert "left" not in drawn(progress)


def test_logged_values_are_inert_and_few() -> None:
    text = logged(LogPoint(seconds=0, values={"\x1b[2Jloss": "\u202enan", **{f"k{n}": n for n in range(9)}}))
    assert text.startswith("\\x1b[2Jloss \\u202enan · ")
    assert text.count("·") == 3


def test_plain_lines_are_sparse() -> None:
    clock, lines = Clock(), list[str]()
    progress = PlainProgress(lines.append, "en", clock=clock)
    progress.stage(Stage.START)
    progress.stage(Stage.START)
    progress.stage(Stage.TRAIN)
    for step in range(400):
        clock.now += 0.1
        progress.budget(step / 10, 240.0)
        progress.log(LogPoint(seconds=step / 10, values={"epoch": step}))
    assert lines[:2] == ["Starting the sandbox …", "Training …"]
    assert len(lines) == 2 + int(40 / QUIET_S)
    assert "epoch 149" in lines[2]
    assert "left" in lines[2]


def test_watching_a_pipe_writes_no_control_codes() -> None:
    stream = io.StringIO()
    with watching(Console(file=stream, force_terminal=False), "en") as progress:
        progress.stage(Stage.TRAIN)
    assert stream.getvalue() == "Training …\n"


def test_watching_a_terminal_leaves_it_as_it_was() -> None:
    stream = io.StringIO()
    with watching(Console(file=stream, force_terminal=True, width=80, _environ={"TERM": "xterm"}), "en") as progress:
        progress.stage(Stage.TRAIN)
    assert stream.getvalue().endswith("\x1b[?25h\x1b[1A\x1b[2K") or "\x1b[?25h" in stream.getvalue()
