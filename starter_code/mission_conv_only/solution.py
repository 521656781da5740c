"""mission_conv_only: convolutions and activations only, at least 98.5 % of MNIST test images read correctly.

합성곱과 활성화 함수만으로 신경망을 만들어 MNIST 테스트 이미지에서 정확도 98.5% 이상을 달성하세요.

The grader imports this file, calls `train(...)` once, and measures the network it returns.
채점기는 이 파일을 불러와 `train(...)`을 한 번 호출하고, 반환된 신경망을 평가합니다.

What you may use / 사용 가능한 것: nn.Conv2d, activations, padding, sums of equal maps, torch.cat over channels.
    합성곱, 활성화 함수, 패딩, 크기가 같은 맵의 덧셈, 채널 방향 연결.
Not allowed / 사용 불가: nn.Linear, matmul, pooling, normalisation, means or sums over space, reshapes that move space
    into channels. 완전 연결 층, 행렬 곱, 풀링, 정규화, 공간 방향의 합이나 평균, 공간을 채널로 옮기는 reshape.
Limits / 제한: 120 CPU s on two cores or 60 s on a GPU, 4 GiB, 300,000 parameters.
Check before you hand in / 제출 전 확인: `grade check mission_conv_only`
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset


class Network(nn.Module):
    """Your network of convolutions / 합성곱으로 이루어진 여러분의 신경망.

    Rules: convolutions on (N, C, H, W) and element-wise activations only. Strides shrink the maps; the last convolution
    may be as large as the map it reads and gives (N, 10, 1, 1); none before it may span its whole input.
    규칙: (N, C, H, W)에 적용하는 합성곱과 원소별 활성화 함수만 씁니다. 맵은 스트라이드로 줄이세요.
    마지막 합성곱은 커널이 입력 전체를 덮어도 되고 (N, 10, 1, 1)을 내보냅니다. 그 앞의 합성곱은 덮으면 안 됩니다.
    """

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("Build your network: create its layers here. / 신경망의 층을 여기에 만드세요.")

    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch of images / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 1, 28, 28), values in [0, 1]; N is anything from 1 to 1,000.
                Normalise here, inside the model, if you want to: one number for all pixels is fine.
                정규화가 필요하면 모델 안, 바로 이곳에서 숫자 하나를 빼고 나누세요. N은 1부터 1,000까지 무엇이든 될 수
                있습니다.

        Returns:
            float32 (N, 10): one finite score per digit 0 to 9, no softmax needed.
            숫자 0~9에 대한 유한한 점수. 소프트맥스는 필요 없습니다.
        """
        raise NotImplementedError("Build your network: compute the logits here. / 로짓을 여기에서 계산하세요.")


def train(
    train_set: TensorDataset,
    valid_set: TensorDataset,
    device: torch.device,
    time_budget_s: float,
    seed: int,
    log: Callable[..., None],
) -> nn.Module:
    """Trains a `Network` and returns it / `Network`를 학습시켜 반환합니다.

    Ask only for the parameters you need, in any order; their names decide what you get.
    필요한 매개변수만 원하는 순서로 적으면 됩니다. 이름에 따라 값이 전달됩니다.

    Args:
        train_set: 55,000 images, uint8 (55000, 1, 28, 28) in 0..255, and labels, int64 (55000,) in 0..9.
            `images, labels = train_set.tensors`, or wrap it in a DataLoader.
            `train_set.tensors`로 텐서를 바로 꺼내거나 DataLoader에 넣어 쓸 수 있습니다.
        valid_set: 5,000 more of the same kind, to watch overfitting / 과적합 확인용 5,000장.
        device: where to train, cpu or cuda / 학습에 쓸 장치.
        time_budget_s: seconds you have: CPU seconds of all cores on a CPU, plain seconds on a GPU.
            사용할 수 있는 시간(초). CPU에서는 모든 코어의 CPU 시간 합계, GPU에서는 실제 시간입니다.
        seed: seed your random numbers with it / 난수 시드.
        log: call it once per epoch, such as `log(epoch=1, train_loss=0.21, valid_accuracy=0.972)`;
            it draws your learning curve. 에포크마다 한 번 호출하면 학습 곡선이 그려집니다.

    There is one more: `workdir`, a `pathlib.Path` to an empty folder you may write to.
    `workdir`도 요청할 수 있습니다. 파일을 쓸 수 있는 빈 폴더의 경로(`pathlib.Path`)입니다.

    Returns:
        The trained network; the grader puts it into eval mode, exports it and measures it on the 10,000 test images.
        학습이 끝난 신경망. 채점기가 평가 모드로 바꾸어 내보낸 뒤, 테스트 이미지 10,000장으로 평가합니다.
    """
    raise NotImplementedError("Train your network and return it. / 신경망을 학습시키고 반환하세요.")
