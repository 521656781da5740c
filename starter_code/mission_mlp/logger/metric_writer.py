"""Figures of every epoch, for people and programs / 에포크별 수치 기록."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"


class MetricWriter:
    """Writes one line per epoch to `metrics.jsonl`, and scalars for TensorBoard if asked to.

    에포크마다 `metrics.jsonl`에 한 줄씩 쓰고, 설정에 따라 TensorBoard용 스칼라도 기록합니다.

    A line is a JSON object such as `{"epoch": 1, "learning_rate": 0.004, "train_loss": 0.21, …}`.

    Args:
        folder: where `metrics.jsonl` and `tensorboard/` go / 기록을 저장할 폴더.
        tensorboard: also write TensorBoard scalars (`pip install tensorboard`) / TensorBoard 기록 여부.
        log: gets the same figures, as `log(epoch=1, train_loss=0.21, …)` / 같은 수치를 함께 받을 함수.
    """

    def __init__(self, folder: Path, *, tensorboard: bool, log: Callable[..., None] | None = None) -> None:
        self.path = folder / METRICS
        self.log = log
        self.board = _open_board(folder / "tensorboard") if tensorboard else None

    def write(self, epoch: int, figures: dict[str, float]) -> None:
        """Records the figures of one epoch / 한 에포크의 수치를 기록합니다."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": epoch, **figures}) + "\n")
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(name, value, epoch)
        if self.log is not None:
            self.log(epoch=epoch, **figures)

    def close(self) -> None:
        """Finishes the TensorBoard file / TensorBoard 파일을 닫습니다."""
        if self.board is not None:
            self.board.close()


def _open_board(folder: Path) -> Any | None:
    """TensorBoard's writer, or None with a message where the package is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logging.getLogger("trainer").warning(
            "TensorBoard is not installed: figures go to %s only (pip install tensorboard). / "
            "TensorBoard가 설치되어 있지 않아 %s에만 기록합니다.",
            METRICS,
            METRICS,
        )
        return None
    return SummaryWriter(str(folder))
