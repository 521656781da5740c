"""The base of every model / 모든 모델의 기반 클래스."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class BaseModel(nn.Module, ABC):
    """A network that classifies images. Derive your model from it.

    이미지 분류 신경망. 이 클래스를 상속해 모델을 만드세요.
    """

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 1, 28, 28) in [0, 1].

        Returns:
            float32 (N, 10).
        """

    def parameter_count(self) -> int:
        """Number of trainable weights and biases / 학습되는 가중치와 편향의 개수."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)

    def __str__(self) -> str:
        return f"{super().__str__()}\nTrainable parameters: {self.parameter_count():,}"
