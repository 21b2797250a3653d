from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import cardocr_nb  # noqa: F401 - registers the accessors
from cardocr_nb.errors import MissingExtraError
from cardocr_nb.frame import empty, read_responses, to_frame
from cardocr_nb.frame._dask_frame import by_card, compute, read_dask, to_dask, write_parts
from cardocr_nb.frame._partitions import plan, read_part
from cardocr_nb.plot._score_counts import score_counts
from cardocr_nb.quality import check, register, summary, tally
from cardocr_nb.quality._checks import REGISTRY
from cardocr_nb.wire._records import CardResult, Field, Job, JobState

pytestmark = pytest.mark.filterwarnings(
    "ignore::cardocr_nb.wire._xml_tree.RepairWarning", "ignore::cardocr_nb.frame.PolygonWarning"
)
BOX = ((1, 2), (1, 9), (30, 9), (30, 2))


def document(number):
    return (
        f"<Response><JobsDetail><JobId>j{number}</JobId><State>Success</State><Input><CardType>IDCard</CardType>"
        f"<Object>{number}.jpg</Object></Input><Operation><ImageLicenseRec><CardType>IDCard</CardType>"
        f"</ImageLicenseRec><ImageLicenseRecResult><Status>1</Status><IdInfo><Name>性别</Name><DetectedText>女"
        f"</DetectedText><Score>{number % 101}</Score></IdInfo></ImageLicenseRecResult></Operation></JobsDetail></Response>"
    ).encode()


def cards(count, seed=5):
    random = np.random.default_rng(seed)
    jobs = []
    for n in range(count):
        kind = ("IDCard", "DriverLicense")[n % 2]
        state = JobState.FAILED if n % 11 == 0 else JobState.SUCCESS
        fields = [Field("姓名", "样本", int(random.integers(101)), BOX), Field("性别", "女" if n % 3 else "?", 90)]
        found = CardResult(() if n % 11 == 0 or n % 13 == 0 else tuple(fields[: 1 + n % 2]))
        jobs.append(Job(f"j{n}", state, f"{n}.jpg", kind, code=("InvalidImage" if n % 11 == 0 else None), result=found))
    return to_frame(jobs)


def plain(df):
    """Without the categories, and in an order of its own."""
    spelt = df.astype({c: "str" for c in df.columns if df[c].dtype == "category"})
    return spelt.sort_values([c for c in spelt.columns if c != "polygon"], ignore_index=True)


def same(parted, whole):
    ours, theirs = summary(parted), summary(whole)
    assert (ours.cards, ours.untyped, ours.remarked) == (theirs.cards, theirs.untyped, theirs.remarked)
    pd.testing.assert_series_equal(ours.outcomes, theirs.outcomes)
    pd.testing.assert_series_equal(ours.codes, theirs.codes)
    pd.testing.assert_frame_equal(ours.fields, theirs.fields)
    pd.testing.assert_frame_equal(plain(check(parted).compute()), plain(check(whole)))
    pd.testing.assert_frame_equal(plain(tally(check(parted))), plain(tally(check(whole))))
    for by in ("field", "card_type", "state", None):
        ours, theirs = score_counts(parted, by), score_counts(whole, by)
        assert ours.groups == theirs.groups
        np.testing.assert_array_equal(ours.counts, theirs.counts)
        np.testing.assert_array_equal(ours.missing, theirs.missing)


def test_the_frame_is_that_of_pandas_for_each_size_of_a_part(data):
    whole = read_responses(data / "responses", errors="row")
    for blocksize in (1, 3000, 10**9):
        pd.testing.assert_frame_equal(compute(read_dask(data / "responses", blocksize=blocksize)), whole)


def test_columns_and_dtypes_are_known_before_anything_is_read(data):
    frame = read_dask(data / "responses")
    for name, dtype in empty().dtypes.items():
        assert frame.dtypes[name] == dtype or (dtype == "category" and frame.dtypes[name].name == "category")


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3), max_size=8), st.integers(60, 3000), st.booleans())
def test_each_line_is_in_one_part(tmp_path_factory, gaps, blocksize, ended):
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    lines = [document(n) + b"\n" * (1 + gap) for n, gap in enumerate(gaps)]
    path.write_bytes(b"\n" * bool(gaps) + b"".join(lines)[: None if ended else -1])
    parts = plan(path, blocksize=blocksize)
    found = [job for part in parts for job in read_part(part)["job_id"]]
    assert found == [f"j{n}" for n in range(len(gaps))]
    assert sum(part.size for part in parts) == path.stat().st_size


