"""A campaign fails, and names the input, where a reader escapes in any of the ways that there are."""

import os
import pickle
import random
from pathlib import Path

import pytest

from tests.fuzz import campaign, guard
from tests.fuzz.campaign import Case, Reader

BAD = 7
held: list[bytes] = []


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "INPUTS", campaign.BLOCK)
    monkeypatch.setattr(campaign, "INDEX", None)


def chance_of_bad() -> float:
    return random.Random(f"{campaign.SEED}/{BAD}").random()


def at_bad(act: object) -> Case:
    def case(chance: random.Random) -> str:
        if chance.random() == chance_of_bad():
            act()  # type: ignore[operator]
        return "accepted"

    return case


def raising(folder: Path) -> Case:
    return at_bad(lambda: {}["no such key"])


def endless(folder: Path) -> Case:
    def loop() -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue

    return at_bad(loop)


def dying(folder: Path) -> Case:
    return at_bad(os.abort)


def greedy(folder: Path) -> Case:
    return at_bad(lambda: held.append(b"x" * 50_000_000))


def writing_elsewhere(folder: Path) -> Case:
    def write() -> None:
        with guard.watched(writable=folder / "out"):
            try:
                (folder / "elsewhere").write_text("x")
            except BaseException:
                return

    return at_bad(write)


def linking(folder: Path) -> Case:
    def link() -> None:
        with guard.watched(writable=folder):
            (folder / "link").symlink_to("/etc/passwd")

    return at_bad(link)


def unpickling(folder: Path) -> Case:
    def load() -> None:
        with guard.watched():
            pickle.loads(pickle.dumps(Path("x")))

    return at_bad(load)


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        (raising, "KeyError"),
        (endless, "CPU time"),
        (dying, "exit code -6"),
        (writing_elsewhere, "Escape: open"),
        (linking, "Escape: os.symlink"),
        (unpickling, "Escape: pickle.find_class"),
    ],
)
def test_campaign_with_one_escape_fails_and_names_the_input(reader: Reader, why: str) -> None:
    with pytest.raises(AssertionError, match=why) as caught:
        campaign.run(reader, memory_bytes=32 * 1024**2)
    replay = f"GRADER_FUZZ_SEED={campaign.SEED} GRADER_FUZZ_INDEX={BAD} python -m pytest tests/fuzz/test_campaign.py"
    assert replay in str(caught.value)


def test_campaign_with_one_greedy_input_fails() -> None:
    with pytest.raises(AssertionError, match="memory rose by"):
        campaign.run(greedy, memory_bytes=32 * 1024**2)


def test_campaign_where_all_stop_at_the_first_check_fails() -> None:
    campaign.INPUTS = campaign.ENOUGH
    with pytest.raises(AssertionError, match="only 0 of"):
        campaign.expect(campaign.Counter({"refused": campaign.ENOUGH}), {("accepted",): 0.1})
