"""Every public function and accessor method is called with each argument replaced by text of a card.

Messages, reprs, causes, contexts, notes, warnings, prints and logs at DEBUG must not hold that text.
"""

import contextlib
import functools
import importlib
import inspect
import io
import itertools
import json
import logging
import pkgutil
import re
import tempfile
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cardocr_nb
import cardocr_nb as ocr
from cardocr_nb import plot, privacy, quality
from cardocr_nb._cli import main
from cardocr_nb.frame import to_frame
from cardocr_nb.quality import register
from cardocr_nb.report import _charts, _webfont
from cardocr_nb.wire import CardResult, Error, Field, Job, JobList, JobState
from cardocr_nb.wire._encode import jobs_xml

NAME, LATIN, NUMBER = "谢样本甲", "Zhangwei Ouyang", "990101197412010014"
ADDRESS = "样本省示例市虚构区九曲路1024号"
SECRETS = {NAME, "Zhangwei", "Ouyang", NUMBER, ADDRESS, "虚构区"}
SECRET_BYTES = {repr(text.encode(coding))[2:-1] for text in (NAME, ADDRESS) for coding in ("utf-8", "gbk")}
ESCAPED = {json.dumps(text)[1:-1] for text in (NAME, ADDRESS)}

BOX = ((10, 10), (10, 30), (90, 30), (90, 10))
FIELDS = (Field("姓名", NAME, 98, BOX), Field("公民身份号码", NUMBER, 97, BOX), Field("住址", ADDRESS, 60, BOX))
JOB = Job("j1", JobState.SUCCESS, "1.jpg", "IDCard", user_data=NUMBER, result=CardResult(FIELDS, key="1.jpg"))
FRAME = to_frame(JOB)
TRUTH = pd.DataFrame({"key": "1.jpg", "field": ["name", "id_number", "address"], "text": [NAME, NUMBER, ADDRESS]})
XML = (
    f"<Response><JobsDetail><JobId>j1</JobId><State>{NAME}</State><Code>{LATIN}</Code><Name>{ADDRESS}</Name></JobsDetail>"
    f"<Status>{NUMBER}</Status><IdInfo><Name>{NAME}</Name><DetectedText>{NUMBER}</DetectedText><Score>{NAME}</Score></IdInfo>"
)
JSON = json.dumps(
    {"EventName": NAME, "JobsDetail": [{"JobId": NUMBER, "State": LATIN}], NAME: ADDRESS}, ensure_ascii=False
)
CSV = f'key,field,text\n1.jpg,name,{NAME}\n1.jpg,id_number,{NUMBER}\n1.jpg,address,"{ADDRESS}\n'

HOSTILE = {
    "name": NAME,
    "latin name": LATIN,
    "number": NUMBER,
    "number as int": int(NUMBER),
    "number as float": float(NUMBER),
    "xml": XML,
    "xml bytes": XML.encode(),
    "json": JSON,
    "json bytes": JSON.encode(),
    "csv": CSV,
    "gbk bytes": CSV.encode("gbk"),
    "list": [NAME, LATIN, NUMBER],
    "list of lists": [[NAME], [LATIN, NUMBER]],
    "tuple": (NAME,),
    "set": {LATIN},
    "dict": {NAME: NUMBER, LATIN: ADDRESS},
    "dict of lists": {"1.jpg": [NAME], "key": [LATIN]},
    "dict of fields": {"name": NAME, "id_number": LATIN},
    "array": np.array([[NAME, NUMBER]]),
    "object array": np.array([NAME, {LATIN}], dtype=object),
    "series": pd.Series([NAME, LATIN], name=NUMBER),
    "categories": pd.Series([NAME, LATIN], dtype="category"),
    "frame of texts": pd.DataFrame({NAME: [LATIN], NUMBER: [ADDRESS]}),
    "frame of cells": pd.DataFrame({"key": [NAME], "field": [LATIN], "text": [NUMBER], "score": [ADDRESS]}),
    "record": FIELDS[0],
    "job": JOB,
    "error": Error(NAME, LATIN, NUMBER),
    "iterator": (text for text in [NAME, LATIN]),
}
COLUMNS = {
    "name": NAME,
    "latin": LATIN,
    "number": NUMBER,
    "int": int(NUMBER),
    "float": float(NUMBER),
    "list": [[NAME, LATIN]],
    "bytes": CSV.encode("gbk"),
}
"""Values with which each column of a frame is filled."""