@pytest.fixture
def archives(tmp_path):
    names = [f"{n:02}.xml" for n in range(12)]
    for n, name in enumerate(names):
        (tmp_path / name).write_bytes(document(n))
    (tmp_path / "notes.txt").write_text("not read")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in [*names, "notes.txt"]:
            archive.write(tmp_path / name, name)
        archive.writestr("more.jsonl", document(12) + b"\n\n" + document(13))
    for suffix, mode in ((".tar", "w"), (".tar.gz", "w:gz")):
        with tarfile.open(tmp_path / f"a{suffix}", mode) as tar:
            for name in [*names, "notes.txt"]:
                tar.add(tmp_path / name, name)
    return tmp_path


@pytest.mark.parametrize(("name", "jobs", "least"), [("a.zip", 14, 4), ("a.tar", 12, 4), ("a.tar.gz", 12, 1)])
def test_members_of_an_archive_are_read_each_once(archives, name, jobs, least):
    frame = read_dask(archives / name, blocksize=1500)
    assert frame.npartitions >= least
    assert compute(frame)["job_id"].tolist() == [f"j{n}" for n in range(jobs)]


def test_what_cannot_be_read_keeps_a_row_and_the_rest_is_read(archives):
    (archives / "bad.zip").write_bytes(b"PK and no more")
    (archives / "bad.tar").write_bytes(b"x" * 600)
    cut = (archives / "a.tar.gz").read_bytes()[:-40]
    (archives / "cut.tar.gz").write_bytes(cut)
    (archives / "lines.jsonl").write_bytes(document(90) + b"\n{broken\n" + document(91))
    spoiled = bytearray((archives / "a.zip").read_bytes())
    spoiled[60] ^= 255
    (archives / "flipped.zip").write_bytes(spoiled)
    names = ["bad.zip", "bad.tar", "cut.tar.gz", "lines.jsonl", "flipped.zip"]
    frame = compute(read_dask([archives / name for name in names], blocksize=1500))
    bad = frame[frame["state"] == "Unreadable"]
    assert [sum(key.startswith(str(archives / name)) for key in bad["key"]) for name in names] == [1, 1, 1, 1, 1]
    assert bad["message"].notna().all()
    assert bad["message"].str.startswith(f"byte {len(document(90)) + 1}: ").sum() == 1
    assert {"j90", "j91"} <= set(frame["job_id"].dropna())
    assert set(frame.loc[frame["key"].isin([f"{n}.jpg" for n in range(1, 12)]), "job_id"]) >= {
        f"j{n}" for n in range(1, 12)
    }


def test_parts_keep_the_order_given(archives):
    (archives / "z.jsonl").write_bytes(document(50))
    found = compute(read_dask([archives / "01.xml", archives / "z.jsonl", archives / "00.xml"]))
    assert found["job_id"].tolist() == ["j1", "j50", "j0"]


def test_an_empty_file_gives_the_empty_frame(tmp_path):
    (tmp_path / "a.jsonl").touch()
    pd.testing.assert_frame_equal(compute(read_dask(tmp_path)), empty())


def test_what_is_not_there_and_no_size_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file matches"):
        read_dask(tmp_path / "nothing*.xml")
    with pytest.raises(ValueError, match="blocksize is a number of bytes, 1 or more, got 0"):
        read_dask(tmp_path, blocksize=0)


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "dask.dataframe.extensions", None)
    (tmp_path / "a.xml").write_bytes(document(1))
    with pytest.raises(MissingExtraError, match=r"cardocr_nb\[scale\]"):
        read_dask(tmp_path)


@pytest.mark.parametrize("npartitions", [1, 7])
def test_summary_checks_and_scores_are_those_of_pandas(npartitions):
    whole = cards(120)
    same(to_dask(whole, npartitions=npartitions), whole)


def test_saved_responses_give_the_same_figures_as_pandas(data):
    whole = read_responses(data / "responses", errors="row")
    same(by_card(read_dask(data / "responses", blocksize=12_000)), whole)


def test_no_rows_give_no_figures():
    same(to_dask(empty()), empty())


def test_no_card_is_parted():
    whole = cards(50)
    parts = [part.compute() for part in to_dask(whole, npartitions=7).to_delayed()]
    assert len(parts) == 7
    assert sum(part["job_id"].nunique() for part in parts) == 50
    pd.testing.assert_frame_equal(compute(to_dask(whole, npartitions=7)), whole)


def test_cards_of_several_files_are_brought_together():
    whole = pd.concat([cards(30), cards(30, seed=6)], ignore_index=True)
    parted = read_twice(whole)
    assert summary(parted).cards == 60
    assert summary(by_card(parted)).cards == summary(whole).cards == 30
    pd.testing.assert_frame_equal(plain(compute(by_card(parted))), plain(whole))


def read_twice(whole):
    """Each card's rows in two partitions."""
    dd = importlib.import_module("dask.dataframe")
    half = len(whole) // 2
    return dd.concat([to_dask(whole[:half], npartitions=2), to_dask(whole[half:], npartitions=2)])


