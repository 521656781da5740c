"""Loss functions; `config["loss"]` names the one to use / 손실 함수. 설정의 loss에 이름을 적습니다."""

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, a scalar, of logits (B, 10) and labels (B,). The softmax is part of it.

    교차 엔트로피. 소프트맥스가 이 안에 들어 있습니다.
    """
    return F.cross_entropy(logits, labels)
