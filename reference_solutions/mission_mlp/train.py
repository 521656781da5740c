"""Train on your own machine or on Colab / 내 컴퓨터나 Colab에서 학습합니다.

    python train.py -c config.json                                      # train / 학습
    python train.py -c config.json --lr 0.01 --epochs 3                 # change single values / 일부 값만 바꾸기
    python train.py -c config.json -r ../saved/mnist_mlp/1121-1030/checkpoint-epoch2.pth    # resume / 이어서 학습

MNIST is downloaded to `../data` at the first run. Checkpoints and figures go to `save_dir` of the configuration,
outside the folder that you hand in.
MNIST는 처음 실행할 때 `../data`에 내려받습니다. 체크포인트와 기록은 제출 폴더 바깥의 `save_dir`에 저장됩니다.
"""

import argparse
import logging
import time
from pathlib import Path

import torch

from configuration import read_config
from data_loader import load_mnist
from logger import log_to
from solution import run


def main() -> None:
    """Reads the command line, trains, and says where the results are / 명령행 인자대로 학습합니다."""
    parser = argparse.ArgumentParser(description="Train an MLP on MNIST. / MNIST로 MLP를 학습합니다.")
    parser.add_argument("-c", "--config", type=Path, default=Path(__file__).with_name("config.json"))
    parser.add_argument("-r", "--resume", type=Path, help="checkpoint to go on from / 이어서 학습할 체크포인트")
    parser.add_argument("-d", "--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parent.parent / "data", help="MNIST folder / MNIST 폴더"
    )
    parser.add_argument("--lr", type=float, help="replaces optimizer.args.lr")
    parser.add_argument("--batch-size", type=int, help="replaces data_loader.batch_size")
    parser.add_argument("--epochs", type=int, help="replaces trainer.epochs")
    parser.add_argument("--seed", type=int, help="replaces seed")
    given = parser.parse_args()

    config = read_config(
        given.config,
        {
            "optimizer.args.lr": given.lr,
            "data_loader.batch_size": given.batch_size,
            "trainer.epochs": given.epochs,
            "seed": given.seed,
        },
    )
    if given.resume:
        workdir = given.resume.parent  # the figures go on in the same files
    else:
        save_dir = Path(__file__).parent / config["trainer"]["save_dir"]
        workdir = (save_dir / config["name"] / time.strftime("%m%d-%H%M%S")).resolve()
        workdir.mkdir(parents=True)
    log_to(workdir)
    train_set, valid_set = load_mnist(given.data)
    model = run(config, train_set, valid_set, torch.device(given.device), workdir, resume=given.resume)
    logging.getLogger("trainer").info("%s\nResults / 결과: %s", model, workdir)


if __name__ == "__main__":
    main()
