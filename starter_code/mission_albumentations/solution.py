"""mission_albumentations: augment handwritten digits and read at least 99.5 % of MNIST's test images correctly.

albumentations로 손글씨 숫자를 증강해 학습하고, MNIST 테스트 이미지에서 정확도 99.5% 이상을 달성하세요.

The grader imports this file, examines the pipeline of `build_augmentation(...)`, calls `train(...)` once, and measures
the network it returns. It also calls `train(...)` briefly on a few images, to see what goes through your pipeline.
채점기는 이 파일을 불러와 `build_augmentation(...)`의 파이프라인을 살펴보고, `train(...)`을 한 번 호출해 반환된 신경망을
평가합니다. 이미지 몇 장으로 `train(...)`을 짧게 한 번 더 호출해 어떤 이미지가 파이프라인을 거치는지도 확인합니다.

What you may use / 사용 가능한 것: albumentations 2.0.8, torch, torchvision (not / 제외: torchvision.models), numpy.
Limits / 제한: 900 CPU s on two cores or 200 s on a GPU, 4 GiB, 1,000,000 parameters.
Check before you hand in / 제출 전 확인: `grade check mission_albumentations`
"""

from collections.abc import Callable

import albumentations as A
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset


def build_augmentation(seed: int) -> A.Compose:
    """Builds the pipeline that changes training images at random / 학습 이미지를 무작위로 바꾸는 파이프라인을 만듭니다.

    It is called with one image at a time: `pipeline(image=image)["image"]`, image uint8 (28, 28) in 0..255.
    이미지 한 장씩 `pipeline(image=image)["image"]`로 호출합니다. image는 uint8 (28, 28), 값 0~255입니다.

    Args:
        seed: decides what happens: the same seed gives the same images, another seed gives others.
            Hand it to `A.Compose(..., seed=seed)`; `random.seed` and `np.random.seed` have no effect on albumentations.
            같은 시드는 같은 결과를, 다른 시드는 다른 결과를 내야 합니다. `A.Compose(..., seed=seed)`로 넘기세요.
            `random.seed`나 `np.random.seed`는 albumentations에 영향을 주지 않습니다.

    Returns:
        An `A.Compose` with two or more random transforms. Its result is uint8 again, (28, 28) or (28, 28, 1), and a
        reader can still tell which digit it is: no flips, no turns by 90° or 180°.
        무작위 변환이 두 가지 이상인 `A.Compose`. 결과도 uint8, (28, 28) 또는 (28, 28, 1)이어야 하고,
        어떤 숫자인지 여전히 읽을 수 있어야 합니다. 반전이나 90°, 180° 회전은 넣지 마세요.
    """
    raise NotImplementedError("Build your pipeline with A.Compose. / A.Compose로 파이프라인을 만드세요.")


class Network(nn.Module):
    """Your network / 여러분의 신경망. Written by you / 직접 작성해야 합니다."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("Build your network: create its layers here. / 신경망의 층을 여기에 만드세요.")

    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch of images / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 1, 28, 28), values in [0, 1]; N is anything from 1 to 1,000. Normalise here if you want
                to; augment in `train`, never here.
                정규화가 필요하면 이곳에서 하고, 증강은 여기가 아니라 `train`에서 하세요. N은 1부터 1,000까지
                무엇이든 될 수 있습니다.

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
    """Trains a `Network` on augmented images and returns it / 증강한 이미지로 `Network`를 학습시켜 반환합니다.

    Ask only for the parameters you need, in any order; their names decide what you get.
    필요한 매개변수만 원하는 순서로 적으면 됩니다. 이름에 따라 값이 전달됩니다.

    Args:
        train_set: 55,000 images, uint8 (55000, 1, 28, 28) in 0..255, and labels, int64 (55000,) in 0..9. Send them
            through `build_augmentation(seed)`'s pipeline, anew in every epoch: `images[i, 0].numpy()` is what it takes.
            Don't rely on the number 55,000: the grader also calls `train` with fewer images.
            에포크마다 `build_augmentation(seed)`의 파이프라인으로 새로 증강하세요. 파이프라인에는
            `images[i, 0].numpy()`를 넣습니다. 채점기가 더 적은 이미지로도 호출하므로 55,000이라는 수를 고정하지 마세요.
        valid_set: 5,000 more of the same kind, to watch overfitting. These are never augmented.
            과적합 확인용 5,000장. 증강하지 않습니다.
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
