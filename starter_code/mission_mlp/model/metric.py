"""Metrics; `config["metrics"]` lists those to log / 평가 지표. 설정의 metrics에 이름을 적으면 에포크마다 기록됩니다."""

from torch import Tensor


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Gives the share of images classified right / 맞힌 이미지의 비율을 계산합니다.

    Args:
        logits: float32 (B, 10); the largest one is the prediction / 가장 큰 값이 예측입니다.
        labels: int64 (B,) in 0..9.

    Returns:
        A Python float from 0 to 1, not a percentage / 0~1 사이의 파이썬 float (퍼센트가 아닙니다).
    """
    raise NotImplementedError("model/metric.py: compute the accuracy. / 정확도를 계산하세요.")
