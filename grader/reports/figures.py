"""Numbers as people read them, in the language of the report."""

from grader.results import Quantity
from grader.text import Language


def points(value: float) -> str:
    """Points without needless decimals: `12`, `7.5`, `3.33`."""
    return f"{round(value, 2):g}"


def percent(share: float, language: Language) -> str:
    """A share in [0, 1] with two decimals: at 10,000 images the second one is a single image."""
    return f"{100 * share:.2f}%" if language == "ko" else f"{100 * share:.2f} %"


def sureness(confidence: float, language: Language) -> str:
    """A confidence in [0, 1] in whole percents, at most 99: who is wrong was not entirely sure, but for rounding."""
    whole = round(100 * confidence)
    if whole >= 100:
        return "99% 초과" if language == "ko" else "over 99 %"
    return f"{whole}%" if language == "ko" else f"{whole} %"


def seconds(value: float, language: Language) -> str:
    """A duration: tenths below ten seconds, minutes from one hundred and twenty seconds on."""
    if value < 10:
        return f"{value:.1f}초" if language == "ko" else f"{value:.1f} s"
    whole = round(value)
    if whole < 120:
        return f"{whole}초" if language == "ko" else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if language == "ko":
        return f"{minutes}분 {rest}초" if rest else f"{minutes}분"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def size(count: int) -> str:
    """A number of bytes in binary units."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def amount(quantity: Quantity, value: float, language: Language) -> str:
    """So much of something that a run may use only so much of."""
    if quantity in (Quantity.SECONDS, Quantity.CPU_SECONDS):
        return seconds(value, language)
    if quantity is Quantity.PROCESSES:
        return f"{value:.0f}개" if language == "ko" else f"{value:.0f}"
    return size(int(value))


def number(value: float | str) -> str:
    """A logged value, short: four significant digits; words such as `nan` stay words."""
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.4g}"


def short(count: int, language: Language) -> str:
    """A large count with a few digits and a unit: `1.23 M`, in Korean `123만`."""
    units = ((1e8, "억"), (1e4, "만")) if language == "ko" else ((1e9, " G"), (1e6, " M"), (1e3, " k"))
    for size_of, unit in units:
        if count >= size_of:
            return f"{count / size_of:,.0f}{unit}" if count >= 100 * size_of else f"{count / size_of:.3g}{unit}"
    return f"{count:,}"
