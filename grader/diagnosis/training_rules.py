"""Rules on how the training went: the student's log, and the time it took."""

from grader.diagnosis.case import Case, diagnosis, percent
from grader.diagnosis.curves import Curve, Role
from grader.results import Diagnosis, Reason
from grader.text import Text

RISEN_LOSS = 1.25
"""How far a validation loss has risen above its lowest value before that is called overfitting."""
FALLEN_ACCURACY = 0.01
"""The same of an accuracy that fell from its peak: validation sets have 1,000 images or more, so 0.3 points are "
"noise."""
IMPROVED = 0.97
"""A loss that ends above this share of its first value has not fallen."""
LEARNED = 0.5
"""An accuracy above which the network has clearly learned, whatever its log says."""
TRAIN_GAP = 0.015
ALL_OF_BUDGET = 0.9
LITTLE_OF_BUDGET = 0.25
FEW_ENTRIES = 3


def loss_not_finite(case: Case) -> Diagnosis | None:
    """The loss became NaN or infinite, or the logits are."""
    broken = [curve.broke for curve in case.curves.by_role.values() if curve.broke is not None]
    bad = case.evaluation.non_finite if case.evaluation else 0
    if broken:
        position, word = min(broken)
        where = case.curves.at(position)
        shown = "NaN" if word == "nan" else word
        finding = Text(
            f"The logged values are {shown} from {where.en} on.", f"기록된 값이 {where.ko}부터 {shown}입니다."
        )
    elif case.evaluation is not None and bad:
        finding = Text(
            f"For {bad:,} of {case.evaluation.images:,} test images the model returns NaN or infinity.",
            f"테스트 이미지 {case.evaluation.images:,}장 중 {bad:,}장에서 모델이 NaN이나 무한대를 출력합니다.",
        )
    else:
        return None
    return diagnosis(
        "loss_not_finite",
        finding=finding,
        cause=Text(
            "Nearly always the learning rate is too high, so that the weights overflow; sometimes it is an exp, a "
            "logarithm or a division that goes wrong.",
            "대부분 학습률이 너무 커서 가중치가 발산한 경우입니다. exp, 로그, 0으로 나누기가 원인일 때도 있습니다.",
        ),
        advice=Text(
            "Divide the learning rate by 10 and print the loss of the first 20 steps; it should fall from about "
            "ln(classes). Clip gradients with torch.nn.utils.clip_grad_norm_, and return logits without an exp of "
            "your own.",
            "학습률을 10분의 1로 줄이고 처음 20스텝의 손실을 출력해 보세요. 약 ln(클래스 수)에서 시작해 줄어들어야 "
            "합니다. torch.nn.utils.clip_grad_norm_으로 기울기를 제한하고, exp를 직접 씌우지 말고 로짓을 그대로 "
            "반환하세요.",
        ),
    )


