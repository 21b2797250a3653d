from __future__ import annotations

import warnings
from datetime import datetime, timedelta, timezone
from unicodedata import category

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardocr_nb.errors import DecodeError, LedgerError
from cardocr_nb.frame import COLUMNS, PolygonWarning, UnknownLabelWarning, read_responses, to_frame
from cardocr_nb.frame._frame_columns import DTYPES
from cardocr_nb.wire._decode import RepairWarning, decode
from cardocr_nb.wire._records import Callback, CardResult, Error, Field, Job, JobList, JobState

BOX = ((1, 2), (1, 9), (30, 9), (30, 2))
NAME = Field("姓名", "样本一", 99, BOX)
GENDER = Field("Sex", "Male", 91, BOX)
UTC8 = timezone(timedelta(hours=8))


def job(number=1, state=JobState.SUCCESS, fields=(NAME, GENDER), **other):
    result = CardResult(fields=tuple(fields), status=1 if fields else 0, state="Success", code="Success")
    return Job(
        id=f"j{number}", state=state, **{"key": f"{number}.jpg", "card_type": "IDCard", "result": result} | other
    )


def test_each_field_is_a_row_with_all_that_the_response_holds():
    created = datetime(2026, 6, 27, 14, 44, 10, tzinfo=UTC8)
    frame = to_frame(
        job(
            user_data="mine", job_level=2, queue_id="q", bucket="b", region="ap-x", created=created, code="Success",
            message="fine",
        )
    )  # fmt: skip
    assert tuple(frame.columns) == COLUMNS
    row = frame.iloc[0]
    assert (row.job_id, row.key, row.card_type, row.state) == ("j1", "1.jpg", "IDCard", "Success")
    assert (row.field, row.label, row.text, row.score, row.status) == ("name", "姓名", "样本一", 99, 1)
    assert row["polygon"].points == BOX
    assert (row.user_data, row.job_level, row.queue_id, row.bucket, row.region) == ("mine", 2, "q", "b", "ap-x")
    assert row.created == created
    assert row.message == "fine"
    assert frame.loc[0, ["code", "started", "ended"]].isna().all()
    assert frame.loc[1, ["job_id", "field", "text"]].tolist() == ["j1", "gender", "Male"]


@pytest.mark.parametrize(
    "source",
    [
        job(),
        [job()],
        (j for j in [job()]),
        JobList((job(),)),
        Callback("TaskFinish", (job(),)),
        [JobList((job(),))],
    ],
    ids=["job", "list", "generator", "job list", "callback", "list of lists"],
)
def test_each_kind_of_source_gives_the_same_rows(source):
    pd.testing.assert_frame_equal(to_frame(source), to_frame(job()))


def test_a_synchronous_reading_has_no_job():
    frame = to_frame(CardResult((NAME,), status=1, key="1.jpg"))
    assert frame.job_id.isna().all()
    assert frame.loc[0, ["key", "state", "text"]].tolist() == ["1.jpg", "Success", "样本一"]


def test_a_card_on_which_nothing_was_found_keeps_one_row():
    frame = to_frame([job(1, fields=()), job(2)])
    assert frame.job_id.tolist() == ["j1", "j2", "j2"]
    assert frame.field.isna().tolist() == [True, False, False]
    assert frame.loc[0, ["label", "text", "score", "polygon"]].isna().all()
    assert frame.loc[0, "status"] == 0
    assert frame.groupby("key").field.count().to_dict() == {"1.jpg": 0, "2.jpg": 2}


def test_a_failed_card_says_why():
    failed = job(state=JobState.FAILED, result=None, code="InvalidImage", message="cannot be decoded")
    row = to_frame(failed).iloc[0]
    assert (row.state, row.code, row.message) == ("Failed", "InvalidImage", "cannot be decoded")


def test_a_job_that_succeeded_with_a_refused_result_counts_as_failed():
    refused = CardResult(state="Failed", code="CardTypeMismatch", message="other card")
    row = to_frame(job(result=refused, code="Success")).iloc[0]
    assert (row.state, row.code, row.message) == ("Failed", "CardTypeMismatch", "other card")


def test_a_submission_that_failed_has_no_job_id():
    assert to_frame(Job("", JobState.FAILED, key="1.jpg", code="NoSuchFile")).job_id.isna().all()


def test_ids_that_the_service_does_not_know_are_not_lost():
    frame = to_frame(JobList((job(),), missing_ids=("gone",)))
    assert frame.loc[2, ["job_id", "code"]].tolist() == ["gone", "NoSuchJob"]
    assert pd.isna(frame.loc[2, "state"])


def test_an_error_body_is_a_failed_row():
    row = to_frame(Error("AccessDenied", "no", resource="r")).iloc[0]
    assert (row.key, row.state, row.code, row.message) == ("r", "Failed", "AccessDenied", "no")


def test_text_is_missing_and_never_empty():
    frame = to_frame(job(fields=(Field("姓名", ""), Field("性别", None))))
    assert frame.text.isna().all()
    assert frame.field.tolist() == ["name", "gender"]


