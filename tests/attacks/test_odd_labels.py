"""A service that puts texts of cards into labels, codes and messages: no output without ``reveal`` shows them."""

import io
import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from widget_page import connect

from cardocr_nb import frame, plot, privacy, quality
from cardocr_nb._cli import main
from cardocr_nb.errors import InvalidRequestError
from cardocr_nb.frame import UnknownLabelWarning, to_frame, wide
from cardocr_nb.privacy._service_texts import starred
from cardocr_nb.report import _charts, _webfont
from cardocr_nb.wire import CardResult, Field, Job, JobState

NAME, LATIN, NUMBER, ADDRESS, RARE = (
    "谢样本甲",
    "Zhangwei Ouyang",
    "990101197412010014",
    "样本省示例市虚构区九曲路1024号",
    "\ue815样",
)
SECRETS = ("谢样本", "样本甲", "zhangwei", "ouyang", "19741201", "虚构区", "九曲路", "1024", "\ue815")
BOX = ((10, 10), (10, 30), (90, 30), (90, 10))
KEY = bytes.fromhex("8f3a0c57e1d94b62a7105ecb39f4862d")


def _card(number):
    odd = (NAME, LATIN, NUMBER, ADDRESS, RARE)
    fields = (
        *(Field(label, "x", 90, BOX) for label in odd),
        *(Field(label, text, 95, BOX) for label, text in (("姓名", NAME), ("公民身份号码", NUMBER), ("住址", ADDRESS))),
        *(Field(label, NUMBER, 80, BOX) for label in ("性别", "民族", "出生", "blood_group", "档案编号")),
    )
    return Job(f"j{number}", JobState.SUCCESS, f"{number}.jpg", "IDCard", user_data=NAME,
               result=CardResult(fields, key=f"{number}.jpg", status=1))  # fmt: skip


@pytest.fixture(scope="module")
def cards():
    failed = [
        Job("f1", JobState.FAILED, "f.jpg", "IDCard", code=LATIN, message=f"bad {NUMBER} {LATIN}"),
        Job("f2", JobState.FAILED, "g.jpg", NAME, code=NAME, message=f"{ADDRESS} {RARE}"),
    ]
    with pytest.warns(UnknownLabelWarning):
        return to_frame([*map(_card, range(6)), *failed])


@pytest.fixture(scope="module")
def truth(cards):
    rows = cards[cards["field"].notna()]
    return rows[["key", "field"]].assign(text=rows["text"].str.replace("x", "y"))


def shown(secrets_in):
    folded = secrets_in.casefold()
    return [secret for secret in SECRETS if secret in folded]


def drawn(draw):
    """All texts of a plot."""
    figure = Figure(figsize=(9, 9))
    draw(figure.subplots())
    return drawn_text(figure)