def test_a_check_of_ones_own_goes_to_the_workers():
    @register(severity="warning", detail="two characters or more", fields=["name"])
    def name_is_no_initial(text):
        return text.str.len() >= 2

    try:
        whole = cards(20)
        found = check(to_dask(whole), ["name_is_no_initial"]).compute()
        assert len(found) == len(check(whole, ["name_is_no_initial"])) > 0
    finally:
        REGISTRY.pop("name_is_no_initial")


def test_parts_are_written_once_and_read_again(tmp_path):
    whole = cards(40)
    paths = write_parts(to_dask(whole, npartitions=3), tmp_path / "parts")
    assert [path.name for path in paths] == ["part-000000.parquet", "part-000001.parquet", "part-000002.parquet"]
    again = read_dask(tmp_path / "parts")
    assert again.npartitions == 3
    pd.testing.assert_frame_equal(compute(again), whole)
    assert pd.read_parquet(paths[0])["polygon"].dtype == "polygon"
    with pytest.raises(FileExistsError, match="name another folder"):
        write_parts(again, tmp_path / "parts")


def test_the_accessor_of_dask_frames_delegates(tmp_path):
    whole = cards(40)
    parted = whole.cardocr.to_dask(npartitions=2)
    assert parted.cardocr.summary().cards == 40
    assert parted.cardocr.check(["gender_is_known"]).compute()["passed"].tolist() == (
        check(whole, ["gender_is_known"])["passed"].tolist()
    )
    pd.testing.assert_frame_equal(plain(parted.cardocr.tally()), plain(tally(check(whole))))
    axes = parted.cardocr.plot_scores(ax=Figure().subplots(), lang="en")
    drawn = [
        label.get_text() for label in whole.cardocr.plot_scores(ax=Figure().subplots(), lang="en").get_yticklabels()
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == drawn
    assert len(parted.cardocr.write_parts(tmp_path)) == 2
    pd.testing.assert_frame_equal(parted.cardocr.by_card().cardocr.to_pandas().sort_values("key", ignore_index=True),
                                  whole.sort_values("key", ignore_index=True))  # fmt: skip
    assert not hasattr(parted[["key"]], "cardocr")


CLUSTER = """
import json, os, sys
import pandas as pd
from distributed import Client, LocalCluster

import cardocr_nb
from cardocr_nb.frame import read_responses
from cardocr_nb.frame._dask_frame import compute, read_dask, write_parts
from cardocr_nb.quality import check, tally
from cardocr_nb.quality import summary

if __name__ == "__main__":
    responses, folder = sys.argv[1:]
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        pids = set(client.run(os.getpid).values())
        parts = write_parts(read_dask(responses, blocksize=15_000), folder)
        parted = read_dask(folder)
        together = parted.cardocr.by_card().persist()
        counts = summary(together)
        found = tally(check(together))
        rows = compute(parted)
    rows.to_parquet(folder + "/rows.pq")
    print(json.dumps({
        "processes": len(pids - {os.getpid()}), "parts": len(parts), "summary": str(counts),
        "failed": int(found["failed"].sum()), "cases": int(found["cases"].sum())
    }))
"""


def test_two_processes_read_write_parts_and_give_the_figures_of_pandas(data, tmp_path):
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    responses, folder = data / "responses", tmp_path / "parts"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "ignore", str(script), str(responses), str(folder)],
        capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    printed = json.loads(done.stdout.splitlines()[-1])
    whole = read_responses(responses, errors="row")
    expected = tally(check(whole))
    assert printed["processes"] == 2
    assert printed["parts"] == len(list(folder.glob("part-*.parquet"))) > 2
    assert printed["summary"] == str(summary(whole))
    assert (printed["cases"], printed["failed"]) == (expected["cases"].sum(), expected["failed"].sum())
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "rows.pq"), whole)


def test_read_responses_hands_over_to_dask(tmp_path):
    import cardocr_nb as ocr

    answer = b"<Response><JobsDetail><JobId>j%d</JobId><State>Success</State></JobsDetail></Response>"
    for n in range(4):
        (tmp_path / f"{n}.xml").write_bytes(answer % n)
    parted = ocr.read_responses(tmp_path, engine="dask", blocksize=100)
    assert parted.npartitions > 1
    pd.testing.assert_frame_equal(parted.cardocr.to_pandas(), ocr.read_responses(tmp_path))
    with pytest.raises(ValueError, match="engine must be"):
        ocr.read_responses(tmp_path, engine="spark")
    with pytest.raises(ValueError, match="got bytes; write them to a file first"):
        ocr.read_responses(answer, engine="dask")