def test_unknown_labels_keep_their_rows_and_are_counted_once():
    odd = [job(k, fields=(NAME, Field("Blood Group", "O"), Field("档案编号", "1"))) for k in range(3)]
    with pytest.warns(UnknownLabelWarning, match="2 unknown labels, of 11, 4 characters") as caught:
        frame = to_frame(odd)
    assert len(caught) == 1
    assert not any(word in str(caught[0].message) for word in ("Blood", "档案"))
    assert caught[0].filename == __file__
    assert frame.field.tolist() == ["name", "blood_group", "档案编号"] * 3
    assert frame.label.tolist()[1] == "Blood Group"


def test_many_unknown_labels_are_not_all_measured():
    with pytest.warns(UnknownLabelWarning, match=r"12 unknown labels, .* characters and 2 more"):
        to_frame(job(fields=[Field(f"Odd {k}") for k in range(12)]))


def test_an_empty_label_is_an_unknown_one_and_not_a_missing_field():
    with pytest.warns(UnknownLabelWarning):
        frame = to_frame(job(fields=(Field("", "x"),)))
    assert frame.field.tolist() == ["unlabeled"]
    assert frame.label.tolist() == [""]


@pytest.mark.parametrize("points", [BOX[:3], (*BOX, (1, 1)), ((2**31, 0), *BOX[1:]), ((10**400, 0), *BOX[1:])])
def test_a_polygon_that_is_none_is_left_out_with_a_warning(points):
    with pytest.warns(PolygonWarning, match="1 polygons"):
        frame = to_frame(job(fields=(Field("姓名", "样本", 9, points), GENDER)))
    assert frame.polygon.isna().tolist() == [True, False]


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("read", [to_frame, read_responses])
def test_a_missing_response_in_a_list_is_refused_with_its_place(read, missing):
    with pytest.raises(TypeError, match="element 2 of the responses is missing"):
        read([b"<Response/>", missing, b"<Response/>"])


def test_anything_else_is_refused_by_name():
    with pytest.raises(TypeError, match="got int"):
        to_frame(3)
    with pytest.raises(LedgerError):
        to_frame("responses/1.xml")
    with pytest.raises(DecodeError):
        to_frame(b"no document")


def test_saved_documents_read_as_their_records_do(data):
    for path in sorted((data / "responses").iterdir()):
        raw = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RepairWarning)
            pd.testing.assert_frame_equal(to_frame(raw), to_frame(decode(raw)))


def test_the_frame_survives_plain_parquet(data, tmp_path):
    frame = to_frame(
        [(data / "responses" / name).read_bytes() for name in ("licence.xml", "failed.xml", "no_card.xml")]
    )
    frame.to_parquet(tmp_path / "cards.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "cards.parquet"), frame)


texts = st.none() | st.text(max_size=5)
fields = st.builds(
    Field,
    label=st.sampled_from(["姓名", "Gender", "odd"]),
    text=texts,
    score=st.none() | st.integers(0, 100),
    polygon=st.none() | st.just(BOX) | st.just(BOX[:2]),
)
times = st.none() | st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001 - an offset follows
    lambda t: t.replace(tzinfo=UTC8)
)
jobs = st.builds(
    Job,
    id=st.text(max_size=3),
    state=st.sampled_from(JobState),
    key=texts,
    card_type=st.none() | st.sampled_from(["IDCard", "DriverLicense", "Passport"]),
    code=texts,
    message=texts,
    queue_id=texts,
    created=times,
    user_data=texts,
    job_level=st.none() | st.integers(0, 2),
    result=st.none()
    | st.builds(
        CardResult,
        fields=st.lists(fields, max_size=3).map(tuple),
        status=st.none() | st.integers(0, 1),
        state=st.none() | st.sampled_from(["Success", "Failed"]),
        code=texts,
    ),
)


@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.UnknownLabelWarning")
@pytest.mark.filterwarnings("ignore::cardocr_nb.frame.PolygonWarning")
@given(st.lists(jobs, max_size=5))
def test_no_card_and_no_field_is_lost_and_dtypes_hold(many):
    frame = to_frame(many)
    assert len(frame) == sum(max(1, len(j.fields)) for j in many)
    assert frame.field.notna().sum() == sum(len(j.fields) for j in many)
    assert {name: str(d) for name, d in frame.dtypes.items()} == {n: str(d) for n, d in DTYPES.items()}
    assert not (frame.select_dtypes("str") == "").any(axis=None)
    read = [f for j in many for f in j.fields]
    unseen = {"Zs", "Zl", "Zp", "Cc", "Cf"}
    shown = [
        f.text if f.text and any(ord(c) > 0xFFFF or category(c) not in unseen for c in f.text) else None for f in read
    ]
    assert [None if pd.isna(t) else t for t in frame.text[frame.field.notna()]] == shown
    assert frame.index.equals(pd.RangeIndex(len(frame)))
