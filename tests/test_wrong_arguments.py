"""Messages about arguments that are missing, unknown or misspelled, and what they never quote."""

import inspect
import re
import shutil
import types
import warnings

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cardocr_nb as ocr
from cardocr_nb import frame, plot, privacy, quality, report, rereading
from cardocr_nb._argument_kinds import _kinds_of, wrong_kinds
from cardocr_nb._keywords import check_required
from cardocr_nb._text_safety import shown_choice, shown_word
from cardocr_nb.frame import read_responses

READINGS = ocr.load_sample("readings").head(12)
_FUNCTIONS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (ocr, frame, plot, privacy, quality, report, rereading)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name))
}
_NEEDING = sorted(
    name
    for name, function in _FUNCTIONS.items()
    if any(
        p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and "None" not in str(p.annotation)
        and str(p.annotation) not in ("Any", "object")
        for p in inspect.signature(function).parameters.values()
    )
)  # fmt: skip


@pytest.mark.parametrize("name", _NEEDING)
def test_every_public_function_names_the_argument_that_is_missing_or_none(name):
    function = _FUNCTIONS[name]
    first = next(p for p in inspect.signature(function).parameters.values() if p.default is p.empty)
    for given_ in ({}, {first.name: None} if first.kind != first.POSITIONAL_ONLY else {}):
        with pytest.raises(TypeError, match=rf"\(\) needs .*\b{first.name}\b"):
            function(**given_)


def test_a_run_without_a_client_shows_the_call_that_makes_one():
    for client in ({}, {"client": None}):
        for function in (ocr.run, ocr.estimate):
            with pytest.raises(TypeError, match=r"needs client: Client\.local\('photos'\)"):
                function("photos", card_type="IDCard", **client)


def test_methods_of_a_client_name_what_is_missing(tmp_path):
    with ocr.Client.local(tmp_path) as client:
        for call, said in (
            (lambda: client.submit("1.jpg"), "Client.submit() needs card_type: 'IDCard'"),
            (lambda: client.recognize(None, card_type="IDCard"), "Client.recognize() needs key"),
            (lambda: client.wait(None), "Client.wait() needs jobs"),
            (lambda: client.upload(None), "Client.upload() needs image"),
            (ocr.Client.local, "Client.local() needs root"),
            (ocr.Client, "Client() needs transport: Client.local"),
        ):
            with pytest.raises(TypeError, match=re.escape(said)):
                call()


def test_a_default_or_an_optional_argument_is_not_needed():
    def area(width: "int | None", height=None, *, unit: "str" = "mm"): ...

    check_required(area, (), {}, "area")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: READINGS.cardocr.evaluate("data/readings/truth.csv", groups="card_typ"), "did you mean 'card_type'"),
        (
            lambda: READINGS.cardocr.evaluate("data/readings/truth.csv", by="nosuch"),
            "no column 'nosuch'; it has image,",
        ),
        (lambda: READINGS.cardocr.audit_sample(5, by="nosuch"), "no column 'nosuch'"),
        (lambda: READINGS.cardocr.redact("data/cards/id/0001.jpg", method="boxx"), "got 'boxx'; did you mean 'box'"),
        (lambda: read_responses("data/readings", errors="rows"), "did you mean 'row'"),
        (lambda: ocr.load_sample("card"), "did you mean 'cards'"),
        (lambda: ocr.run("data/cards", card_type="Idcard", client=1), "did you mean 'IDCard'"),
        (lambda: read_responses("nothere"), r"'nothere' \(its folder exists\)"),
        (lambda: read_responses("none/nothere"), r"'none/nothere' \(its folder does not exist either\)"),
        (lambda: ocr.Client.local("nothere"), r"'nothere' does not exist \(its folder exists\)"),
    ],
)
def test_a_misspelled_argument_of_a_programmer_is_shown_with_the_nearest_right_one(call, said):
    with pytest.raises((ValueError, KeyError, OSError), match=said):
        call()


