"""The model of the reference solution / 참고 풀이의 모델."""

from collections.abc import Sequence

from torch import Tensor, nn

from base import BaseModel

PIXELS = 28 * 28
CLASSES = 10
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
}


class MnistMLP(BaseModel):
    """A multilayer perceptron whose shape comes from the configuration / 설정대로 만들어지는 다층 퍼셉트론.

    Args:
        hidden_sizes: units of each hidden layer / 은닉층별 유닛 수.
        activation: one of `ACTIVATIONS` / 활성화 함수의 이름.
        dropout: probability of dropping a hidden unit / 드롭아웃 확률.
        pixel_mean, pixel_std: for the normalisation / 정규화에 쓸 평균과 표준편차.
    """

    def __init__(
        self,
        hidden_sizes: Sequence[int],
        activation: str,
        dropout: float,
        pixel_mean: float,
        pixel_std: float,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation is {activation!r}; choose one of / 다음 중에서 고르세요: {', '.join(ACTIVATIONS)}"
            )
        self.pixel_mean = pixel_mean
        self.pixel_std = pixel_std
        layers: list[nn.Module] = []
        width = PIXELS
        for size in hidden_sizes:  # [512, 256] gives 784 → 512 → 256
            layers += [nn.Linear(width, size), ACTIVATIONS[activation](), nn.Dropout(dropout)]
            width = size
        layers.append(nn.Linear(width, CLASSES))  # 256 → 10
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28) in [0, 1] / 이미지 배치의 로짓."""
        x = (images - self.pixel_mean) / self.pixel_std  # (N, 1, 28, 28), mean 0 and variance 1 over the training set
        x = x.flatten(1)  # (N, 784)
        return self.layers(x)  # (N, 10)
