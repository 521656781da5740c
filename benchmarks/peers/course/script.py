"""The least that could be called a grader: python script.py OUT FOLDER…: a report and a row for each folder."""

import csv
import sys
from pathlib import Path

from cnn_checks import CHECKS, accuracy_of, load, logits, test_set


def main(out: Path, folders: list[Path]) -> None:
    """Grades one folder after another; isolates nothing."""
    for folder in folders:
        model = load(folder)
        lines, points = [], 0
        for check in CHECKS:
            try:
                check(model)
            except AssertionError as failure:
                lines.append(f"failed: {check.__doc__} {failure}")
            else:
                lines.append(f"passed: {check.__doc__}")
                points += 1
        accuracy = accuracy_of(logits(model))
        lines.append(f"accuracy: {accuracy:.4f} of {len(test_set()[1]):,} images")
        (out / f"{folder.name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        with (out / "grades.csv").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow([folder.name, points, accuracy])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
