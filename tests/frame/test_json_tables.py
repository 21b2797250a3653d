"""Truth and corrections in JSON, compressed tables, and responses in other encodings and shapes."""

import gzip
import json

import pandas as pd
import pytest
import random_responses

from cardocr_nb.errors import DecodeError
from cardocr_nb.frame import conform, read_responses, read_table, to_csv, to_frame
from cardocr_nb.quality import evaluate
from cardocr_nb.quality._truth import read_truth
from cardocr_nb.review import correct

ROWS = [
    {"key": "a.jpg", "field": "name", "text": "样本"},
    {"key": "a.jpg", "field": "id_number", "text": "990101197412010010"},
    {"key": "b.jpg", "field": "birth_date", "text": "1974-12-01"},
    {"key": "b.jpg", "field": "address", "text": None},
]
FRAME = pd.DataFrame(ROWS)


def nested():
    found = {}
    for row in ROWS:
        found.setdefault(row["key"], {})[row["field"]] = row["text"]
    return found


TRUTHS = {
    "records": json.dumps(ROWS, ensure_ascii=False),
    "records in ASCII": json.dumps(ROWS, indent=2),
    "numbers as numbers": json.dumps([r | {"text": int(r["text"])} if (r["text"] or "").isdigit() else r for r in ROWS]),
    "JSON lines": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n",
    "DataFrame.to_json": FRAME.to_json(),
    "orient records": FRAME.to_json(orient="records", force_ascii=False),
    "orient split": FRAME.to_json(orient="split"),
    "orient index": FRAME.to_json(orient="index"),
    "orient table": FRAME.to_json(orient="table"),
    "fields by key": json.dumps(nested(), ensure_ascii=False),
    "labels by key": json.dumps({k: {"姓名" if f == "name" else f: t for f, t in v.items()} for k, v in nested().items()}),
}  # fmt: skip
WRITE = {
    "UTF-8": lambda text: text.encode(),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "GB18030": lambda text: text.encode("gb18030"),
    "gzip": lambda text: gzip.compress(text.encode()),
}


@pytest.mark.parametrize("way", WRITE)
@pytest.mark.parametrize("form", TRUTHS)
def test_truth_in_json_is_that_of_the_frame(tmp_path, form, way):
    path = tmp_path / ("truth.json.gz" if way == "gzip" else "truth.JSON")
    path.write_bytes(WRITE[way](TRUTHS[form]))
    found, expected = read_truth(path), read_truth(FRAME)
    assert found.text.tolist() == expected.text.tolist()
    assert (found.keys.tolist(), found.fields.tolist()) == (expected.keys.tolist(), expected.fields.tolist())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"key": "a"', "truth.json begins like JSON and is broken at line 1"),
        ('{"key": "a"}\n{"key"', "truth.json begins like JSON and is broken at line 2"),
        ("[[1, 2]]", "is JSON, but not a table; a table is a list of records"),
        ("[]", "is JSON, but not a table"),
    ],
)
def test_other_json_is_no_truth(tmp_path, text, said):
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(DecodeError, match=said):
        read_truth(tmp_path / "truth.json")


@pytest.fixture(scope="module")
def cards():
    return read_responses(*random_responses.documents(40, seed=8, broken=0))


def truth_of(cards):
    return cards[["key", "field", "text"]].to_csv(index=False).encode()


@pytest.mark.parametrize("name", ["c.csv.gz", "C.CSV.GZ", "c.CSV"])
def test_tables_are_read_whether_compressed_or_in_capitals(cards, tmp_path, name):
    to_csv(cards, tmp_path / "c.csv")
    raw = (tmp_path / "c.csv").read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.lower().endswith("gz") else raw)
    pd.testing.assert_frame_equal(read_table(tmp_path / name), read_table(tmp_path / "c.csv"))
    own = cards[cards["text"].notna()].drop_duplicates(["key", "field"])
    (tmp_path / name).write_bytes(gzip.compress(truth_of(own)) if name.lower().endswith("gz") else truth_of(own))
    assert str(evaluate(own, tmp_path / name)) == str(evaluate(own, own[["key", "field", "text"]]))


def test_a_damaged_compressed_table_is_named(tmp_path):
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"key,field,text\n" * 999)[:-20])
    with pytest.raises(DecodeError, match=r"c\.csv\.gz is compressed by gzip, and damaged"):
        read_table(tmp_path / "c.csv.gz")


