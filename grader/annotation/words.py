"""Korean and English words of a comment, and which of them the line doesn't say already.

No dictionary and no parser: Korean particles and endings are cut by a short list, English endings by a shared
beginning. Good enough to tell a thought from an echo, and it can be read in a minute.
"""

import re
import unicodedata
from functools import lru_cache

MAX_WORDS = 150
"""Of one comment."""

_WORD = re.compile(r"[a-z]+|[가-힣]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_RUNS = re.compile(r"(.)\1{2,}")
# Longest first: the first that leaves at least one syllable is cut.
_ENDINGS = sorted(
    """
    을 를 이 가 은 는 의 에 로 와 과 도 만 들 용 함 됨 임 인 한 할 해 된 될 하 되 고 며 에서 에게 으로 까지 부터
    처럼 보다 마다 한다 하다 하는 하고 하며 하여 해서 하면 하기 합니다 해요 했다 된다 되다 되는 되고 되어 됩니다
    돼요 시킨다 시킵니다 시키는 시킴 시켜 이다 이며 이고 입니다 이에요 예요 이라 라는 이라는 라고 으로써 로써
    에서는 에는 으로는 로는 과의 와의 에서의 하기위해 하도록 되도록 않는다 않게
    """.split(),  # noqa: SIM905
    key=len,
    reverse=True,
)
# Words that any line could carry: they tell of code being code.
_NARRATION_KO = """
    코드 줄 라인 부분 구문 문장 명령 함수 메서드 메소드 변수 객체 인스턴스 속성 인자 인수 매개변수 모듈 라이브러리
    패키지 값 결과 호출 실행 설정 지정 대입 할당 저장 정의 선언 사용 이용 수행 진행 처리 생성 반환 리턴 불러 불러오
    불러온 가져오 가져온 가져와 임포트 만들 만든 넣 담 작업 동작 기능 역할 단계 과정 필요 중요 이것 그것 여기 다음
    위 아래 해당 주어진 적용 작성 주석 설명 파이썬 프로그램 시작 끝 것 수 때 위해 위한 통해 대한 있 없 그리고 또
    또한 및 매우 아주 정말 이 그 저 좀 잘 더 각 등 된 한 하 되 대해 관련 내용 구현 완료 나타내 의미 이름 입력 출력
    """.split()  # noqa: SIM905
_NARRATION_EN = frozenset(
    """
    a an the this that these those it its is are was be been being of to in on at by for from with as into onto and
    or but then so now here there we you i our your my they he do does did done will would can could should shall
    may has have had line lines code statement expression function functions method methods variable variables
    object objects instance class argument arguments parameter param attribute value values result results module
    library package name named names keyword call calls called calling set sets setting assign assigns assigned
    assignment store stores stored save saves use uses used using return returns returned returning execute
    executes executed run runs running perform performs define defines defined definition declare declares create
    creates created creating make makes made making import imports imported importing get gets getting give gives
    given pass passes passed passing put take takes step important necessary needed need needs very just also all
    any each which what where when how python program comment todo fix note output input start starts end equal
    equals new thing things stuff something everything operation operator apply applies applied invoke invokes
    evaluate evaluates initialize initializes init block body loop iterates over if else true false none not
    """.split()  # noqa: SIM905
)
_SOUNDS = {
    "모델": "model",
    "옵티마이저": "optimizer",
    "스케줄러": "scheduler",
    "로스": "loss",
    "손실": "loss",
    "에폭": "epoch",
    "에포크": "epoch",
    "이미지": "image",
    "레이블": "label",
    "라벨": "label",
    "배치": "batch",
    "텐서": "tensor",
    "디바이스": "device",
    "클래스": "class",
    "로더": "loader",
    "데이터로더": "dataloader",
    "데이터셋": "dataset",
    "데이터": "data",
    "파라미터": "parameter",
    "로짓": "logit",
    "스텝": "step",
    "그리드": "grid",
    "타이틀": "title",
    "인덱스": "index",
    "카운트": "count",
    "픽셀": "pixel",
    "트레인": "train",
    "트랜스폼": "transform",
    "컴포즈": "compose",
    "프린트": "print",
    "메인": "main",
    "경로": "path",
}
"""Korean words that only sound out, or plainly translate, an identifier of the line."""


@lru_cache(maxsize=1024)
def normalise(raw_text: str) -> str:
    """NFKC, lower case, single spaces: two ways to type the same text become one."""
    return " ".join(unicodedata.normalize("NFKC", raw_text).casefold().split())


@lru_cache(maxsize=1024)
def words(raw_text: str) -> tuple[str, ...]:
    """Latin words, Korean words without their particles and endings, numbers; at most `MAX_WORDS`, in order."""
    text = _RUNS.sub(r"\1\1", normalise(_CAMEL.sub(" ", raw_text)))
    return tuple(_stem(word) for word in _WORD.findall(text)[:MAX_WORDS])


def own_words(raw_comment: str, code: str) -> tuple[str, ...]:
    """The words of a comment that say more than the line does: no echo of its names, no talk of code being code."""
    said = frozenset(words(code.replace("_", " ")))
    return tuple(word for word in words(raw_comment) if not _is_narration(word) and not _is_echo(word, said))


def weight(own: tuple[str, ...]) -> float:
    """How much the words say: an English word counts 1 (long ones 1.5), a Korean syllable 0.5; each word once."""
    return sum(_weight(word) for word in set(own))


def repeats_code(raw_comment: str, code: str) -> bool:
    """Whether the comment is code itself and nothing else: `# loss.backward()`."""
    return any(mark in raw_comment for mark in "()[]=.") and weight(own_words(raw_comment, code)) == 0


def _weight(word: str) -> float:
    if is_korean(word):
        return len(word) / 2
    if word.isdigit():
        return 0.5
    return 0.0 if len(word) < 3 or len(word) > 24 else 1.5 if len(word) >= 8 else 1.0


def is_korean(word: str) -> bool:
    """Whether the word is written in Hangul."""
    return "가" <= word[0] <= "힣"


def _stem(word: str) -> str:
    if not is_korean(word) or len(word) < 2:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=4096)
def _is_narration(word: str) -> bool:
    if is_korean(word):
        return any(word == plain or (len(plain) > 1 and word.startswith(plain)) for plain in _NARRATION_KO)
    return word in _NARRATION_EN


def _is_echo(word: str, said: frozenset[str]) -> bool:
    if is_korean(word):
        sound = _SOUNDS.get(word)
        return word in said or (sound is not None and any(_akin(sound, name) for name in said))
    return any(_akin(word, name) for name in said)


def _akin(word: str, name: str) -> bool:
    """Whether two English words share their beginning: normalize, normalizes, normalization."""
    shortest = min(len(word), len(name))
    if shortest < 4:
        return word in (name, f"{name}s") or name == f"{word}s"
    shared = next((i for i in range(shortest) if word[i] != name[i]), shortest)
    return shared >= max(4, shortest - 2)
