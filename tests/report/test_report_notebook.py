"""The report as a notebook, and the command that makes either."""

import sys
from importlib.resources import files
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from invented_cards import SECRETS, batch, true_texts
from matplotlib.text import Text

from cardocr_nb._cli import main
from cardocr_nb.errors import CardOCRError, MissingExtraError
from cardocr_nb.report import report_notebook

TEMPLATE = files("cardocr_nb.report") / "templates" / "report_template.ipynb"


@pytest.fixture
def tables(tmp_path):
    """Cards, another run of them, and their truth, as files."""
    cards = batch()
    cards.to_parquet(tmp_path / "cards.parquet")
    cards.loc[0, "text"] = "范样木"
    cards.to_feather(tmp_path / "other.feather")
    true_texts().to_csv(tmp_path / "truth.csv", index=False)
    return tmp_path


def outputs(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    return {cell.id: [o for o in cell.outputs if o.output_type in ("display_data", "execute_result")] for cell in cells}


def readable(path):
    """Every source and output text of a notebook; pictures in base64 would contain short secrets by chance."""
    outputs(path)
    pieces = []
    for cell in nbformat.read(path, as_version=4).cells:
        pieces.append(cell.source)
        for output in cell.get("outputs", ()):
            pieces.append(output.get("text", ""))
            pieces += [str(data) for kind, data in output.get("data", {}).items() if not kind.startswith("image/")]
    return "\n".join(pieces)


def test_the_parameters_are_in_a_tagged_cell():
    cells = nbformat.reads(TEMPLATE.read_text("utf-8"), as_version=4).cells
    (tagged,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", ())]
    given = {line.split(" = ")[0] for line in tagged.source.splitlines()}
    assert given == {
        "cards_path", "truth_path", "other_path", "images", "lang", "reveal", "precision", "groups", "review", "error", "title",
    }  # fmt: skip


@pytest.mark.filterwarnings("default")
def test_the_command_runs_the_template_with_its_parameters(tables, monkeypatch, capsys):
    monkeypatch.chdir(tables)
    arguments = [
        "--truth",
        "truth.csv",
        "--other",
        "other.feather",
        "--review",
        "1",
        "--error",
        "20",
        "--title",
        "Mine",
    ]
    out = ["-o", "new/report.md", "--notebook", "new/report.ipynb"]
    assert main(["report", "cards.parquet", *out, "--yes", *arguments]) == 0
    assert capsys.readouterr().out.split() == ["new/report.md", "new/report.ipynb"]
    assert "# Mine" in Path("new/report.md").read_text("utf-8")
    made = outputs("new/report.ipynb")
    assert sum(map(bool, made.values())) >= 15
    images = [o for cell in made.values() for o in cell if "image/png" in o.data]
    assert len(images) >= 6
    text = readable("new/report.ipynb")
    assert not any(secret in text for secret in SECRETS)
    assert "review 1, error 20" in text


@pytest.mark.filterwarnings("default")
def test_without_truth_and_other_run_the_notebook_says_so(tables):
    path = report_notebook(tables / "cards.parquet", tables / "r.ipynb", lang="zh")
    text = readable(path)
    assert text.count("No truth was given.") >= 3
    assert "No other run was given." in text
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("reveal", [False, True])
@pytest.mark.filterwarnings("ignore:there is no confusion")
def test_the_confusions_of_one_card_are_in_the_notebook_only_with_reveal(reveal):
    cells = nbformat.reads(TEMPLATE.read_text("utf-8"), as_version=4).cells
    (source,) = [cell.source for cell in cells if "plot_confusions" in cell.source and cell.cell_type == "code"]
    cards = batch()
    name = cards.index[cards["field"] == "name"][0]
    evaluation = cards.assign(text=cards["text"].where(cards.index != name, "某某某")).cardocr.evaluate(true_texts())
    assert len(evaluation.confusions)
    exec(source, {"cards": cards, "evaluation": evaluation, "truth_path": "t.csv", "lang": "en", "reveal": reveal})  # noqa: S102
    figure = plt.gcf()
    drawn = [text.get_text() for text in figure.findobj(Text) if "某" in text.get_text()]
    plt.close(figure)
    assert bool(drawn) == reveal


def test_without_the_extra_the_command_says_what_to_install(tables, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "papermill", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'cardocr_nb\[lab\]'"):
        report_notebook(tables / "cards.parquet", tables / "r.ipynb")
    assert main(["report", str(tables / "cards.parquet"), "--notebook", str(tables / "r.ipynb")]) == 1
    assert "needs the extra 'lab'" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_a_cell_that_fails_is_named(tables):
    (tables / "broken.parquet").write_bytes(b"no table")
    with pytest.raises(CardOCRError, match=r"the notebook stopped in cell \d+ with ArrowInvalid; see "):
        report_notebook(tables / "broken.parquet", tables / "r.ipynb")


def test_what_cannot_be_used_is_refused_before_anything_runs(tables):
    cards = tables / "cards.parquet"
    with pytest.raises(ValueError, match=r"written as \.ipynb"):
        report_notebook(cards, tables / "r.html")
    with pytest.raises(ValueError, match="lang must be"):
        report_notebook(cards, tables / "r.ipynb", lang="fr")
    with pytest.raises(ValueError, match="costs need truth"):
        report_notebook(cards, tables / "r.ipynb", review=1, error=2)
    with pytest.raises(TypeError, match=r"unexpected keyword argument .color"):
        report_notebook(cards, tables / "r.ipynb", color="red")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the file to write"),
        (["-o", "r.md", "--review", "1"], "costs need both prices"),
        (["-o", "r.pdf"], "must end in .html or .md or .json"),
    ],
)
def test_wrong_arguments_of_the_command_end_with_code_2(tables, arguments, said, monkeypatch, capsys):
    monkeypatch.chdir(tables)
    assert main(["report", "cards.parquet", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_the_command_writes_in_chinese_and_reveals_when_it_is_asked_to(tables, monkeypatch):
    monkeypatch.chdir(tables)
    assert main(["report", "cards.parquet", "-o", "r.md", "--lang", "zh", "--truth", "truth.csv", "--reveal"]) == 0
    text = Path("r.md").read_text("utf-8")
    assert text.startswith("# 卡证识别报告")
    assert "| 2.jpg | 性别 | 60 | 260 × 20 像素 | 口 | 男 | 编辑距离 1 |" in text
