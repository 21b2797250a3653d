"""Whether the picture shows a card of the type at all: title, labels, number, arrangement, portrait, and what else is there.

Forms, applications and other cards have the same labels. They differ in what is around: no portrait, other texts between the
fields, another order of rows, another distance of rows for the size of the print.
"""

from __future__ import annotations

import math
import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cardocr_nb.local.engine._card_pose import CardPose
    from cardocr_nb.local.engine._field_extraction import Extraction

_BIAS = -5.0
_LABEL, _VALUE, _NUMBER, _TITLE, _SEAL = 0.9, 0.5, 2.0, 1.5, 1.0
_PORTRAIT, _NO_PORTRAIT = 2.0, -1.5
_MOVED = -0.9
_STACKED = -3.0
"""For each pair of labels that a list has below each other, and the card in one row."""
_UNEXPLAINED = -0.12
"""For each character that belongs to no field."""
_FOREIGN = -3.0
"""For each text that no card of the type has."""
_FOREIGN_TEXTS = (
    "请输入", "请选择", "下一步", "提交", "申请", "登记", "户主", "户口", "籍贯", "婚姻", "文化程度", "电话", "手机", "签字", "签名",
    "社会保障", "居留", "永久", "护照", "港澳", "台湾", "发票", "合计", "金额", "银行", "准考证", "学历", "单位名称", "邮编", "行驶证",
    "号牌", "车辆类型", "所有人", "品牌型号", "发动机", "资格证", "工作证", "身份证件", "复印件粘贴",
)  # fmt: skip
_PERMISSION = re.compile("仅供|仅用|仅限|他用|无效|使用|复印|用途|办理|登记使用")
"""Words that owners write across a picture of their card."""
_ONLY_TEXT = 0.45
"""Confidence at most without portrait and title, and of a list: forms and other cards can have all the rest."""
_FEWEST = 3
"""Values without which a portrait and labels are not enough."""
_HEAD = 0.17
"""Difference of a head from its background, in logarithms of tones. In 234 pictures of cards (specimens and the tuning part of
``benchmarks/rendered_cards.py``) the smallest was 0.20; in 28 pictures of other things that seemed to be a card, the largest 0.165."""
_COLORFUL = 1.5
"""Weight of color alone, which the edge of a shadow leaves as it is."""
_GRID = 10, 12
"""Coarse cells of a portrait, across and down."""
_OFFSETS = np.array(sorted(product((0, -0.125, 0.125, -0.25, 0.25), repeat=2), key=np.linalg.norm))
"""Parts of its size by which the portrait may be elsewhere, the nearest first."""
_DARKEST = 12.0
_ROWS = (("gender", "ethnicity"), ("gender", "nationality"), ("name", "nationality"))
_ROW = 2.5
"""Millimeters by which labels of one row differ at most."""


def card_confidence(extraction: Extraction, image: NDArray[np.uint8]) -> float:
    """Estimate the probability that a card of the type is there, from 0 to 1.

    Parameters
    ----------
    extraction : Extraction
    image : ndarray of shape (h, w, 3), uint8
    """
    pose = extraction.pose
    if pose is None:
        return 0.0
    values = {name: e.value for name, e in extraction.fields.items()}
    number = next((v for f, v in values.items() if f in ("id_number", "licence_number")), None)
    labels = [n for n in pose.anchors if n in pose.layout.fields]
    evidence = _BIAS + _LABEL * len(labels) + _MOVED * len(pose.moved)
    evidence += _VALUE * sum(v.is_valid is not False for v in values.values())
    stacked = _stacked(pose)
    evidence += _STACKED * stacked
    evidence += _NUMBER * (number is not None and number.is_valid is True)
    evidence += _TITLE * ("title" in pose.anchors)
    if "issuing_authority" in extraction.fields and extraction.fields["issuing_authority"].chars[0].char.redness > 0.4:
        evidence += _SEAL
    pictured = has_portrait(pose, image)
    evidence += _PORTRAIT if pictured else _NO_PORTRAIT
    width, height = pose.layout.size
    inside = [s for s in extraction.unexplained if s.left > 0 and s.right < width and 0 < s.y < height]
    inside = [s for s in inside if not _PERMISSION.search(s.text)]
    texts = " ".join([*(s.text for s in inside), *(v.text for v in values.values())])
    evidence += _UNEXPLAINED * sum(len(s.chars) for s in inside)
    evidence += _FOREIGN * sum(word in texts for word in _FOREIGN_TEXTS)
    own = (pictured and not stacked and len(values) >= _FEWEST) or "title" in pose.anchors
    return (1.0 if own else _ONLY_TEXT) / (1 + math.exp(-evidence))


def has_portrait(pose: CardPose, image: NDArray[np.uint8]) -> bool:
    """Whether a head is near the place of the portrait.

    The middle of its upper half differs from what is left and right of it, both in the same way. This is not so for print, for the
    edge of a page, or for a table. Tones are logarithms, so that a shadow or a dim light changes little.
    """
    import cv2

    left, top, right, bottom = pose.layout.portrait
    (across, down), size = _GRID, (4 * _GRID[0], 4 * _GRID[1])
    target = np.array([(0, 0), (size[0], 0), (0, size[1])], np.float32)
    for off in _OFFSETS * (right - left, bottom - top):
        corners = pose.on_picture(np.array([(left, top), (right, top), (left, bottom)]) + off).astype(np.float32)
        patch = cv2.warpAffine(image, cv2.getAffineTransform(corners, target), size, borderMode=cv2.BORDER_REPLICATE)
        tones = np.log(cv2.resize(patch, (across, down), interpolation=cv2.INTER_AREA).astype(float) + _DARKEST)
        colors = np.dstack([tones[..., 0] - tones[..., 1], tones[..., 1] - tones[..., 2]])
        if max(_head(np.dstack([tones.mean(2), colors])), _COLORFUL * _head(colors)) > _HEAD:
            return True
    return False


def _head(tones: NDArray[np.float64]) -> float:
    """How far the middle of the upper half differs from its sides, less for sides that differ from each other."""
    rows = tones[1:7]
    left, right, middle = rows[:, :2].mean((0, 1)), rows[:, -2:].mean((0, 1)), rows[1:, 4:6].mean((0, 1))
    away = middle - (left + right) / 2
    far = max(float(np.linalg.norm(away)), 1e-6)
    nearer = min((middle - left) @ away, (middle - right) @ away) / far
    return float(nearer - 0.5 * np.linalg.norm(left - right))


def _stacked(pose: CardPose) -> int:
    """Labels that are in one row on every card of the type, but not here."""
    centers = {name: pose.on_card(anchor.center[None])[0] for name, anchor in pose.labels.items()}
    return sum(
        abs(centers[one][1] - centers[other][1]) > _ROW for one, other in _ROWS if one in centers and other in centers
    )