TRUTH = pd.DataFrame({"key": READINGS["key"], "field": READINGS["field"].astype("str"), "text": READINGS["text"]})
NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: READINGS.cardocr.audit_sample(NAN), "n must be a whole number of 1 or more, got nan"),
        (lambda: READINGS.cardocr.drift(1.5), "reference must be a whole number of days or a DataFrame"),
        (lambda: READINGS.cardocr.review_queue(budget="x"), r"budget must be a whole number of 0 or more, got a str"),
        (
            lambda: READINGS.cardocr.review_queue(budget="ten"),
            "budget must be a whole number of 0 or more, got a str of 3 characters",
        ),
        (
            lambda: READINGS.cardocr.estimate_errors(READINGS.assign(score=50), corrects=True),
            "corrects must be two of True and False",
        ),
        (lambda: READINGS.cardocr.evaluate(TRUTH, by="field"), "leave 'field' out of by"),
        (lambda: READINGS.cardocr.evaluate(TRUTH, normalize="x"), "normalize must be True or False or a mapping"),
        (lambda: READINGS.cardocr.evaluate(TRUTH, weights="false"), "weights must be True or False, got 'false'"),
        (lambda: READINGS.cardocr.evaluate(7), "truth must be a DataFrame of pandas, a text, a path or"),
        (lambda: READINGS.cardocr.calibration(TRUTH, bins="x"), "bins must be a whole number of 1 or more, got a str"),
        (lambda: READINGS.cardocr.calibrate(TRUTH, folds=NAN), "folds must be a whole number of 2 or more, got nan"),
        (lambda: READINGS.cardocr.threshold(TRUTH, precision="high"), "precision must be a number, got 'high'"),
        (lambda: READINGS.cardocr.to_excel("a.xlsx", low_score="x"), "low_score must be a number, got 'x'"),
        (lambda: READINGS.cardocr.to_excel("a.xlsx", reveal="false"), "reveal must be True or False, got 'false'"),
        (lambda: READINGS.cardocr.correct(1.5), "corrections must be a text, a path, a DataFrame of pandas, .*got 1.5"),
        (lambda: READINGS.cardocr.to_csv("nodir/c.csv"), "the folder 'nodir' of path does not exist; create it"),
        (lambda: READINGS.cardocr.to_parquet("nodir/c.parquet"), "the folder 'nodir' of path does not exist"),
        (lambda: READINGS.cardocr.evaluate("no.csv"), r"there is no file 'no.csv' \(its folder exists\)"),
        (lambda: READINGS.cardocr.compare("no.csv"), r"there is no file 'no.csv' \(its folder exists\)"),
        (lambda: quality.summary("x"), "a frame of pandas is needed, got str; convert it"),
        (lambda: read_responses("nofolder/"), r"'nofolder/' \(there is no such folder\)"),
        (lambda: READINGS.cardocr.evaluate(TRUTH, groups="Zhang"), "no column named by a str of 5 characters; it has"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_got_and_what_is_accepted(call, said):
    with pytest.raises((TypeError, ValueError, OSError), match=said) as caught:
        call()
    assert "help(" not in str(caught.value)


@pytest.mark.parametrize("client", ["local", ocr.Client, 1, {"a": 1}])
def test_a_run_names_a_client_that_is_none(client):
    for function in (ocr.run, ocr.estimate):
        with pytest.raises(TypeError, match=r"client must be a Client, such as Client.local\('photos'\) makes, got "):
            function("data/cards/id", card_type="IDCard", client=client)


def test_a_run_checks_min_quality_before_anything_is_read(tmp_path):
    with (
        ocr.Client.local(tmp_path) as client,
        pytest.raises(ocr.InvalidRequestError, match="min_quality must be a probability from 0 to 1, got"),
    ):
        ocr.run("data/cards/id", card_type="IDCard", client=client, min_quality="x")


@pytest.mark.parametrize("name", sorted(_FUNCTIONS))
def test_a_value_of_no_kind_is_named_for_every_parameter_of_known_kind(name):
    function, parameters = _FUNCTIONS[name], inspect.signature(_FUNCTIONS[name]).parameters.values()
    known = [p.name for p in parameters if _kinds_of(str(p.annotation)) and p.kind == p.KEYWORD_ONLY]
    wrong = wrong_kinds(function, (), dict.fromkeys(known, object()))
    assert [one.split(" must be ")[0] for one in wrong] == known
    defaults = {p.name: p.default for p in parameters if p.name in known and p.default is not p.empty}
    assert wrong_kinds(function, (), defaults) == []


@pytest.mark.parametrize(
    "fault",
    [
        lambda: nosuch,  # noqa: F821
        lambda: pd.nosuch,
        lambda: ocr.Pace().nosuch,
    ],
)
def test_a_wrong_name_in_the_package_is_not_blamed_on_the_arguments(monkeypatch, fault):
    code = fault.__code__.replace(co_filename=quality._summary.__file__)
    own = types.FunctionType(code, {"pd": pd, "ocr": ocr})
    monkeypatch.setattr(quality._summary, "conform", lambda df: own())
    with pytest.raises(
        RuntimeError, match=r"failed by a fault in cardocr_nb, not by its arguments .*_summary.py, line"
    ):
        quality.summary(READINGS)


def test_other_errors_of_libraries_name_the_place_and_do_not_blame_the_arguments(monkeypatch):
    def fail(df):
        raise KeyError("样本")

    code = fail.__code__.replace(co_filename="/usr/lib/python3/site-packages/other.py")
    monkeypatch.setattr(quality._summary, "conform", types.FunctionType(code, {}))
    with pytest.raises(KeyError, match="if they are as it says, this is a fault in cardocr_nb") as caught:
        quality.summary(READINGS)
    assert "样本" not in str(caught.value)


_SYLLABLES = "wei fang na min jing li qiang lei jun yang yong yan jie juan tao ming chao xiu xia ping gang gui ying hua zi han xuan".split()  # fmt: skip # noqa: SIM905
_FAMILY = "wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han tang feng yu dong xiao cheng cao yuan deng ouyang sima".split()  # fmt: skip # noqa: SIM905


@given(st.sampled_from(_FAMILY), st.lists(st.sampled_from(_SYLLABLES), min_size=1, max_size=2), st.sampled_from(["", "_", ".", "/"]))  # fmt: skip
def test_a_name_in_pinyin_is_never_shown(family, given_names, between):
    name = family + between + "".join(given_names)
    for text in (name, name.title(), name.upper(), f"{''.join(given_names)}{between}{family}"):
        assert text not in shown_word(text)
        assert text not in shown_choice(text, ["box", "blur", "name"])


@given(st.text(min_size=1).filter(lambda t: not re.fullmatch(r"[a-z_./-]+", t)))
def test_only_words_of_lower_case_letters_are_shown(text):
    assert shown_word(text) == f"a str of {len(text)} characters"


def test_an_empty_folder_of_responses_gives_a_warning(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.warns(
        UserWarning, match=r"no document was found in .*; files of a folder are read if they end in .xml"
    ):
        assert read_responses(tmp_path).empty


def test_a_repaired_document_names_its_file_once_for_each_kind_of_repair(tmp_path, data):
    for name in ("a.xml", "b.xml"):
        shutil.copy(data / "responses/describe_stray_message.xml", tmp_path / name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_responses(tmp_path)
    (one,) = [str(w.message) for w in caught]
    assert one.startswith(f"'{tmp_path}/a.xml' is not well-formed XML")


def test_a_frame_with_strange_columns_lists_only_their_number():
    odd = pd.concat([READINGS, pd.DataFrame({"谢样本": [1] * 12}, index=READINGS.index)], axis=1)
    with pytest.raises(ValueError, match="and 1 other") as caught:
        odd.cardocr.evaluate("data/readings/truth.csv", groups="nosuch")
    assert "谢" not in str(caught.value)


def test_the_key_of_pseudonyms_is_not_taken_for_the_name_of_an_object():
    with pytest.raises(TypeError, match="random bytes that you keep secret"):
        ocr.load_sample("readings").head(3).cardocr.pseudonym()
