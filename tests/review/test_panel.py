"""The Python side of the panel; the JavaScript side is tested in a browser."""

import io
import json
import re
import sys

import pandas as pd
import pytest
from PIL import Image

from cardocr_nb.errors import InvalidRequestError, MissingExtraError
from cardocr_nb.review import review


@pytest.fixture
def panel(cards, queue, data, tmp_path):
    made = review(cards, data / "cards", tmp_path / "c.csv", queue=queue)
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append((content, buffers or []))
    return made


def send(panel, **message):
    panel._handle_custom_msg(message, [])
    return panel.sent[-1]


def test_the_browser_gets_the_field_its_crop_and_the_checks_with_what_they_expect(panel, queue):
    content, [crop] = send(panel, kind="open")
    item = panel.session.items[0]
    assert (content["key"], content["field"], content["text"], content["score"]) == (
        item.key,
        "Name 姓名",
        item.text,
        41,
    )
    assert (content["done"], content["total"], content["verdict"], content["fault"]) == (0, 4, None, None)
    assert Image.open(io.BytesIO(crop)).format == "PNG"
    content, _ = send(panel, kind="move", step=1)
    assert [reason.split(": ")[0] for reason in content["reasons"]] == ["Number check digit", "Number length"]
    assert all(len(reason.split(": ")[1]) > 10 for reason in content["reasons"])


def test_a_decision_is_kept_and_the_next_field_is_sent(panel):
    send(panel, kind="open")
    content, _ = send(panel, kind="decide", number=0, text="样本")
    assert (content["number"], content["done"], content["decided"]) == (1, 1, "corrected")
    assert panel.truth()["text"].tolist() == ["样本"]
    content, _ = send(panel, kind="move", step=-1)
    assert (content["verdict"], content["typed"]) == ("corrected", "样本")


def test_after_the_last_field_the_browser_gets_the_path_of_the_decisions(panel):
    for number in range(4):
        content, _ = send(panel, kind="decide", number=number, verdict="absent")
    assert (content["kind"], content["path"]) == ("end", str(panel.session.file.path))


def test_the_whole_card_is_sent_when_it_is_asked_for(panel):
    content, [card] = send(panel, kind="card", number=0)
    assert (content["kind"], content["number"]) == ("card", 0)
    assert Image.open(io.BytesIO(card)).format == "JPEG"


def test_a_missing_picture_is_reported_and_prevents_no_decision(cards, queue, tmp_path):
    panel = review(cards, tmp_path, tmp_path / "c.csv", queue=queue)
    panel.sent = []
    panel.send = lambda content, buffers=None: panel.sent.append((content, buffers or []))
    content, buffers = send(panel, kind="open")
    assert buffers == []
    assert "picture of id/0001.jpg is missing" in content["fault"]
    assert send(panel, kind="card", number=0)[0]["kind"] == "fault"
    assert send(panel, kind="decide", number=0, verdict="unreadable")[0]["done"] == 1


def test_a_decision_that_cannot_be_saved_is_reported_and_not_counted(panel):
    panel.session.file.path.mkdir()
    content, _ = send(panel, kind="decide", number=0, text="样本")
    assert content["kind"] == "fault"
    assert "样本" not in content["message"]
    assert send(panel, kind="open")[0]["done"] == 0


def characters_in(font):
    from fontTools.ttLib import TTFont

    return {chr(point) for point in TTFont(io.BytesIO(font)).getBestCmap()}


def test_a_browser_without_chinese_font_gets_the_characters_of_the_queue_and_of_common_words(panel):
    content, [font] = send(panel, kind="characters", characters="姓")
    assert (content["kind"], font[:4]) == ("characters", b"wOFF")
    texts = "".join(item.text for item in panel.session.items)
    needed = {c for c in texts + "姓名住址男女年月日省市区县傈僳仡佬" if "\u4e00" <= c <= "\u9fff"}
    assert needed - characters_in(font) == set() == needed - set(content["characters"])
    assert len(font) < 200_000


def test_a_typed_character_is_sent_alone(panel):
    content, [font] = send(panel, kind="characters", characters="魑")
    assert content["characters"] == "魑"
    assert characters_in(font) == {"魑"}


def test_without_any_chinese_font_the_browser_gets_no_font(panel, monkeypatch):
    monkeypatch.setattr("cardocr_nb.review._review_webfont.chinese_font", lambda: None)
    content, fonts = send(panel, kind="characters", characters="姓")
    assert (content["kind"], "姓" in content["characters"], fonts) == ("characters", True, [])


def test_fonts_change_nothing_in_the_state(panel):
    before = repr(panel.get_state())
    send(panel, kind="characters", characters="姓")
    assert repr(panel.get_state()) == before


def test_the_checks_have_chinese_names_in_the_chinese_panel(cards, queue, data, tmp_path):
    panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="zh")
    panel.sent = []
    panel.send = lambda content, buffers=None: panel.sent.append((content, buffers or []))
    reasons = send(panel, kind="move", step=1)[0]["reasons"]
    assert reasons == ["号码校验位：与 GB 11643 的校验位不符", "号码长度：既不是 18 个字符，也不是三个字母加 12 位数字"]


def test_neither_state_nor_output_nor_repr_ever_hold_a_text(panel):
    typed = "样本样本"
    send(panel, kind="open")
    send(panel, kind="decide", number=0, text=typed)
    send(panel, kind="move", step=-1)
    send(panel, kind="card", number=0)
    kept = json.dumps([panel.get_state(), panel._repr_mimebundle_(), repr(panel)], default=repr, ensure_ascii=False)
    assert "Text on the card" in kept
    assert [t for t in (typed, *(i.text for i in panel.session.items)) if t in kept] == []


def test_the_panel_is_in_chinese_too(cards, queue, data, tmp_path):
    panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="zh")
    assert panel.get_state()["_texts"]["next"] == "下一个"
    with pytest.raises(InvalidRequestError, match="lang must be"):
        review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="de")


def test_every_text_that_the_script_shows_is_in_the_catalog():
    from pathlib import Path

    from cardocr_nb._i18n import messages
    from cardocr_nb.review import _panel as panel

    script = Path(panel.__file__).with_name("panel.js").read_text()
    names = set(messages("en").texts["panel"])
    used = {name for name in names if f"texts.{name}" in script or f'texts, "{name}"' in script}
    decisions = {"accepted", "corrected", "absent_status", "unreadable_status"}
    assert used | decisions == names
    assert set(re.findall(r"\btexts\.(\w+)", script)) - {"replace"} <= names


def test_without_the_extra_it_is_named(cards, queue, monkeypatch):
    monkeypatch.setitem(sys.modules, "cardocr_nb.review._panel", None)
    with pytest.raises(MissingExtraError, match=r"the review panel needs the extra 'lab'"):
        review(cards, "photos", queue=queue)


def test_the_accessor_opens_the_same_panel(cards, queue, data, tmp_path):
    panel = cards.cardocr.review(data / "cards", tmp_path / "c.parquet", queue=queue)
    assert repr(panel) == "<Review 0 of 4 fields decided>"


def test_by_default_the_queue_of_the_frame_is_asked(cards, data, tmp_path):
    from cardocr_nb.quality import review_queue

    panel = review(cards, data / "cards", tmp_path / "c.csv")
    expected = review_queue(cards)[["key", "field"]].drop_duplicates()
    asked = pd.DataFrame([(i.key, i.field) for i in panel.session.items], columns=["key", "field"])
    assert asked.astype(str).to_numpy().tolist() == expected.astype(str).to_numpy().tolist()
