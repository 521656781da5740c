"""mission_cifar: write a dataset over CIFAR-10's raw batch files, and train a network of your own with it.

CIFAR-10의 원본 배치 파일을 읽는 데이터셋을 직접 작성하고, 그 데이터셋으로 직접 만든 신경망을 학습시키세요.

The grader imports this file. It uses `CustomDataset` and `make_loader` on batch files with random pixels and labels
that are made for your submission alone, and it calls `train(...)` once and measures the network that it returns.
채점기는 이 파일을 불러와, 제출할 때마다 새로 만드는 배치 파일(무작위 픽셀과 레이블)로 `CustomDataset`과 `make_loader`를
확인하고, `train(...)`을 한 번 호출해 반환된 신경망을 평가합니다.

What you may use / 사용 가능한 것: torch, torchvision.transforms, numpy, pickle, albumentations.
Not allowed / 사용 불가: torchvision.datasets, torchvision.models.
Limits / 제한: 240 CPU s on two cores or 90 s on a GPU, 4 GiB, 1,000,000 parameters.
Check before you hand in / 제출 전 확인: `grade check mission_cifar`
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class CustomDataset(Dataset):
    """Pictures and labels of one part of CIFAR-10 / CIFAR-10의 한 부분(학습 또는 테스트)의 이미지와 레이블.

    `root` holds a folder `cifar-10-batches-py` with `data_batch_1` … `data_batch_5` and `test_batch`. Each is a pickled
    dict of Python 2: read it with `pickle.load(file, encoding="bytes")` (keys `b"data"`, `b"labels"`) or
    `encoding="latin1"` (keys `"data"`, `"labels"`). `data` is uint8 (N, 3072): in each row 1,024 red values, then
    green, then blue, each 32 x 32, row by row. `labels` is a list of N ints in 0..9.
    `root` 아래의 `cifar-10-batches-py` 폴더에 `data_batch_1`~`data_batch_5`와 `test_batch`가 있습니다. 파이썬 2에서
    피클로 저장한 딕셔너리이므로 `pickle.load(file, encoding="bytes")`(키는 `b"data"`, `b"labels"`)나
    `encoding="latin1"`(키는 `"data"`, `"labels"`)로 읽으세요. `data`는 uint8 (N, 3072)이며, 한 행에 빨강 1,024개,
    초록 1,024개, 파랑 1,024개가 차례로 들어 있고 색마다 32 x 32 픽셀이 행 단위로 놓여 있습니다. `labels`는 0~9 정수
    N개의 리스트입니다.

    Args:
        root: `str` or `Path`.
        split: "train" reads the five data batches in their order, "test" reads test_batch. Anything else raises
            ValueError. N may differ from batch to batch.
            "train"이면 배치 다섯 개를 순서대로, "test"이면 test_batch를 읽습니다. 다른 값이면 ValueError를
            발생시키세요. N은 배치마다 다를 수 있습니다.
        transform: called exactly once per `dataset[i]`, on the image; None for none.
            `dataset[i]`를 할 때마다 이미지에 정확히 한 번 적용합니다. None이면 적용하지 않습니다.

    Raises:
        ValueError: unknown split / 알 수 없는 split.
        Exception: a batch file is missing or damaged; the message names the file, such as "data_batch_3".
            배치 파일이 없거나 손상된 경우. 메시지에 "data_batch_3" 같은 파일 이름이 있어야 합니다.

    It must work in a DataLoader with several workers, so it must be possible to pickle it: no lambda, no open file.
    여러 워커를 쓰는 DataLoader에서도 동작하도록 피클로 만들 수 있어야 합니다. 람다나 열린 파일을 보관하지 마세요.
    """

    def __init__(self, root: str | Path, split: str = "train", transform: Callable[[Any], Any] | None = None) -> None:
        raise NotImplementedError("CustomDataset: read the batch files here. / 배치 파일을 여기에서 읽으세요.")

    def __len__(self) -> int:
        """Number of pictures in this part / 이 부분의 이미지 수."""
        raise NotImplementedError("CustomDataset: count the pictures. / 이미지 수를 반환하세요.")

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """One picture and its label / 이미지 하나와 그 레이블.

        Args:
            index: 0 to len - 1; negative ones count from the end, as with a list. Beyond either end: IndexError.
                0부터 len - 1까지. 음수는 리스트처럼 뒤에서부터 셉니다. 범위를 벗어나면 IndexError를 발생시키세요.

        Returns:
            image: without a transform a numpy array, uint8 (32, 32, 3) in RGB; otherwise what the transform returned.
                transform이 없으면 numpy 배열 uint8 (32, 32, 3) RGB, 있으면 transform이 반환한 값.
            label: int in 0..9.
        """
        raise NotImplementedError("CustomDataset: return image and label. / 이미지와 레이블을 반환하세요.")


def make_loader(root: str | Path, split: str, batch_size: int, num_workers: int = 0) -> DataLoader:
    """Batches ready for the network / 신경망에 바로 넣을 수 있는 배치.

    You may add parameters of your own that have defaults / 기본값이 있는 매개변수는 더 추가해도 됩니다.

    Args:
        root, split: as for `CustomDataset`.
        batch_size: pictures per batch; the last batch may be smaller and is not dropped.
            배치당 이미지 수. 마지막 배치는 더 작을 수 있으며 버리지 않습니다.
        num_workers: as for DataLoader.

    Returns:
        A DataLoader of (images, labels): float32 (B, 3, 32, 32) in [0, 1] and int64 (B,). Every picture comes once per
        epoch. "train" is shuffled anew in each epoch, "test" comes in the order of the file and without augmentation.
        (이미지, 레이블)의 DataLoader: [0, 1] 범위의 float32 (B, 3, 32, 32)와 int64 (B,). 에포크마다 모든 이미지가
        한 번씩 나옵니다. "train"은 에포크마다 새로 섞고, "test"는 증강 없이 파일 순서대로 나와야 합니다.
    """
    raise NotImplementedError("make_loader: return a DataLoader. / DataLoader를 만들어 반환하세요.")


class Network(nn.Module):
    """Your convolutional network / 여러분의 합성곱 신경망."""

    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError("Build your network: create its layers here. / 신경망의 층을 여기에 만드세요.")

    def forward(self, images: Tensor) -> Tensor:
        """Gives the logits of a batch of images / 이미지 배치의 로짓을 계산합니다.

        Args:
            images: float32 (N, 3, 32, 32), values in [0, 1]; N is anything from 1 to 1,000.
                Normalise here, inside the model, if you want to / 정규화가 필요하면 모델 안, 바로 이곳에서 하세요.

        Returns:
            float32 (N, 10): one finite score per class / 클래스별 점수(유한한 수).
        """
        raise NotImplementedError("Build your network: compute the logits here. / 로짓을 여기에서 계산하세요.")


def train(data_dir: Path, device: torch.device, time_budget_s: float, seed: int, log: Callable[..., None]) -> nn.Module:
    """Trains a `Network` and returns it / `Network`를 학습시켜 반환합니다.

    Ask only for the parameters you need, in any order; their names decide what you get.
    필요한 매개변수만 원하는 순서로 적으면 됩니다. 이름에 따라 값이 전달됩니다.

    Args:
        data_dir: what `CustomDataset` takes as `root`. Here it holds the training batches only: test_batch is kept by
            the grader, so set some training pictures aside to validate on.
            `CustomDataset`의 `root`로 쓰는 폴더. 여기에는 학습 배치만 있고 test_batch는 없으므로, 검증에는 학습
            이미지의 일부를 떼어 쓰세요.
        device: where to train, cpu or cuda / 학습에 쓸 장치.
        time_budget_s: seconds you have: CPU seconds of all cores on a CPU, plain seconds on a GPU.
            사용할 수 있는 시간(초). CPU에서는 모든 코어의 CPU 시간 합계, GPU에서는 실제 시간입니다.
        seed: seed your random numbers with it / 난수 시드.
        log: call it once per epoch, such as `log(epoch=1, train_loss=1.52, valid_accuracy=0.47)`;
            it draws your learning curve. 에포크마다 한 번 호출하면 학습 곡선이 그려집니다.

    There is one more: `workdir`, a `pathlib.Path` to an empty folder you may write to.
    `workdir`도 요청할 수 있습니다. 파일을 쓸 수 있는 빈 폴더의 경로(`pathlib.Path`)입니다.

    Returns:
        The trained network; the grader puts it into eval mode, exports it and measures it on the test images.
        학습이 끝난 신경망. 채점기가 평가 모드로 바꾸어 내보낸 뒤, 테스트 이미지로 평가합니다.
    """
    raise NotImplementedError("Train your network and return it. / 신경망을 학습시키고 반환하세요.")
