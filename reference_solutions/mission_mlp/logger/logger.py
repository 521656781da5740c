"""Messages of a training, on the console and in a file / 콘솔과 파일에 남기는 메시지."""

import logging
from pathlib import Path


def log_to(folder: Path) -> None:
    """Sends the project's messages to the console and to `info.log` in `folder` / 메시지를 콘솔과 파일에 남깁니다."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s  %(message)s",
        datefmt="%H:%M:%S",
        handlers=[logging.StreamHandler(), logging.FileHandler(folder / "info.log", encoding="utf-8")],
    )
