"""Cards invented for the checks; no place has their region code, 990101."""

import pandas as pd
from stdnum.cn import ric

from cardocr_nb.quality import REGISTRY
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))
ID_CARD = {
    "姓名": "样本一",
    "性别": "男",
    "民族": "汉",
    "出生": "1974年12月1日",
    "住址": "样本省示例市标本路1号",
    "公民身份号码": "990101197412010014",
}
LICENSE = {
    "证号": "990202198303150022",
    "姓名": "样本二",
    "性别": "女",
    "国籍": "中国",
    "住址": "样本省示例市试验街20号",
    "出生日期": "1983-03-15",
    "初次领证日期": "2008-05-20",
    "准驾车型": "C1",
    "有效期限": "2018-05-20至2028-05-20",
    "发证单位": "样本省示例市公安局",
}


def number(head):
    """Append the check digit to 17 digits."""
    return head + ric.calc_check_digit(f"{head}0")


def job(texts, *, key="1.jpg", kind="IDCard", polygon=BOX, state=JobState.SUCCESS, score=90):
    """A job whose fields are one below the other, or all at the polygon given."""
    places = [tuple((x, y + 10 * n) for x, y in BOX) if polygon is BOX else polygon for n in range(len(texts))]
    fields = tuple(Field(label, text, score, at) for (label, text), at in zip(texts.items(), places, strict=True))
    return Job(f"job of {key}", state, key, kind, result=CardResult(fields, status=int(bool(fields))))


def answer(check, *texts):
    """Return the answer of a check to one text for each of its fields; None where it does not apply."""
    transform = REGISTRY[check.__name__].transform
    readers = transform if isinstance(transform, tuple) else (transform,) * len(texts)
    columns = [pd.Series([text], dtype="str") for text in texts]
    answers = check(*(read(c) if read else c for read, c in zip(readers, columns, strict=True)))
    value = pd.array(answers, dtype="boolean")[0]
    return None if pd.isna(value) else bool(value)
