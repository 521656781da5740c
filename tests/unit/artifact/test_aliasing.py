"""In-place operations become functional ones exactly, or are refused."""

import pytest

from grader.artifact.aliasing import MAX_VIEWS, Aliases
from grader.errors import ArtifactRejected


def fresh(*names: str) -> Aliases:
    aliases = Aliases()
    for name in names:
        aliases.define(name)
    return aliases


def test_write_renames_later_reads() -> None:
    aliases = fresh("x")
    aliases.write("x", "y")
    assert (aliases.read("x"), aliases.read("y")) == ("y", "y")


def test_write_through_a_second_name_renames_both() -> None:
    aliases = fresh("x")
    aliases.define_same("same", "x")
    aliases.write("same", "y")
    assert aliases.read("x") == "y"


def test_copy_is_not_written_to() -> None:
    aliases = fresh("x")
    aliases.define_copy("copy", "x")
    aliases.write("copy", "y")
    assert (aliases.read("x"), aliases.read("copy")) == ("x", "y")


@pytest.mark.parametrize(("written", "read"), [("view", "x"), ("x", "view"), ("deep", "x"), ("x", "deep")])
def test_read_of_memory_written_to_under_another_name_is_refused(written: str, read: str) -> None:
    aliases = fresh("x")
    aliases.define_view("view", "x", "view")
    aliases.define_view("deep", "view", "deep")
    aliases.write(written, "y")
    with pytest.raises(ArtifactRejected) as caught:
        aliases.read(read)
    assert caught.value.code == "in_place_alias"


def test_parts_of_one_split_are_disjoint() -> None:
    aliases = fresh("x")
    for part in range(3):
        aliases.define_view(f"p{part}", "x", "split", part)
    aliases.define_view("inner", "p1", "inner")
    aliases.write("p0", "y")
    assert [aliases.read(name) for name in ("p0", "p1", "inner")] == ["y", "p1", "inner"]
    with pytest.raises(ArtifactRejected):
        aliases.read("x")


def test_write_to_a_view_of_a_weight_is_refused() -> None:
    aliases = Aliases()
    aliases.define("w", frozen=True)
    aliases.define_view("v", "w", "v")
    with pytest.raises(ArtifactRejected) as caught:
        aliases.write("v", "y")
    assert caught.value.code == "stateful_model"


def test_views_without_end_stay_small_and_safe() -> None:
    aliases = fresh("v0")
    for number in range(MAX_VIEWS - 1):
        aliases.define_view(f"v{number + 1}", f"v{number}", f"v{number + 1}")
    aliases.write("v400", "y")
    with pytest.raises(ArtifactRejected):
        aliases.read("v300")
    aliases.define_view("more", "y", "more")
    aliases.define_view("most", "y", "most")
    with pytest.raises(ArtifactRejected):
        aliases.write("more", "z")
