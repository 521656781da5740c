"""Every rule that can refuse an artifact: its code, what the student reads, what to do about it."""

from typing import Final, NamedTuple

from grader.errors import ArtifactRejected
from grader.text import Text


class Rule(NamedTuple):
    """A sentence on what was found and one on what to do, with named gaps."""

    message: Text
    advice: Text


MAX_QUOTE = 80

_REEXPORT: Final = Text(
    "Export again with `grade train`, or with `torch.export.save` of torch 2.13 or newer, and hand in that file "
    "unchanged.",
    "`grade train` 또는 torch 2.13 이상의 `torch.export.save`로 다시 내보내고, "
    "그 파일을 고치지 말고 그대로 제출하세요.",
)
_SMALLER: Final = Text("Return a smaller network.", "더 작은 신경망을 반환하세요.")
_PLAIN: Final = Text(
    "Keep `forward` to layers and tensor operations on the images.",
    "`forward`에는 층과 이미지에 대한 텐서 연산만 남기세요.",
)
_IMAGES_TO_LOGITS: Final = Text(
    "`forward` takes one float32 tensor of images (N, C, H, W) and returns one float32 tensor of logits (N, classes).",
    "`forward`는 float32 이미지 텐서 (N, C, H, W) 하나를 받아 float32 로짓 텐서 (N, classes) 하나를 반환해야 합니다.",
)
_EVAL: Final = Text(
    "Call `model.eval()` before exporting, and do not override `train()` or pass `training=True` by hand.",
    "내보내기 전에 `model.eval()`을 호출하고, `train()`을 재정의하거나 `training=True`를 직접 넘기지 마세요.",
)
_NOT_IN_PLACE: Final = Text(
    "Write `x = x + y` instead of `x += y`, or call `.run_decompositions({{}})` on the exported program before saving.",
    "`x += y` 대신 `x = x + y`로 쓰거나, 저장하기 전에 내보낸 프로그램에 `.run_decompositions({{}})`를 호출하세요.",
)