PACKAGES = [
    "", ".frame", ".quality", ".privacy", ".plot", ".report", ".rereading", ".review", ".specimen", ".polygon", ".wire", ".cloud",
    ".local", ".testing",
]  # fmt: skip
LEFT_OUT = {
    "register": "registers for the whole process; called below",
    "doctor": "needs the network; its transport is checked in tests/cloud",
    "write": "draws specimens for minutes when a number is taken for a count",
}
"""Public functions that are not called, and why."""
LEFT_OUT_CLASSES = {
    "Engine": "loads networks",
    "Service": "starts threads",
    "LocalTransport": "starts threads",
    "CardOCRService": "starts a server",
    "Transport": "a protocol, without a constructor",
    "Reader": "a protocol, without a constructor",
    "Recognition": "made by the engine",
    "PaidCall": "made by the server for tests, of names",
    "ServiceCall": "made by the server for tests, of names",
}


def public(kind, left_out):
    """Public functions or classes by package and name."""
    seen = {}
    for package in PACKAGES:
        module = importlib.import_module(f"cardocr_nb{package}")
        for name in module.__all__:
            value = getattr(module, name)
            if kind(value) and name not in left_out and value not in seen.values():
                seen[f"{package.lstrip('.') or 'cardocr_nb'}.{name}"] = value
    return seen


def is_class(value):
    return inspect.isclass(value) and not issubclass(value, BaseException)


FUNCTIONS = public(inspect.isfunction, LEFT_OUT)
CLASSES = public(is_class, LEFT_OUT_CLASSES)
PATHS_OF_FOLDERS = {"frame.to_coco": "sizes", "frame.to_label_studio": "sizes"}
"""Parameters for a folder: files in it are shown by their path, which begins with its name."""
DRAWING = ("plot.", "report.", "rereading.", "review.", "specimen.", "cardocr_nb.robustness", "privacy.redact")
"""Functions whose calls take a tenth of a second and more."""
QUICK = {"name", "latin name", "number as int", "xml", "gbk bytes", "list", "frame of cells"}
QUICK_OF_METHODS = {"latin name", "frame of cells"}
"""Methods are made from the functions, which get all quick values."""
QUICK_COLUMNS = {"latin", "int", "bytes"}
"""The functions of ``frame``, through which all frames go, get all of these in each column; the others one of them, in turn."""
CARRIED = {"image", "label", "queue_id", "bucket", "region", "job_level", "status", "started", "ended"}
"""Columns that most functions carry along; `conform` and the others of ``frame`` get them in the quick form, too."""


def cases(names, quick=QUICK):
    """Each name with the quick values; with all values, and those that draw, under the marker ``slow``."""
    for name in sorted(names):
        if not name.startswith(DRAWING) and ".plot_" not in name:
            yield pytest.param(name, quick, QUICK_COLUMNS, id=f"{name}-quick")
        yield pytest.param(name, set(HOSTILE), set(COLUMNS), id=f"{name}-all", marks=pytest.mark.slow)