def drawn_text(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def pictures():
    return {f"{number}.jpg": np.zeros((100, 200, 3), np.uint8) for number in range(6)}


def written(cards, truth, path):
    return cards.cardocr.report(path, truth=truth, other=cards.assign(text=cards["text"] + "x")).read_text("utf-8")


def both(thing):
    return repr(thing) + thing._repr_html_()


def asked(widget):
    """All that an interactive overlay sends to the browser."""
    ask = connect(widget)
    return json.dumps([ask(kind="open"), widget.get_state()], default=repr, ensure_ascii=False)


def picture_file():
    file = io.BytesIO()
    Image.new("RGB", (200, 100), "white").save(file, "PNG")
    return file.getvalue()


def refused(call):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - any message is looked at
        call()
    return str(raised.value)


OUTPUTS = {
    "report.html": written,
    "report.md": written,
    "report.json": written,
    "show": lambda cards, *_: both(cards.cardocr.show(rows=99)),
    "summary": lambda cards, *_: both(quality.summary(cards)),
    "evaluation": lambda cards, truth, _: both(quality.evaluate(cards, truth)),
    "comparison": lambda cards, *_: both(quality.compare(cards, cards.assign(text="x"))),
    "calibration": lambda cards, truth, _: both(quality.calibration(cards, truth)),
    "calibrator": lambda cards, truth, _: both(quality.calibrate(cards, truth)),
    "thresholds": lambda cards, truth, _: both(quality.threshold(cards, truth)),
    "costs": lambda cards, truth, _: both(quality.cost(cards, truth, review=1, error=9)),
    "mask": lambda cards, *_: privacy.mask(cards).to_csv(),
    "mask of cells": lambda cards, truth, _: privacy.mask(quality.evaluate(cards, truth).cells).to_csv(),
    "mask of pairs": lambda cards, *_: privacy.mask(quality.compare(cards, cards.assign(text=LATIN)).flips).to_csv(),
    "pseudonym": lambda cards, *_: privacy.pseudonym(cards, key=KEY).to_csv(),
    "plot_scores": lambda cards, *_: drawn(lambda ax: plot.plot_scores(cards, ax=ax)),
    "plot_compare": lambda cards, *_: drawn(lambda ax: plot.plot_compare(quality.compare(cards, cards), ax=ax)),
    "plot_regions": lambda cards, *_: drawn(lambda ax: plot.plot_regions(cards, card_type="IDCard", ax=ax)),
    "plot_reliability": lambda cards, truth, _: drawn(lambda ax: plot.plot_reliability(cards, truth, ax=ax)),
    "plot_timeline": lambda cards, *_: drawn(lambda ax: plot.plot_timeline(cards, ax=ax)),
    "plot_confusions": lambda cards, truth, _: drawn(
        lambda ax: plot.plot_confusions(quality.evaluate(cards, truth), ax=ax)
    ),
    "plot_risk_coverage": lambda cards, truth, _: drawn(
        lambda ax: plot.plot_risk_coverage(quality.cost(cards, truth, review=1, error=9), ax=ax)
    ),
    "plot_gallery": lambda cards, truth, _: drawn(
        lambda ax: plot.plot_gallery(cards, pictures(), kind="worst", truth=truth, n=40, ax=ax)
    ),
    "plot_overlay": lambda cards, *_: drawn(
        lambda ax: plot.plot_overlay(cards, pictures()["1.jpg"], key="1.jpg", text=True, ax=ax)
    ),
    "overlay widget": lambda cards, *_: asked(plot.plot_overlay(cards, pictures(), interactive=True)),
    "readings without probability": lambda cards, truth, _: repr(
        quality.calibrate(cards[cards["field"] == "name"], truth).apply(cards).columns
    ),
    "columns left out": lambda cards, *_: repr(frame.to_long(wide(cards).assign(**{NAME: 1, LATIN: 2})).columns),
    "covered": lambda cards, *_: refused(lambda: privacy.redact(picture_file(), cards[cards["key"] == "1.jpg"])),
    "one place": lambda cards, *_: refused(
        lambda: privacy.redact(picture_file(), cards[cards["key"] == "1.jpg"].head(2), complete=False)
    ),
    "no place": lambda cards, *_: refused(
        lambda: privacy.redact(picture_file(), cards[cards["key"] == "1.jpg"].assign(polygon=None), complete=False)
    ),
}  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_output_shows_a_label_code_or_message_that_is_a_text_of_a_card(cards, truth, tmp_path, monkeypatch, output):
    monkeypatch.setattr(_webfont, "font_subset", lambda *_: b"")  # font and pictures are most of the time of a report;
    monkeypatch.setattr(_charts, "svg_address", drawn_text)  # their texts are looked at all the same
    monkeypatch.setattr(_charts, "webp_address", drawn_text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        said = OUTPUTS[output](cards, truth, tmp_path / output)
    assert len(said) > 20
    assert shown(said) == []
    assert shown("".join(str(warning.message) for warning in caught)) == []


@pytest.mark.parametrize("command", ["check", "evaluate", "compare", "review-queue"])
def test_a_table_of_a_command_shows_no_label_that_is_a_text_of_a_card(cards, truth, tmp_path, capsys, command):
    cards.cardocr.to_parquet(tmp_path / "cards.parquet")
    truth.to_csv(tmp_path / "truth.csv", index=False)
    more = {"evaluate": ["--truth", str(tmp_path / "truth.csv")], "compare": [str(tmp_path / "cards.parquet")]}
    main([command, str(tmp_path / "cards.parquet"), *more.get(command, [])])
    printed = capsys.readouterr()
    assert "name" in printed.out
    assert shown(printed.out + printed.err) == []


def test_names_of_other_fields_that_are_no_texts_of_cards_are_shown(cards):
    texts = drawn(lambda ax: plot.plot_scores(cards, ax=ax, lang="en"))
    assert "Blood group" in texts
    assert "Unknown field 1" in texts
    masked = privacy.mask(cards)
    assert {"blood_group", "档案编号", "unknown_field_1", "name"} <= set(masked["field"].dropna())
    assert masked["field"].dtype == "category"


def test_the_plots_that_may_reveal_show_names_of_unknown_fields(cards):
    texts = drawn(lambda ax: plot.plot_overlay(cards, pictures()["1.jpg"], key="1.jpg", reveal=True, ax=ax))
    assert NUMBER in texts


def test_unknown_fields_have_the_same_pseudonym_in_two_frames(cards):
    whole, part = (privacy.pseudonym(frame, key=KEY) for frame in (cards, cards[cards["key"] == "5.jpg"]))
    assert set(part["field"].dropna()) <= set(whole["field"].dropna())
    assert sum(name.startswith("~") for name in set(part["field"].dropna())) == 5


@pytest.mark.parametrize("call", [privacy.mask, lambda df: privacy.pseudonym(df, key=KEY)])
def test_a_wide_frame_is_refused_and_not_returned_with_its_texts(cards, call):
    with pytest.raises(InvalidRequestError, match="one row a field"):
        call(wide(cards))
    with pytest.raises(InvalidRequestError, match="one row a field"):
        call(pd.DataFrame({"key": ["1.jpg"], "text": [NAME]}))


def test_signs_for_rare_characters_are_masked():
    assert starred(f"{RARE} 1·2_3") == "** *·*_*"
    assert re.fullmatch(r"\*+", privacy.mask_text("\ue815\U000f0000", "address"))