def test_our_own_json_is_a_truth_of_itself(cards, tmp_path):
    first = cards[cards["field"].notna()].drop_duplicates(["key", "field"])
    first.drop(columns="score").to_json(tmp_path / "c.json", orient="records", date_format="iso", force_ascii=False)
    assert str(evaluate(first, tmp_path / "c.json")) == str(evaluate(first, first[["key", "field", "text"]]))


@pytest.mark.parametrize("name", ["c.json", "c.JSONL", "c.json.gz"])
def test_corrections_in_json_are_put_into_the_frame(tmp_path, name):
    df = conform(pd.DataFrame([ROWS[0] | {"score": 80}]))
    decision = {"key": "a.jpg", "field": "name", "verdict": "corrected", "text": "样品"}
    text = json.dumps(decision) + "\n" if "JSONL" in name else json.dumps([decision])
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert correct(df, tmp_path / name)["text"].tolist() == ["样品"]


CALLBACK = {"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "State": "Failed", "Message": "样本 不可读"}}


def test_json_lines_are_read_under_any_name(tmp_path):
    lines = [json.dumps(CALLBACK | {"JobsDetail": CALLBACK["JobsDetail"] | {"JobId": f"j{n}"}}, ensure_ascii=False) for n in range(3)]  # fmt: skip
    raw = "\n".join(lines).encode()
    for name in ("lines.json", "lines.jsonl", "lines.txt"):
        (tmp_path / name).write_bytes(raw)
        assert read_responses(tmp_path / name)["job_id"].tolist() == ["j0", "j1", "j2"]
    assert to_frame(raw)["job_id"].tolist() == ["j0", "j1", "j2"]
    with pytest.raises(DecodeError, match="broken"):
        to_frame(raw.replace(b"Failed", b'Fai"led', 1))


@pytest.mark.parametrize("suffix", ["xml", "json", "jsonl"])
def test_compressed_responses_are_read_alone_and_from_folders(tmp_path, suffix):
    xml = random_responses.documents(1, seed=2, broken=0)[0]
    raw = xml if suffix == "xml" else json.dumps(CALLBACK).encode() + b"\n"
    (tmp_path / f"a.{suffix}").write_bytes(raw)
    plain = read_responses(tmp_path / f"a.{suffix}")
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / f"a.{suffix}.gz").write_bytes(gzip.compress(raw))
    pd.testing.assert_frame_equal(read_responses(tmp_path / "packed"), plain)
    (tmp_path / "packed" / f"b.{suffix}.gz").write_bytes(gzip.compress(raw)[:-9])
    with pytest.raises(DecodeError, match=r"b\.[a-z]+\.gz: it cannot be decompressed to its end"):
        read_responses(tmp_path / "packed")
    with pytest.raises(DecodeError, match="compressed by gzip; decompress it"):
        to_frame(gzip.compress(raw))


XML = "<Response><JobsDetail><JobId>j1</JobId><State>Failed</State><Message>样本 不可读，请重拍</Message></JobsDetail></Response>"


@pytest.mark.parametrize("declared", ["GB2312", "gbk", "GB18030", None])
def test_xml_in_encodings_of_china_is_read(declared):
    prolog = f"<?xml version='1.0' encoding='{declared}'?>\n" if declared else ""
    raw = (prolog + XML).encode("gb18030")
    assert to_frame(raw)["message"].tolist() == ["样本 不可读，请重拍"]
    assert to_frame([raw, XML.encode()])["message"].tolist() == ["样本 不可读，请重拍"] * 2


def test_json_in_gb18030_is_read():
    assert to_frame(json.dumps(CALLBACK, ensure_ascii=False).encode("gb18030"))["message"].tolist() == ["样本 不可读"]


@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 7, 8])
def test_damaged_utf8_is_not_taken_for_another_encoding(place):
    raw = XML.encode()
    at = raw.index("样".encode()) + place
    with pytest.raises(DecodeError):
        to_frame(raw[:at] + b"\xff" + raw[at + 1 :])
    with pytest.raises(DecodeError):
        to_frame(raw[:at] + raw[at + 1 :])


def test_a_broken_document_of_many_is_named_by_its_place():
    whole = XML.encode()
    with pytest.raises(DecodeError, match=r"^source 3 of 5: JobsDetail has no JobId") as raised:
        to_frame([whole, whole, whole.replace(b"<JobId>j1</JobId>", b""), whole, whole])
    assert raised.value.raw.startswith(b"<Response>")
    with pytest.raises(DecodeError, match=r"^JobsDetail has no JobId"):
        to_frame(whole.replace(b"<JobId>j1</JobId>", b""))


def test_a_parsed_document_is_read_as_by_to_frame():
    pd.testing.assert_frame_equal(read_responses(CALLBACK), to_frame(CALLBACK))