def loss_does_not_fall(case: Case) -> Diagnosis | None:
    """The training loss ends about where it began."""
    values = case.curves.values(Role.TRAIN_LOSS)
    if len(values) < FEW_ENTRIES or not (case.below_bar or case.evaluation is None):
        return None
    quarter = max(1, len(values) // 4)
    last = sum(values[-quarter:]) / quarter
    if last < IMPROVED * values[0] or (case.evaluation is not None and case.evaluation.accuracy > LEARNED):
        return None
    return diagnosis(
        "loss_does_not_fall",
        finding=Text(
            f"The training loss does not fall: {values[0]:.3g} at first, {last:.3g} at the end.",
            f"학습 손실이 줄지 않습니다. 처음 {values[0]:.3g}, 마지막 {last:.3g}입니다.",
        ),
        cause=Text(
            "The weights hardly change: the optimizer does not hold the model's parameters, optimizer.step() or "
            "loss.backward() is missing, or the learning rate is far too low or too high.",
            "가중치가 거의 바뀌지 않고 있습니다. 옵티마이저에 모델의 파라미터를 넘기지 않았거나, loss.backward()나 "
            "optimizer.step()이 빠졌거나, 학습률이 지나치게 작거나 큰 경우입니다.",
        ),
        advice=Text(
            "Train on one batch of 64 images only: the loss must reach almost 0. If it does not, the mistake is in "
            "the loop; if it does, try learning rates of 0.1, 0.01 and 0.001.",
            "이미지 64장짜리 배치 하나로만 학습해 보세요. 손실이 거의 0까지 내려가야 정상입니다. 내려가지 않으면 "
            "학습 루프를, 내려가면 학습률을 0.1, 0.01, 0.001로 바꾸어 가며 확인하세요.",
        ),
    )


def overfitting(case: Case) -> Diagnosis | None:
    """Validation gets worse again while the training goes on."""
    if not case.below_bar and case.evaluation is not None:
        return None
    accuracy = case.curves.by_role.get(Role.VALID_ACCURACY)
    loss = case.curves.by_role.get(Role.VALID_LOSS)
    turn = _fallen_from(accuracy) if accuracy else None
    if turn is not None and accuracy is not None:
        peak, last = percent(accuracy.values[turn]), percent(_last_mean(accuracy))
        where = case.curves.at(accuracy.samples[turn].position)
        finding = Text(
            f"Validation accuracy rises, then falls: {peak.en} at {where.en}, {last.en} at the end.",
            f"검증 정확도가 오르다가 떨어집니다. {where.ko}에서 {peak.ko}, 마지막에는 {last.ko}입니다.",
        )
    else:
        turn = _risen_from(loss) if loss else None
        if turn is None or loss is None:
            return None
        where = case.curves.at(loss.samples[turn].position)
        least, end = loss.values[turn], _last_mean(loss)
        finding = Text(
            f"Validation loss falls, then rises: {least:.3g} at {where.en}, {end:.3g} at the end.",
            f"검증 손실이 줄다가 다시 커집니다. {where.ko}에서 {least:.3g}, 마지막에는 {end:.3g}입니다.",
        )
    return diagnosis(
        "overfitting",
        finding=finding,
        cause=Text(
            f"Overfitting from {where.en} on: the network goes on learning the training images by heart.",
            f"{where.ko}부터 과적합이 일어나, 신경망이 학습 이미지를 외우기 시작했습니다.",
        ),
        advice=Text(
            "Keep the weights of the best validation epoch and return those (copy.deepcopy(model.state_dict())), or "
            "add augmentation, dropout or weight decay.",
            "검증 성능이 가장 좋았던 에포크의 가중치를 저장해 두었다가(copy.deepcopy(model.state_dict())) "
            "반환하거나, 데이터 증강, 드롭아웃, 가중치 감쇠를 더하세요.",
        ),
    )


def train_test_gap(case: Case) -> Diagnosis | None:
    """The student's training accuracy is far above what was measured."""
    train = case.curves.values(Role.TRAIN_ACCURACY)
    if not train or case.evaluation is None or not case.below_bar:
        return None
    if train[-1] - case.evaluation.accuracy < TRAIN_GAP:
        return None
    claimed, measured = percent(train[-1]), percent(case.evaluation.accuracy)
    return diagnosis(
        "train_test_gap",
        finding=Text(
            f"Training accuracy was logged as {claimed.en}, the test images give {measured.en}.",
            f"기록된 학습 정확도는 {claimed.ko}인데 테스트 이미지에서는 {measured.ko}입니다.",
        ),
        cause=Text(
            "The network has learned the training images themselves rather than what they have in common.",
            "신경망이 이미지들의 공통된 특징보다 학습 이미지 자체를 외운 상태입니다.",
        ),
        advice=Text(
            "Show it more varied images (random shifts, rotations), use dropout or weight decay, or a smaller network.",
            "무작위 이동이나 회전으로 더 다양한 이미지를 보여 주고, 드롭아웃이나 가중치 감쇠를 쓰거나 신경망을 "
            "줄이세요.",
        ),
    )


def out_of_time(case: Case) -> Diagnosis | None:
    """Training was cut off, or used up its time while it was still getting better."""
    share, entries = case.budget_share, case.curves.entries
    cut_off = case.evidence.ended_with(Reason.TIME_LIMIT)
    unfinished = case.below_bar and share is not None and share >= ALL_OF_BUDGET and case.still_improving
    if not (cut_off and entries) and not unfinished:
        return None
    unit = case.curves.unit
    last = case.evidence.training.log[-1].seconds
    each = f"{last / entries:.1f}" if last < 10 * entries else f"{last / entries:.0f}"
    unit = Text(unit.en if entries == 1 else unit.en.replace("entry", "entrie") + "s", unit.ko)
    return diagnosis(
        "out_of_time",
        finding=Text(
            f"Time ran out after {entries} logged {unit.en} of about {each} s each"
            + ("." if cut_off else ", while the training was still improving."),
            f"{unit.ko} {entries}개(하나에 약 {each}초)를 기록하고 시간을 모두 썼습니다."
            + ("" if cut_off else " 학습은 아직 나아지는 중이었습니다."),
        ),
        cause=Text(
            "Each pass over the training images costs too much for this budget.",
            "학습 이미지를 한 번 도는 데 드는 시간이 주어진 시간에 비해 너무 깁니다.",
        ),
        advice=Text(
            "Watch time_budget_s in the loop and stop in time. To get further: larger batches (256), tensors kept "
            "in memory instead of a DataLoader with single images, strides or pooling early in the network.",
            "학습 루프에서 time_budget_s를 확인해 제때 멈추세요. 더 빨리 학습하려면 배치를 키우고(256), 이미지를 한 "
            "장씩 읽는 DataLoader 대신 텐서를 통째로 쓰고, 신경망 앞쪽에서 스트라이드나 풀링으로 크기를 줄이세요.",
        ),
    )


def stopped_early(case: Case) -> Diagnosis | None:
    """Little of the budget was used, and the accuracy misses the bar."""
    share, entries = case.budget_share, case.curves.entries
    if not case.below_bar or share is None or share > LITTLE_OF_BUDGET:
        return None
    if not case.still_improving and entries >= FEW_ENTRIES + 1:
        return None
    used, budget = f"{100 * share:.0f}", case.evidence.training.budget_s
    return diagnosis(
        "stopped_early",
        finding=Text(
            f"Training used {used} % of its {budget:g} s.", f"학습 시간 {budget:g}초 중 {used}%만 사용했습니다."
        ),
        cause=Text(
            "The network was still getting better, or has hardly begun to learn.",
            "신경망이 아직 나아지는 중이거나 학습을 거의 시작하지 못한 상태에서 끝났습니다.",
        ),
        advice=Text(
            "Train for more epochs: log the validation accuracy of each one, and stop where it no longer rises.",
            "에포크 수를 늘리고 에포크마다 검증 정확도를 기록해, 더 오르지 않을 때 멈추세요.",
        ),
    )


def nothing_logged(case: Case) -> Diagnosis | None:
    """The accuracy misses the bar, and there is no curve to learn from."""
    training = case.evidence.training
    if (
        not case.below_bar
        or not training.reproduced
        or case.curves.entries
        or "log" not in case.evidence.spec.entry.offers
    ):
        return None
    return diagnosis(
        "nothing_logged",
        finding=Text("train() logged nothing.", "train()이 아무것도 기록하지 않았습니다."),
        cause=Text(
            "Without a learning curve nobody can tell too little training from too much.",
            "학습 곡선이 없으면 학습이 모자란지 지나친지 알 수 없습니다.",
        ),
        advice=Text(
            "Take log as a parameter of train() and call log(epoch=…, train_loss=…, valid_accuracy=…) after each "
            "epoch.",
            "train()의 매개변수로 log를 받아 에포크마다 log(epoch=…, train_loss=…, valid_accuracy=…)를 호출하세요.",
        ),
    )


def _fallen_from(curve: Curve) -> int | None:
    """Where the accuracy was highest, if it has fallen clearly since."""
    values = curve.values
    if len(values) < 5:
        return None
    peak = max(range(len(values)), key=values.__getitem__)
    enough_left = len(values) - peak > 2
    return peak if enough_left and values[peak] - _last_mean(curve) >= FALLEN_ACCURACY else None


def _risen_from(curve: Curve) -> int | None:
    """Where the loss was lowest, if it has risen clearly since."""
    values = curve.values
    if len(values) < 5:
        return None
    least = min(range(len(values)), key=values.__getitem__)
    enough_left = len(values) - least > 2
    return least if enough_left and 0 < values[least] * RISEN_LOSS <= _last_mean(curve) else None


def _last_mean(curve: Curve) -> float:
    """Mean of the last two values, so that one bad epoch is no trend."""
    return sum(curve.values[-2:]) / len(curve.values[-2:])