RULES: Final[dict[str, Rule]] = {
    # the container
    "archive_too_large": Rule(
        Text("The model file is larger than {limit_mib} MiB.", "모델 파일이 {limit_mib} MiB보다 큽니다."), _SMALLER
    ),
    "not_an_archive": Rule(
        Text("The model file is not a `.pt2` archive.", "모델 파일이 `.pt2` 아카이브가 아닙니다."), _REEXPORT
    ),
    "not_an_export": Rule(
        Text(
            "The model file was written by `torch.save` or `torch.jit.save`; such files hold pickled code and are "
            "never opened.",
            "모델 파일이 `torch.save` 또는 `torch.jit.save`로 저장되었습니다. "
            "이런 파일은 코드를 담은 pickle이므로 열지 않습니다.",
        ),
        _REEXPORT,
    ),
    "legacy_archive": Rule(
        Text(
            "The model file was exported by an old torch, which pickles the weights.",
            "모델 파일이 가중치를 pickle로 저장하는 옛 버전의 torch로 내보내졌습니다.",
        ),
        _REEXPORT,
    ),
    "archive_malformed": Rule(
        Text("The model file is damaged: {detail}.", "모델 파일이 손상되었습니다({detail})."), _REEXPORT
    ),
    "checksum_mismatch": Rule(
        Text(
            "The model file is damaged: the checksum of {name} is wrong.",
            "모델 파일이 손상되었습니다. {name}의 체크섬이 맞지 않습니다.",
        ),
        _REEXPORT,
    ),
    "compressed_member": Rule(
        Text(
            "The model file was zipped again: {name} is compressed.",
            "모델 파일이 다시 압축되었습니다. {name}이(가) 압축된 상태입니다.",
        ),
        _REEXPORT,
    ),
    "encrypted_member": Rule(
        Text("The model file is encrypted: {name}.", "모델 파일이 암호화되어 있습니다: {name}."), _REEXPORT
    ),
    "duplicate_member": Rule(
        Text("The model file holds {name} twice.", "모델 파일에 {name}이(가) 두 번 들어 있습니다."), _REEXPORT
    ),
    "unexpected_member": Rule(
        Text(
            "The model file holds {name}, which `torch.export.save` does not write.",
            "모델 파일에 `torch.export.save`가 쓰지 않는 {name}이(가) 들어 있습니다.",
        ),
        _REEXPORT,
    ),
    "missing_member": Rule(Text("The model file lacks {name}.", "모델 파일에 {name}이(가) 없습니다."), _REEXPORT),
    "code_in_archive": Rule(
        Text(
            "The model file holds compiled code or a custom object: {name}.",
            "모델 파일에 컴파일된 코드나 사용자 정의 객체가 들어 있습니다: {name}.",
        ),
        _REEXPORT,
    ),
    "several_models": Rule(
        Text("The model file holds more than one model.", "모델 파일에 모델이 둘 이상 들어 있습니다."), _REEXPORT
    ),
    "unsupported_format": Rule(
        Text(
            "The model file is of a format this grader does not know ({found}).",
            "모델 파일의 형식({found})을 이 채점기가 지원하지 않습니다.",
        ),
        _REEXPORT,
    ),
    # the documents inside
    "graph_too_large": Rule(
        Text("The model's {name} is larger than {limit_mib} MiB.", "모델의 {name}이(가) {limit_mib} MiB보다 큽니다."),
        _SMALLER,
    ),
    "json_invalid": Rule(
        Text("The model's {name} is not valid JSON.", "모델의 {name}이(가) 올바른 JSON이 아닙니다."), _REEXPORT
    ),
    "malformed_model": Rule(
        Text(
            "The model's description is incomplete or of the wrong form at {field}.",
            "모델 설명의 {field} 부분이 빠졌거나 형식이 맞지 않습니다.",
        ),
        _REEXPORT,
    ),
    "symbolic_size": Rule(
        Text(
            "A size in the model is a symbolic expression; only the batch dimension may be dynamic.",
            "모델의 크기 값 중에 기호식이 있습니다. 배치 차원만 동적일 수 있습니다.",
        ),
        Text(
            "Make dimension 0 of the input dynamic, and no other.", "입력의 0번 차원만 동적으로 지정해 다시 내보내세요."
        ),
    ),
    # weights
    "pickled_weight": Rule(
        Text(
            "The weight {name} is stored as a pickle, which can run code and is never opened.",
            "가중치 {name}이(가) pickle로 저장되어 있습니다. pickle은 코드를 실행할 수 있어 열지 않습니다.",
        ),
        Text(
            "Use plain `nn.Parameter` and tensor buffers, no tensor subclasses; then export again.",
            "텐서 서브클래스 대신 일반 `nn.Parameter`와 텐서 버퍼를 사용해 다시 내보내세요.",
        ),
    ),
    "weight_size": Rule(
        Text(
            "The weight {name} claims a shape that its bytes don't fill.",
            "가중치 {name}의 모양이 실제 저장된 바이트 수와 맞지 않습니다.",
        ),
        _REEXPORT,
    ),
    "weights_too_large": Rule(
        Text("The model's weights are larger than {limit_mib} MiB.", "모델의 가중치가 {limit_mib} MiB보다 큽니다."),
        _SMALLER,
    ),
    "too_many_parameters": Rule(
        Text(
            "The model stores {found:,} numbers; at most {limit:,} are accepted.",
            "모델에 저장된 수가 {found:,}개입니다. 최대 {limit:,}개까지 허용됩니다.",
        ),
        _SMALLER,
    ),
    "unsupported_dtype": Rule(
        Text(
            "{name} has a data type that is not accepted; float32, float64, int64, int32, uint8 and bool are.",
            "{name}의 자료형은 허용되지 않습니다. float32, float64, int64, int32, uint8, bool만 허용됩니다.",
        ),
        Text("Call `model.float()` before exporting.", "내보내기 전에 `model.float()`를 호출하세요."),
    ),
    "unsupported_conversion": Rule(
        Text(
            "The model converts a tensor to a data type other than float32, int64 or bool.",
            "모델이 텐서를 float32, int64, bool이 아닌 자료형으로 변환합니다.",
        ),
        Text(
            "Remove `.double()`, `.half()`, `.to(torch.bfloat16)` and the like from `forward`.",
            "`forward`에서 `.double()`, `.half()`, `.to(torch.bfloat16)` 같은 변환을 없애세요.",
        ),
    ),
    # names
    "bad_name": Rule(
        Text("{name} is not a name that an export contains.", "{name}은(는) 내보낸 모델에 쓰일 수 없는 이름입니다."),
        _REEXPORT,
    ),
    "duplicate_name": Rule(Text("The model defines {name} twice.", "모델이 {name}을(를) 두 번 정의합니다."), _REEXPORT),
    "undefined_name": Rule(
        Text("The model reads {name} before anything defines it.", "모델이 정의되기 전의 값 {name}을(를) 읽습니다."),
        _REEXPORT,
    ),
    # operations
    "too_many_nodes": Rule(
        Text(
            "The model has {found:,} operations; at most {limit:,} are accepted.",
            "모델의 연산이 {found:,}개입니다. 최대 {limit:,}개까지 허용됩니다.",
        ),
        _SMALLER,
    ),
    "foreign_op": Rule(
        Text(
            "The model uses the operation {op}, which is not accepted.",
            "모델이 허용되지 않는 연산 {op}을(를) 사용합니다.",
        ),
        Text(
            "Build the model from layers (convolution, linear, recurrent, norm, pooling, attention), activations, "
            "arithmetic and reshaping; indexing by data, sorting, comparing and custom operations are not accepted.",
            "모델을 층(합성곱, 선형, 순환, 정규화, 풀링, 어텐션), 활성화 함수, 사칙연산, 모양 변환으로만 만드세요. "
            "데이터로 인덱싱하기, 정렬, 비교, 사용자 정의 연산은 허용되지 않습니다.",
        ),
    ),
    "bad_argument": Rule(
        Text(
            "The operation {op} has an argument {argument} that is not accepted.",
            "연산 {op}의 인자 {argument}은(는) 허용되지 않습니다.",
        ),
        _PLAIN,
    ),
    "training_mode": Rule(
        Text(
            "The operation {op} was exported in training mode.",
            "연산 {op}이(가) 학습 모드로 내보내졌습니다.",
        ),
        _EVAL,
    ),
    "stateful_model": Rule(
        Text(
            "The model changes its own weights or buffers while it predicts ({name}).",
            "모델이 예측하는 동안 자신의 가중치나 버퍼({name})를 바꿉니다.",
        ),
        _EVAL,
    ),
    "in_place_alias": Rule(
        Text(
            "The model changes {name} in place while another view of the same values is still read.",
            "모델이 같은 값을 보는 다른 뷰가 아직 쓰이는데 {name}을(를) 제자리(in-place) 연산으로 바꿉니다.",
        ),
        _NOT_IN_PLACE,
    ),
    # the way in and out
    "wrong_inputs": Rule(
        Text("The model does not take exactly one tensor of images.", "모델의 입력이 이미지 텐서 하나가 아닙니다."),
        _IMAGES_TO_LOGITS,
    ),
    "wrong_outputs": Rule(
        Text("The model does not return exactly one tensor.", "모델의 출력이 텐서 하나가 아닙니다."), _IMAGES_TO_LOGITS
    ),
    "wrong_input_shape": Rule(
        Text(
            "The model was exported for images of shape {found}; this mission's are {expected}.",
            "모델이 {found} 모양의 이미지로 내보내졌습니다. 이 미션의 이미지는 {expected}입니다.",
        ),
        Text("Export with an example batch of the right shape.", "올바른 모양의 예시 배치로 다시 내보내세요."),
    ),
    "wrong_output_shape": Rule(
        Text(
            "For {batch} images the model returns a tensor of shape {found} and type {dtype}.",
            "이미지 {batch}장에 대해 모델이 모양 {found}, 자료형 {dtype}인 텐서를 반환합니다.",
        ),
        _IMAGES_TO_LOGITS,
    ),
    # the dry run and the run
    "impossible_graph": Rule(
        Text(
            "The operation {op} ({node}) can't be applied to the shapes it gets with {batch} images.",
            "이미지 {batch}장일 때 연산 {op}({node})을(를) 주어진 모양에 적용할 수 없습니다.",
        ),
        Text(
            "Run the model on a batch of another size than the exported one and mend what depends on the batch size.",
            "내보낼 때와 다른 크기의 배치로 모델을 실행해 보고, 배치 크기에 의존하는 부분을 고치세요.",
        ),
    ),
    "too_much_memory": Rule(
        Text(
            "The model needs more than {limit_mib} MiB for the intermediate values of {batch} images (at {node}).",
            "이미지 {batch}장의 중간값에 {limit_mib} MiB보다 많은 메모리가 필요합니다({node}).",
        ),
        _SMALLER,
    ),
    "too_much_work": Rule(
        Text(
            "The model needs more than {limit:,} operations per image (at {node}).",
            "모델이 이미지 한 장에 {limit:,}번보다 많은 연산을 합니다({node}).",
        ),
        _SMALLER,
    ),
    "execution_failed": Rule(
        Text(
            "The operation {op} ({node}) failed on the images.",
            "이미지를 처리하다가 연산 {op}({node})이(가) 실패했습니다.",
        ),
        _PLAIN,
    ),
}


def refuse(code: str, **gaps: object) -> ArtifactRejected:
    """The refusal of that rule, its gaps filled; to be raised by the caller.

    Args:
        code: key of `RULES`.
        gaps: figures, or student text that went through `quote`.
    """
    rule = RULES[code]
    message = Text(rule.message.en.format(**gaps), rule.message.ko.format(**gaps))
    return ArtifactRejected(code, message, Text(rule.advice.en.format(), rule.advice.ko.format()))


def quote(unvetted: object) -> str:
    """Student text fit for a message: printable, on one line, cut to `MAX_QUOTE` characters."""
    text = str(unvetted)[: MAX_QUOTE + 1]
    shown = "".join(letter if letter.isprintable() and letter != "`" else "?" for letter in text)
    return f"`{shown[:MAX_QUOTE]}…`" if len(shown) > MAX_QUOTE else f"`{shown}`"