def methods():
    for accessor, data in (("cardocr", FRAME), ("polygon", FRAME["polygon"])):
        for name in dir(getattr(data, accessor)):
            if not name.startswith("_"):
                yield f"{accessor}.{name}"


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A right value for each parameter name of the package."""
    folder = tmp_path_factory.mktemp("valid")
    Image.new("RGB", (120, 80), "white").save(folder / "1.jpg")
    TRUTH.to_csv(folder / "truth.csv", index=False)
    return {
        "df": FRAME, "cards": FRAME, "data": FRAME, "other": FRAME, "reference": FRAME, "truth": TRUTH, "queue": TRUTH,
        "image": folder / "1.jpg", "images": folder, "path": folder / "out.html", "out": folder / "out", "folder": folder,
        "key": b"0123456789abcdefghij", "text": NAME, "texts": FRAME["text"], "field": "name", "fields": ["name"],
        "source": JOB, "raw": b"<Response/>", "points": [BOX], "x": 1.0, "y": 1.0, "review": 1.0, "error": 20.0,
        "count": 3, "cases": 5, "n": 5, "checked": FRAME, "cells": FRAME, "pairs": FRAME, "evaluation": FRAME,
        "card_type": "IDCard", "seed": 1, "name": "cards", "comparison": FRAME, "costs": FRAME, "readings": FRAME,
        "summary": None, "request": None, "result": JOB.result, "reply": JobList((JOB,)), "callback": ocr.Callback("TaskFinish", (JOB,)),
        "progress": False, "client": None, "sources": b"<Response/>", "threads": 1, "draws": 20, "n_resamples": 20,
    }  # fmt: skip


def arguments(function, valid):
    """Valid values for the parameters without a default and few resamples, and the names of all parameters."""
    parameters = [
        p for p in inspect.signature(function).parameters.values() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    given = {p.name: valid.get(p.name) for p in parameters if p.default is p.empty or p.name == "n_resamples"}
    return given, [p.name for p in parameters], [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]


def chain(error):
    seen = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]


def leaks(output):
    return sorted(secret for secret in SECRETS | SECRET_BYTES | ESCAPED if secret in output)


@contextlib.contextmanager
def everything_said(said):
    """Collect warnings, logs of all loggers at DEBUG and prints."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
        ):
            warnings.simplefilter("always")
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        said += [stream.getvalue(), *(str(w.message) for w in caught)]


ATTRIBUTES = ("__notes__", "args", "object", "doc", "text", "filename", "filename2", "name", "value")
"""Of errors of Python and this package; what collects errors stores them."""


def output_of(function, /, *args, of_result=True, **kwargs):
    """Everything that a call says: as an error, a warning, a log, a print or the repr of its result."""
    said = []
    with everything_said(said), tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        try:
            result = function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - all kinds are looked at
            for each in chain(error):
                said += [
                    str(each),
                    repr(each),
                    *(f"{name}: {getattr(each, name, None)!r}" for name in ATTRIBUTES),
                    repr({name: value for name, value in vars(each).items() if name != "raw"}),  # the document itself
                ]
        else:
            if (
                of_result
                and type(result).__module__.startswith("cardocr_nb")
                and not isinstance(result, (pd.DataFrame, pd.Series, str))
            ):
                said.append(repr(result))
    return "\n".join(said)


def values(kinds):
    """The hostile values of some kinds, with a fresh iterator."""
    fresh = HOSTILE | {"iterator": (text for text in [NAME, LATIN])}
    return [(kind, fresh[kind]) for kind in sorted(kinds)]


FONT_SUBSET = functools.cache(_webfont.font_subset)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to write to; the figures of a report are drawn and not rendered, and its font is made once: most of its time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_webfont, "font_subset", FONT_SUBSET)
    monkeypatch.setattr(_charts, "svg_address", lambda _: "data:,")
    monkeypatch.setattr(_charts, "webp_address", lambda _: "data:,")


