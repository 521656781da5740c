"""mission_semi_supervised: learn digits from 100 labelled and 59,900 unlabelled images; read at least 95 % correctly.

레이블 100개와 레이블 없는 이미지 59,900장으로 학습해, MNIST 테스트 이미지에서 정확도 95% 이상을 달성하세요.

The grader imports this file and calls `train(...)` twice: once with the real unlabelled images, and once, on a shorter
time budget, with the pixels of each of them shuffled. The second model must be clearly worse, or they were not used.
채점기는 이 파일을 불러와 `train(...)`을 두 번 호출합니다. 한 번은 실제 이미지로, 한 번은 더 짧은 시간 안에 레이블 없는
이미지의 픽셀을 뒤섞어서 호출합니다. 두 번째 모델이 뚜렷하게 나빠야 그 이미지를 실제로 썼다고 인정합니다.

What you may use / 사용 가능한 것: torch, torchvision (not / 제외: torchvision.models), numpy, albumentations.
Limits / 제한: 500 CPU s on two cores or 120 s on a GPU, 4 GiB, 1,000,000 parameters.
Check before you hand in / 제출 전 확인: `grade check mission_semi_supervised`
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset


class Network(nn.Module):
    """Your network / 여러분의 신경망. Written by you / 직접 작성해야 합니다."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("Build your network: create its layers here. / 신경망의 층을 여기에 만드세요.")

    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch of images / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 1, 28, 28), values in [0, 1]; N is anything from 1 to 1,000.
                Normalise here, inside the model, if you want to.
                정규화가 필요하면 모델 안, 바로 이곳에서 하세요. N은 1부터 1,000까지 무엇이든 될 수 있습니다.

        Returns:
            float32 (N, 10): one finite score per digit 0 to 9, no softmax needed.
            숫자 0~9에 대한 유한한 점수. 소프트맥스는 필요 없습니다.
        """
        raise NotImplementedError("Build your network: compute the logits here. / 로짓을 여기에서 계산하세요.")


def train(
    labeled_set: TensorDataset,
    unlabeled_images: Tensor,
    device: torch.device,
    time_budget_s: float,
    seed: int,
    log: Callable[..., None],
) -> nn.Module:
    """Trains on a few labels and many images without / 적은 레이블과 레이블 없는 많은 이미지로 학습합니다.

    Ask only for the parameters you need, in any order; their names decide what you get.
    필요한 매개변수만 원하는 순서로 적으면 됩니다. 이름에 따라 값이 전달됩니다.

    Args:
        labeled_set: 100 images, uint8 (100, 1, 28, 28) in 0..255, and labels, int64 (100,): ten of each digit.
            `images, labels = labeled_set.tensors`.
            이미지 100장과 레이블. 숫자마다 10장씩입니다.
        unlabeled_images: uint8 (59900, 1, 28, 28) in 0..255. Don't rely on their number.
            레이블 없는 이미지. 개수를 코드에 고정하지 마세요.
        device: where to train, cpu or cuda / 학습에 쓸 장치.
        time_budget_s: seconds you have: CPU seconds of all cores on a CPU, plain seconds on a GPU. 500 or 120 in the
            first call, 90 or 30 in the second: let the length of your training follow it.
            사용할 수 있는 시간(초). CPU에서는 모든 코어의 CPU 시간 합계, GPU에서는 실제 시간입니다. 첫 번째 호출에서는
            500(GPU 120), 두 번째 호출에서는 90(GPU 30)이므로, 학습 길이가 이 값을 따르게 하세요.
        seed: seed your random numbers with it / 난수 시드.
        log: call it as often as you like, such as `log(epoch=1, train_loss=0.21)`; it draws your learning curve.
            `log(epoch=1, train_loss=0.21)`처럼 호출하면 학습 곡선이 그려집니다.

    There is one more: `workdir`, a `pathlib.Path` to an empty folder you may write to.
    `workdir`도 요청할 수 있습니다. 파일을 쓸 수 있는 빈 폴더의 경로(`pathlib.Path`)입니다.

    There is no validation set: with 100 labels, none can be spared. Hold some of them out while you experiment.
    검증 데이터는 따로 없습니다. 실험할 때 레이블 100개 중 일부를 떼어 두고 확인하세요.

    Returns:
        The trained network; the grader puts it into eval mode, exports it and measures it on the 10,000 test images.
        학습이 끝난 신경망. 채점기가 평가 모드로 바꾸어 내보낸 뒤, 테스트 이미지 10,000장으로 평가합니다.
    """
    raise NotImplementedError("Train your network and return it. / 신경망을 학습시키고 반환하세요.")
