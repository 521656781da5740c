"""What a training writes down / 학습 기록."""

from .logger import log_to
from .metric_writer import MetricWriter

__all__ = ["MetricWriter", "log_to"]