@pytest.mark.parametrize(("name", "kinds", "columns"), list(cases(FUNCTIONS)))
def test_no_argument_of_a_function_comes_back_in_an_error(name, kinds, columns, valid, place):
    function = FUNCTIONS[name]
    try:
        given, parameters, positional = arguments(function, valid)
    except (TypeError, ValueError):  # a class made in C, without a signature
        given, parameters, positional = {}, [], []
    found = {}
    for parameter, (kind, value) in itertools.product(parameters, values(kinds)):
        if parameter == PATHS_OF_FOLDERS.get(name) and kind in ("name", "latin name", "number"):
            continue
        named = given | {parameter: value}
        first = [named.pop(p) for p in positional if p in named]
        if leak := leaks(output_of(function, *first, **named)):
            found[f"{parameter}={kind}"] = leak
    assert found == {}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_name_of_a_keyword_and_no_argument_too_many_comes_back_in_an_error(name, valid, place):
    function = FUNCTIONS[name]
    given, _, positional = arguments(function, valid)
    first = [given.pop(p) for p in positional if p in given]
    assert leaks(output_of(function, *first, **given, **{LATIN: 1})) == []
    assert leaks(output_of(function, **{NAME: NUMBER})) == []
    assert leaks(output_of(function, *[NAME] * 25)) == []


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_no_argument_of_a_constructor_comes_back_in_an_error(name, valid, place):
    made = CLASSES[name]
    given, parameters, positional = arguments(made, valid)
    found = {}
    for parameter, (kind, value) in itertools.product(parameters, values(QUICK)):
        named = given | {parameter: value}
        first = [named.pop(p) for p in positional if p in named]
        if leak := leaks(output_of(made, *first, of_result=False, **named)):
            found[f"{parameter}={kind}"] = leak
    assert found == {}


SHOWN_BY_CLIENT = {"key", "ids", "job", "image", "path"}
"""Parameters for keys, numbers of jobs and files."""


def test_no_argument_of_a_call_of_the_client_comes_back_in_an_error(valid, place, tmp_path):
    calls = valid | {"key": "1.jpg", "ids": "j1", "job": "j1", "image": valid["image"], "path": tmp_path / "out"}
    found = {}
    with ocr.Client.local(valid["folder"]) as client:
        for name in sorted(set(dir(client)) - {"close", "wait", "local", "from_env", "transport"}):
            call = getattr(client, name)
            if name.startswith("_") or not callable(call):
                continue
            given, parameters, _ = arguments(call, calls)
            for parameter, (kind, value) in itertools.product(set(parameters) - SHOWN_BY_CLIENT, values(QUICK)):
                if leak := leaks(output_of(call, **(given | {parameter: value}))):
                    found[f"{name}({parameter}={kind})"] = leak
    assert found == {}


def test_every_public_function_and_class_is_called_or_left_out_for_a_reason():
    modules = [module.name for module in pkgutil.walk_packages(cardocr_nb.__path__, "cardocr_nb.")]
    packages = [cardocr_nb, *(importlib.import_module(name) for name in modules if "._" not in name)]
    named = [getattr(package, name) for package in packages for name in getattr(package, "__all__", ())]
    called = [*FUNCTIONS.values(), *CLASSES.values()]
    missing = {
        value.__name__ for value in named if (inspect.isfunction(value) or is_class(value)) and value not in called
    }
    assert missing == set(LEFT_OUT) | set(LEFT_OUT_CLASSES)


@pytest.mark.parametrize(("name", "kinds", "columns"), list(cases(FUNCTIONS)))
def test_no_cell_of_a_frame_comes_back_in_an_error(name, kinds, columns, valid, place):
    function = FUNCTIONS[name]
    with contextlib.suppress(TypeError, ValueError):
        given, parameters, _ = arguments(function, valid)
        frames = [p for p in parameters if isinstance(valid.get(p), pd.DataFrame)]
        found = {}
        quick = columns == QUICK_COLUMNS and not name.startswith("frame.")
        for parameter, (turn, kind) in itertools.product(frames, enumerate(sorted(columns))):
            frame, value = valid[parameter], COLUMNS[kind]
            for at, column in enumerate(frame.columns.difference(CARRIED if quick else [], sort=False)):
                if quick and (at + len(name)) % len(columns) != turn:
                    continue
                cells = pd.Series([value] * len(frame), index=frame.index, dtype=object)
                if leak := leaks(
                    output_of(
                        function, of_result=column != "field", **(given | {parameter: frame.assign(**{column: cells})})
                    )
                ):
                    found[f"{parameter}[{column}]={kind}"] = leak
        assert found == {}


