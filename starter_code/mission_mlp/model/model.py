"""Your model / 여러분의 모델."""

from collections.abc import Sequence

from torch import Tensor

from base import BaseModel

PIXELS = 28 * 28
CLASSES = 10


class MnistMLP(BaseModel):
    """A multilayer perceptron whose shape comes from the configuration / 설정대로 만들어지는 다층 퍼셉트론.

    `config["arch"]["args"]` holds the arguments below. Nothing may be fixed in the code: the grader builds the model
    from configurations of its own and computes the logits again by hand.
    아래 인자는 `config["arch"]["args"]`에서 옵니다. 코드에 값을 고정하지 마세요. 채점기는 새로운 설정으로 모델을
    만든 뒤 로짓을 직접 계산해 비교합니다.

    From images to logits / 계산 순서:
        1. normalise: (images - pixel_mean) / pixel_std / 정규화
        2. flatten: (N, 1, 28, 28) → (N, 784) / 펼치기
        3. for each hidden size: nn.Linear, then the activation, then nn.Dropout /
           은닉층마다 선형 층, 활성화 함수, 드롭아웃 순서
        4. one last nn.Linear to 10 logits, with nothing behind it /
           로짓 10개를 내는 마지막 선형 층. 그 뒤에는 아무것도 두지 않음

    Rules: dense layers (nn.Linear with bias), activations and dropout only, created in this order.
    규칙: 완전 연결 층(편향이 있는 nn.Linear), 활성화 함수, 드롭아웃만 쓰고, 위 순서대로 만드세요.

    Args:
        hidden_sizes: units of each hidden layer, one or more numbers, such as [64, 32] / 은닉층별 유닛 수(한 층 이상).
        activation: "relu", "tanh", "sigmoid" or "gelu" (nn.GELU() as it is) / 활성화 함수의 이름.
        dropout: probability of dropping a unit, 0 to below 1 / 드롭아웃 확률(0 이상 1 미만).
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
        raise NotImplementedError("model/model.py: create the layers of MnistMLP. / MnistMLP의 층을 만드세요.")

    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 1, 28, 28) in [0, 1]; any N / N은 1 이상 무엇이든 될 수 있습니다.

        Returns:
            float32 (N, 10): one score per digit, no softmax / 숫자별 점수. 소프트맥스는 쓰지 않습니다.
        """
        raise NotImplementedError("model/model.py: compute the logits in forward(). / forward()에서 로짓을 계산하세요.")
