import re
import subprocess
import sys

import matplotlib as mpl
import pandas as pd
import pytest

from cardocr_nb._fonts import chinese_font
from cardocr_nb._i18n import messages
from cardocr_nb.plot import _plot_fonts as fonts
from cardocr_nb.plot import plot_scores, style

DF = pd.DataFrame({"field": ["name", "id_number", "血型"], "score": [99, 90, 80]})


@pytest.fixture
def without_font(monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    fonts._warn_without_font.cache_clear()
    yield
    fonts._warn_without_font.cache_clear()


def names(ax):
    return [re.split(r" ?[(（]", label.get_text())[0] for label in ax.get_yticklabels()]


def test_field_names_are_printed_in_chinese_with_the_font_that_was_found(ax):
    plot_scores(DF, lang="zh", ax=ax)
    assert names(ax) == ["姓名", "公民身份号码", "血型"]
    assert {label.get_fontproperties().get_file() for label in ax.get_yticklabels()} == {str(chinese_font())}


def test_drawing_chinese_names_warns_of_no_missing_glyph(ax):
    plot_scores(DF, lang="zh", ax=ax)
    ax.figure.canvas.draw()


@pytest.mark.usefixtures("without_font")
def test_without_a_font_one_warning_says_what_to_install_and_names_are_english(ax, recwarn):
    with pytest.warns(UserWarning, match=r"pip install 'cardocr_nb\[fonts\]'") as caught:
        plot_scores(DF, lang="zh", ax=ax)
    plot_scores(DF, kind="ecdf", lang="zh")
    assert names(ax) == ["Name", "ID number", "Field 1"]
    assert caught[0].filename == __file__
    ax.figure.canvas.draw()
    assert not recwarn.list


@pytest.mark.usefixtures("without_font")
def test_english_names_need_no_font_and_no_warning(ax):
    plot_scores(DF, lang="en", ax=ax)
    assert names(ax) == ["Name", "ID number", "Field 1"]
    ax.figure.canvas.draw()


def test_characters_that_a_font_lacks_become_question_marks_and_line_breaks_stay():
    assert fonts.PlotLanguage(None, messages("en")).printable("李\nLi é") == "?\nLi é"
    assert fonts.PlotLanguage(chinese_font(), messages("zh")).printable("李\nLi") == "李\nLi"
    assert fonts.PlotLanguage(chinese_font(), messages("zh")).printable("\U0010fffd") == "?"


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="got 'fr'"):
        fonts.plot_language("fr")


def test_no_setting_of_matplotlib_is_changed(ax):
    before = dict(mpl.rcParams)
    plot_scores(DF, ax=ax)
    with style("dark"):
        assert mpl.rcParams["text.color"] != before["text.color"]
    assert dict(mpl.rcParams) == before


def test_another_style_is_refused():
    with pytest.raises(ValueError, match="'light' or 'dark', got a str of 5 characters"), style("sepia"):
        pass


def test_importing_plots_and_reports_loads_neither_matplotlib_nor_pillow():
    code = "import sys, cardocr_nb.plot, cardocr_nb.report; print([m for m in ('matplotlib', 'PIL', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - own code
    assert done.stdout == "[]\n"
