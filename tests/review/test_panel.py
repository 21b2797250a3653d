"""The Python side of the panel; what a person sees is tested in a browser beside."""

import io
import json
import sys

import pandas as pd
import pytest
from PIL import Image

from cardocr_nb.errors import InvalidRequestError, MissingExtraError
from cardocr_nb.review import review


@pytest.fixture
def panel(cards, queue, data, tmp_path):
    made = review(cards, data / "cards", tmp_path / "c.csv", queue=queue)
    made.said = []
    made.send = lambda content, buffers=None: made.said.append((content, buffers or []))
    return made


def tell(panel, **message):
    panel._handle_custom_msg(message, [])
    return panel.said[-1]


def test_the_browser_gets_the_field_its_crop_and_the_checks_with_what_they_expect(panel, queue):
    content, [crop] = tell(panel, kind="open")
    item = panel.session.items[0]
    assert (content["key"], content["field"], content["text"], content["score"]) == (
        item.key,
        "Name 姓名",
        item.text,
        41,
    )
    assert (content["done"], content["total"], content["verdict"], content["fault"]) == (0, 4, None, None)
    assert Image.open(io.BytesIO(crop)).format == "PNG"
    content, _ = tell(panel, kind="move", step=1)
    assert [reason.split(": ")[0] for reason in content["reasons"]] == ["Number check digit", "Number length"]
    assert all(len(reason.split(": ")[1]) > 10 for reason in content["reasons"])


def test_a_decision_is_kept_and_the_next_field_is_sent(panel):
    tell(panel, kind="open")
    content, _ = tell(panel, kind="decide", number=0, text="样本")
    assert (content["number"], content["done"], content["said"]) == (1, 1, "corrected")
    assert panel.truth()["text"].tolist() == ["样本"]
    content, _ = tell(panel, kind="move", step=-1)
    assert (content["verdict"], content["typed"]) == ("corrected", "样本")


def test_after_the_last_field_the_browser_is_told_where_the_decisions_are(panel):
    for number in range(4):
        content, _ = tell(panel, kind="decide", number=number, verdict="absent")
    assert (content["kind"], content["path"]) == ("end", str(panel.session.file.path))


def test_the_whole_card_is_sent_when_it_is_asked_for(panel):
    content, [card] = tell(panel, kind="card", number=0)
    assert (content["kind"], content["number"]) == ("card", 0)
    assert Image.open(io.BytesIO(card)).format == "JPEG"


def test_a_picture_that_is_missing_is_told_and_hinders_no_decision(cards, queue, tmp_path):
    panel = review(cards, tmp_path, tmp_path / "c.csv", queue=queue)
    panel.said = []
    panel.send = lambda content, buffers=None: panel.said.append((content, buffers or []))
    content, buffers = tell(panel, kind="open")
    assert buffers == []
    assert "no picture of id/0001.jpg" in content["fault"]
    assert tell(panel, kind="card", number=0)[0]["kind"] == "fault"
    assert tell(panel, kind="decide", number=0, verdict="unreadable")[0]["done"] == 1


def test_a_decision_that_cannot_be_kept_is_told_and_not_counted(panel):
    panel.session.file.path.mkdir()
    content, _ = tell(panel, kind="decide", number=0, text="样本")
    assert content["kind"] == "fault"
    assert "样本" not in content["message"]
    assert tell(panel, kind="open")[0]["done"] == 0


def letters_in(font):
    from fontTools.ttLib import TTFont

    return {chr(point) for point in TTFont(io.BytesIO(font)).getBestCmap()}


def test_a_browser_without_chinese_letters_gets_those_of_the_whole_queue_and_of_common_words(panel):
    content, [font] = tell(panel, kind="letters", letters="姓")
    assert (content["kind"], font[:4]) == ("letters", b"wOFF")
    texts = "".join(item.text for item in panel.session.items)
    needed = {c for c in texts + "姓名住址男女年月日省市区县傈僳仡佬" if "\u4e00" <= c <= "\u9fff"}
    assert needed - letters_in(font) == set() == needed - set(content["letters"])
    assert len(font) < 200_000


def test_a_typed_letter_is_sent_alone(panel):
    content, [font] = tell(panel, kind="letters", letters="魑")
    assert content["letters"] == "魑"
    assert letters_in(font) == {"魑"}


def test_without_any_chinese_font_the_panel_is_told_that_there_is_none(panel, monkeypatch):
    monkeypatch.setattr("cardocr_nb.review._review_webfont.chinese_font", lambda: None)
    content, fonts = tell(panel, kind="letters", letters="姓")
    assert (content["kind"], "姓" in content["letters"], fonts) == ("letters", True, [])


def test_letters_change_nothing_in_the_state(panel):
    before = repr(panel.get_state())
    tell(panel, kind="letters", letters="姓")
    assert repr(panel.get_state()) == before


def test_the_checks_have_chinese_names_in_the_chinese_panel(cards, queue, data, tmp_path):
    panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="zh")
    panel.said = []
    panel.send = lambda content, buffers=None: panel.said.append((content, buffers or []))
    reasons = tell(panel, kind="move", step=1)[0]["reasons"]
    assert reasons == ["号码校验位：GB 11643 的校验位", "号码长度：18 个字符"]


def test_neither_state_nor_output_nor_repr_ever_hold_a_text(panel):
    typed = "样本样本"
    tell(panel, kind="open")
    tell(panel, kind="decide", number=0, text=typed)
    tell(panel, kind="move", step=-1)
    tell(panel, kind="card", number=0)
    kept = json.dumps([panel.get_state(), panel._repr_mimebundle_(), repr(panel)], default=repr, ensure_ascii=False)
    assert "What stands on the card" in kept
    assert [t for t in (typed, *(i.text for i in panel.session.items)) if t in kept] == []


def test_the_panel_speaks_chinese_too(cards, queue, data, tmp_path):
    panel = review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="zh")
    assert panel.get_state()["_words"]["next"] == "下一个"
    with pytest.raises(InvalidRequestError, match="lang must be"):
        review(cards, data / "cards", tmp_path / "c.csv", queue=queue, lang="de")


def test_every_word_that_the_script_says_is_there_in_both_languages():
    from pathlib import Path

    from cardocr_nb.review import _panel as panel
    from cardocr_nb.review import _panel_i18n as words

    script = Path(panel.__file__).with_name("panel.js").read_text()
    said = {name for name in words.words("en") if f"words.{name}" in script or f'words, "{name}"' in script}
    verdicts = {"accepted", "corrected", "absent_said", "unreadable_said"}
    assert said | verdicts == set(words.words("en")) == set(words.words("zh"))


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
