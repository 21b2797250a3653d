"""The words of the panel in both languages."""

from __future__ import annotations

from typing import Literal, TypeAlias

from cardocr_nb.errors import InvalidRequestError

Lang: TypeAlias = Literal["en", "zh"]

_WORDS = {
    "panel": ("Review of readings", "识别结果复核"),
    "progress": ("{done} of {total} fields decided", "已处理 {done} / {total} 个字段"),
    "place": ("Field {number} of {total}", "第 {number} / {total} 个字段"),
    "read": ("Read", "识别为"),
    "nothing": ("nothing was read", "未识别到内容"),
    "score": ("Score", "置信分"),
    "no_score": ("none", "无"),
    "chance": ("Chance of an error", "出错概率"),
    "reasons": ("Checks that failed", "未通过的检查"),
    "stands": ("What stands on the card", "证件上的内容"),
    "save": ("Accept or save", "确认或保存"),
    "absent": ("Nothing stands there", "证件上无此内容"),
    "unreadable": ("Unreadable, skip", "无法辨认，跳过"),
    "previous": ("Previous", "上一个"),
    "next": ("Next", "下一个"),
    "card": ("Whole card", "整张证件"),
    "restore": ("Restore the reading", "恢复识别结果"),
    "crop_alt": ("Cut-out of the card {key} with the field {field}", "证件 {key} 中字段 {field} 的局部图"),
    "card_alt": ("The card {key} with the field {field} outlined", "证件 {key}，字段 {field} 已框出"),
    "card_alone_alt": ("The card {key}", "证件 {key}"),
    "no_place": (
        "The service gave no place for this field; look for it on the whole card.",
        "服务未给出该字段的位置，请查看整张证件。",
    ),
    "accepted": ("Accepted as read", "已确认"),
    "corrected": ("Corrected", "已更正"),
    "absent_said": ("Decided: nothing stands there", "已记录：证件上无此内容"),
    "unreadable_said": ("Decided: unreadable", "已记录：无法辨认"),
    "empty": (
        "The line is empty. Alt+N says that nothing stands there, Alt+U that it cannot be read.",
        "内容为空。按 Alt+N 表示证件上无此内容，按 Alt+U 表示无法辨认。",
    ),
    "end": ("No field is left to look at. The decisions are in {path}.", "没有待复核的字段了。结果保存在 {path}。"),
    "no_letters": (
        (
            "Neither this browser's machine nor the kernel's has a Chinese font: letters may show as boxes. Run "
            "pip install 'cardocr_nb[fonts]' where the kernel runs, then restart it; decisions made before are kept."
        ),
        # English first: who reads this sees boxes in the place of the Chinese.
        (
            "No Chinese font: run pip install 'cardocr_nb[fonts]' where the kernel runs, then restart it. "
            "没有可用的中文字体，汉字可能显示为方框。请在内核所在环境运行上述命令，然后重启内核；此前的结果均已保存。"
        ),
    ),
    "lost": (
        "The kernel does not answer: nothing was saved. Run the cell again; decisions made before are kept.",
        "内核没有响应，未保存。请重新运行该单元格；此前的结果均已保存。",
    ),
}


def words(lang: Lang) -> dict[str, str]:
    """What the panel says, by name.

    Raises
    ------
    InvalidRequestError
        The language is neither ``en`` nor ``zh``.

    Examples
    --------
    >>> words("en")["next"], words("zh")["next"]
    ('Next', '下一个')
    """
    if lang not in ("en", "zh"):
        raise InvalidRequestError(f"lang must be 'en' or 'zh', got {lang!r}")
    return {name: both[lang == "zh"] for name, both in _WORDS.items()}