@pytest.mark.parametrize(("name", "kinds", "columns"), list(cases(methods(), QUICK_OF_METHODS)))
def test_no_argument_of_an_accessor_method_comes_back_in_an_error(name, kinds, columns, valid, place):
    accessor, method = name.split(".")
    bound = getattr(getattr(FRAME if accessor == "cardocr" else FRAME["polygon"], accessor), method)
    if not callable(bound):
        return
    given, parameters, positional = arguments(bound, valid)
    found = {}
    for parameter, (kind, value) in itertools.product(parameters, values(kinds)):
        named = given | {parameter: value}
        first = [named.pop(p) for p in positional if p in named]
        if leak := leaks(output_of(bound, *first, **named)):
            found[f"{parameter}={kind}"] = leak
    assert found == {}


def files(folder):
    """Files of each kind that is read, with texts of a card where they do not belong."""
    contents = {
        "cut.xml": XML.encode(), "cut.json": JSON[:-3].encode(), "gbk.csv": CSV.encode("gbk"), "gbk.xml": XML.encode("gbk"),
        "gbk.json": JSON.encode("gbk"), "text.sqlite": CSV.encode(), "text.parquet": CSV.encode(), "text.feather": CSV.encode(),
        "text.zip": XML.encode(), "text.tar": XML.encode(), "rows.jsonl": JSON.encode() + b"\n" + XML.encode(), "whole.csv": CSV.encode(),
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield folder / name


PATHS = {
    "to_frame": ocr.to_frame,
    "read_responses": ocr.read_responses,
    "from_coco": None,
    "from_label_studio": None,
    "evaluate": lambda path: quality.evaluate(FRAME, path),
    "report": lambda path: FRAME.cardocr.report("r.html", truth=path),
    "redact": lambda path: privacy.redact(path, FRAME),
    "overlay": lambda path: plot.plot_overlay(FRAME, path),
    "truth": lambda path: importlib.import_module("cardocr_nb.review").truth(path),
}


@pytest.mark.parametrize("name", sorted(PATHS))
def test_no_content_of_a_file_comes_back_in_an_error(name, tmp_path, place):
    function = PATHS[name]
    if function is None:
        module = importlib.import_module(f"cardocr_nb.frame._{name.removeprefix('from_')}")
        function = getattr(module, name)
    found = {path.name: leak for path in files(tmp_path) if (leak := leaks(output_of(function, path)))}
    assert found == {}


@pytest.mark.parametrize("text", [XML, JSON, CSV, NAME, LATIN, NUMBER, f"<{NAME}>", f'{{"{NAME}": 1}}'])
@pytest.mark.parametrize("name", sorted(PATHS))
def test_text_passed_for_a_path_does_not_come_back(name, text, place):
    function = PATHS[name]
    if function is None:
        function = getattr(importlib.import_module(f"cardocr_nb.frame._{name.removeprefix('from_')}"), name)
    assert leaks(output_of(function, text)) == []


def test_a_str_that_is_a_document_is_read():
    document = "<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>"
    callback = json.dumps({"EventName": "TaskFinish", "JobsDetail": [{"JobId": "j1", "State": "Running"}]})
    for text in (document, "\ufeff" + document, f"\n {document}", callback):
        assert to_frame(text)["job_id"].tolist() == ["j1"]
        assert ocr.read_responses(text)["job_id"].tolist() == ["j1"]


@pytest.mark.parametrize("read", [to_frame, lambda job: ocr.read_responses(jobs_xml(JobList((job,))))])
def test_the_warning_about_unknown_labels_holds_no_text(read):
    odd = CardResult((Field(NAME, "x"), Field(NUMBER, "y"), Field(LATIN, "z")), key="1.jpg")
    said = output_of(read, Job("j", JobState.SUCCESS, "1.jpg", "IDCard", result=odd))
    assert "3 unknown labels" in said
    assert leaks(said) == []


RECORDS = {
    "error": Error(NAME, LATIN, NUMBER, ADDRESS, NAME),
    "failed job": Job("j", JobState.FAILED, "1.jpg", "IDCard", code=NAME, message=LATIN),
    "job with a number as code": Job("j", JobState.FAILED, "1.jpg", "IDCard", code=NUMBER),
    "failed result": CardResult(state="Failed", code=LATIN, message=NAME),
    "unknown label": Field(NAME, "x"),
    "number as label": Field(NUMBER, "x"),
    "state": CardResult(state=NAME),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_repr_of_a_record_holds_no_text(name):
    assert leaks(repr(RECORDS[name]) + str(RECORDS[name])) == []


def test_codes_of_the_service_and_known_labels_are_shown():
    job = Job("j", JobState.FAILED, "1.jpg", "IDCard", code="InvalidImage")
    assert "InvalidImage" in repr(job)
    assert "姓名" in repr(Field("姓名", "x"))
    assert "NoSuchKey" in repr(Error("NoSuchKey"))


def test_an_error_of_the_users_own_check_passes_unchanged():
    def broken(cards):
        raise ZeroDivisionError("mine")

    register(severity="info", detail="broken on purpose")(broken)
    try:
        with pytest.raises(ZeroDivisionError, match="mine"):
            quality.check(FRAME, ["broken"])
    finally:
        quality.REGISTRY.pop("broken")


def test_the_original_error_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("CARDOCR_FULL_ERRORS", "1")
    with pytest.raises(ValueError, match=NAME):
        importlib.import_module("cardocr_nb.polygon").area([[NAME]])


def test_the_search_itself_finds_leaks():
    def leaky(value):
        try:
            float(value)
        except ValueError:
            raise KeyError("hidden") from None

    assert leaks(output_of(leaky, NAME)) != []
    assert leaks(output_of(lambda: logging.getLogger("urllib3").debug("%s", NUMBER))) != []
    assert leaks(output_of(lambda: warnings.warn(LATIN, stacklevel=1))) != []
    assert leaks(output_of(lambda: CSV.encode("gbk").decode())) != []
    assert re.search("[0-9]{18}", NUMBER)


@pytest.mark.parametrize("text", [XML, JSON, CSV, NUMBER], ids=["xml", "json", "csv", "number"])
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["check"],
        ["photo-quality"],
        ["evaluate", "1.parquet", "--truth"],
        ["report", "1.parquet", "-o"],
        ["drift", "1.parquet", "--format"],
    ],
    ids=lambda arguments: " ".join(arguments[:1]) or "no command",
)
def test_a_document_passed_to_a_command_is_described(arguments, text, place):
    said = []
    with everything_said(said):
        assert main([*arguments, text]) == 2
    assert re.search("characters|no images found", "".join(said))  # a document with brackets is a pattern
    assert leaks("".join(said)) == []


@pytest.mark.parametrize("arguments", [[NAME], ["drift", "1.parquet", "--format", LATIN], ["specimen", f"--n={NAME}"]])
def test_a_name_passed_for_a_word_of_a_command_is_described(arguments, place):
    said = []
    with everything_said(said):
        assert main(arguments) == 2
    assert leaks("".join(said)) == []


def test_folders_of_any_script_and_misspelled_words_are_shown(place, tmp_path):
    (tmp_path / "1.parquet").touch()
    said = []
    with everything_said(said):
        assert main(["complete", "1.parquet", "--images", "照片"]) == 2
        assert main(["evaluat"]) == 2
    assert "'照片' does not exist" in "".join(said)
    assert "'evaluat'" in "".join(said)
