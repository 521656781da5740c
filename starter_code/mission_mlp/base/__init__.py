"""What every model, data loader and trainer of the project builds on / 모델, 데이터 로더, 트레이너의 기반 클래스."""

from .base_data_loader import BaseDataLoader
from .base_model import BaseModel
from .base_trainer import BaseTrainer

__all__ = ["BaseDataLoader", "BaseModel", "BaseTrainer"]
