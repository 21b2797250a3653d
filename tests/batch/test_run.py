"""Every image of a run has an outcome, in every circumstance, and none is submitted twice."""

import _thread
import hashlib
import sys
import threading

import pytest
from PIL import Image

from cardocr_nb import run
from cardocr_nb._batch._pace import Pace
from cardocr_nb._batch._run import NewKeyWarning, StoppedWarning
from cardocr_nb._client import Client
from cardocr_nb._transport import Response
from cardocr_nb.errors import AuthenticationError, InvalidRequestError, PermissionDeniedError, TransportError
from cardocr_nb.local._stub_reader import StubReader
from cardocr_nb.wire._encode import error_xml
from cardocr_nb.wire._records import Error

QUICK = Pace(submissions=1000, queries=1000, threads=2)
ONE_BY_ONE = Pace(submissions=1000, queries=1000, threads=1, in_flight=1)


class Faulty:
    """The embedded service behind a line with the faults of a test."""

    def __init__(self, inner):
        self.inner, self.submitted, self.fault = inner, 0, lambda request: None

    @property
    def folder(self):
        return self.inner.folder

    def send(self, request):
        reply = self.fault(request)
        if reply is not None:
            return reply
        self.submitted += request.method == "POST"
        return self.inner.send(request)

    def close(self):
        self.inner.close()


@pytest.fixture
def client(tmp_path):
    with Client.local(tmp_path / "bucket", reader=StubReader(), create=True) as client:
        client.poll = (0.0, 0.01)
        client.transport = Faulty(client.transport)
        yield client


@pytest.fixture
def photos(tmp_path, photo):
    return [photo(tmp_path / f"in/{n}.jpg", color=(n, n, n), quality=100) for n in (0, 50, 100, 150, 200)]


def read(images, client, **options):
    given = {"pace": QUICK, "progress": False, "listing_delay": 0.0} | options
    return run(images, card_type="IDCard", client=client, **given)


def cards(frame):
    return frame.drop_duplicates("key").astype({"state": "str", "code": "str"}).fillna({"code": ""})


def states(frame):
    return cards(frame)[["key", "state", "code"]].apply(tuple, axis=1).tolist()


def codes(frame):
    return cards(frame)["code"].tolist()


def refused(status, code, **headers):
    return Response(status, headers, error_xml(Error(code, "no")))


def test_all_images_of_a_folder_are_read_in_order(client, tmp_path, photos):
    frame = read(tmp_path / "in", client, user_data="mine")
    assert states(frame) == [(f"{n}.jpg", "Success", "") for n in (0, 100, 150, 200, 50)]
    assert len(frame) == 30
    assert set(frame["user_data"]) == {"mine"}


def test_without_user_data_of_ones_own_the_frame_shows_none(client, photos):
    assert read(photos, client)["user_data"].isna().all()


def test_unusable_files_get_a_row_and_the_others_are_read(client, tmp_path, photos, photo):
    (tmp_path / "in/empty.jpg").touch()
    (tmp_path / "in/text.jpg").write_text("hello")
    photo(tmp_path / "in/moving.gif", save_all=True, append_images=[_other_frame()])
    with (tmp_path / "in/huge.jpg").open("wb") as file:
        file.truncate(20_000_001)
    frame = cards(read([tmp_path / "in", tmp_path / "in/missing.jpg"], client))
    lost = frame[frame["job_id"].isna()]
    assert lost[["key", "code"]].apply(tuple, axis=1).tolist() == [
        ("empty.jpg", "EmptyFile"),
        ("huge.jpg", "FileTooLarge"),
        ("moving.gif", "AnimatedImage"),
        ("text.jpg", "NotAnImage"),
        ("missing.jpg", "NoSuchFile"),
    ]
    assert lost["message"].notna().all()
    assert client.transport.submitted == 5
    assert len(frame) == 10


def _other_frame():
    from PIL import Image

    return Image.new("RGB", (64, 40), "red")


def test_damage_behind_the_header_is_a_failed_job(client, tmp_path, photo):
    path = photo(tmp_path / "in/cut.jpg", size=(800, 600))
    path.write_bytes(path.read_bytes()[:-900])
    frame = cards(read(tmp_path / "in", client))
    assert states(frame) == [("cut.jpg", "Failed", "DamagedImage")]
    assert frame["job_id"].notna().all()


def test_keys_in_the_bucket_are_read_without_upload(client, tmp_path, photo):
    photo(tmp_path / "bucket/a/1.jpg")
    frame = read(["a/1.jpg", "a/2.jpg", "../secret.jpg"], client, upload=False)
    assert states(frame) == [
        ("a/1.jpg", "Success", ""),
        ("a/2.jpg", "Failed", "NoSuchKey"),
        ("../secret.jpg", "Failed", "InvalidArgument"),
    ]


def test_an_image_given_twice_is_read_once(client, photos):
    assert states(read([photos[0], photos[1], photos[0]], client)) == [
        ("0.jpg", "Success", ""),
        ("50.jpg", "Success", ""),
    ]
    assert client.transport.submitted == 2


def test_an_image_whose_key_is_taken_by_other_content_gets_a_key_with_a_hash(client, tmp_path, photo):
    image = photo(tmp_path / "a/1.jpg")
    other = photo(tmp_path / "bucket/1.jpg", color="red").read_bytes()
    with pytest.warns(NewKeyWarning, match="1 images are stored under a key with a hash"):
        frame = read(image, client)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert states(frame) == [(f"1-{digest[:8]}.jpg", "Success", "")]
    assert set(frame["image"]) == {str(image)}
    assert (tmp_path / "bucket/1.jpg").read_bytes() == other


def test_no_more_jobs_are_in_flight_than_asked(client, photos):
    most = []

    def watch(request):
        if request.method == "GET" and request.path.startswith("/jobs/"):
            most.append(len(request.path.split(",")))

    client.transport.fault = watch
    read(photos, client, pace=Pace(submissions=1000, queries=1000, in_flight=2))
    assert max(most) <= 2


def test_a_throttled_submission_is_sent_again(client, photos):
    answers = iter([refused(503, "SlowDown", **{"retry-after": "0"}), refused(429, ""), None])
    client.transport.fault = lambda request: next(answers, None) if request.method == "POST" else None
    assert codes(read(photos, client)) == [""] * 5
    assert client.transport.submitted == 5


@pytest.mark.parametrize("arrived", [True, False])
def test_a_submission_whose_answer_is_lost_is_looked_for_and_never_doubled(client, photos, arrived):
    sent = []

    def lose(request):
        if request.method == "POST":
            sent.append(request)
            if len(sent) == 2:
                if arrived:
                    client.transport.submitted += 1
                    client.transport.inner.send(request)
                raise TransportError("the answer did not come", maybe_accepted=True)

    client.transport.fault = lose
    assert codes(read(photos, client, listing_delay=0.2)) == [""] * 5
    assert len(sent) == (5 if arrived else 6)
    assert client.transport.submitted == 5


@pytest.mark.parametrize(
    "answer", [Response(200, {}, b"<html>a proxy</html>"), Response(503, {}, b""), Response(500, {}, b"")]
)
def test_an_answer_without_a_verdict_is_looked_into(client, photos, answer):
    answers = iter([answer])

    def garble(request):
        reply = next(answers, None) if request.method == "POST" else None
        if reply is not None:
            client.transport.submitted += 1
            client.transport.inner.send(request)
        return reply

    client.transport.fault = garble
    assert codes(read(photos, client)) == [""] * 5
    assert client.transport.submitted == 5


def test_a_refusal_that_holds_for_every_image_is_raised_when_nothing_was_accepted(client, photos):
    client.transport.fault = lambda request: refused(403, "AccessDenied") if request.method == "POST" else None
    with pytest.raises(PermissionDeniedError):
        read(photos, client)


def test_a_refusal_that_comes_later_keeps_what_was_read(client, photos):
    client.transport.fault = lambda request: (
        refused(403, "InvalidAccessKeyId") if request.method == "POST" and client.transport.submitted == 2 else None
    )
    with pytest.warns(StoppedWarning, match="InvalidAccessKeyId.* 3 of 5 images were not submitted"):
        frame = read(photos, client, pace=ONE_BY_ONE)
    assert cards(frame)["state"].tolist() == ["Success"] * 2 + ["Planned"] * 3


def test_looks_that_fail_for_a_while_lose_nothing(client, photos):
    answers = iter([refused(500, "InternalError"), refused(503, "SlowDown"), Response(200, {}, b"<html>")] * 3)
    client.transport.fault = lambda request: next(answers, None) if request.path.startswith("/jobs/") else None
    assert codes(read(photos, client)) == [""] * 5


def test_looks_that_fail_for_good_keep_the_job_ids(client, photos):
    client.transport.fault = lambda request: (
        refused(500, "InternalError") if request.path.startswith("/jobs/") else None
    )
    with pytest.warns(StoppedWarning, match="nothing has progressed"):
        frame = read(photos[:1], client, stall_timeout=0.05)
    assert cards(frame)["state"].tolist() == ["Submitted"]
    assert frame["job_id"].notna().all()


def test_an_interrupt_lets_what_is_in_flight_end(client, photos):
    def interrupt(request):
        if request.method == "POST" and client.transport.submitted == 2:
            client.transport.fault = lambda request: None
            _thread.interrupt_main()

    client.transport.fault = interrupt
    pace = Pace(submissions=5, queries=1000, threads=1)
    with pytest.warns(
        StoppedWarning, match=r"stopped: interrupted\. 2 of 5 images were not submitted, 0 had not ended"
    ):
        frame = read(photos, client, pace=pace)
    assert cards(frame)["state"].tolist() == ["Success"] * 3 + ["Planned"] * 2


def test_a_second_interrupt_leaves_what_is_in_flight(client, photos, monkeypatch):
    said = []
    monkeypatch.setattr("cardocr_nb._batch._run.tqdm.write", said.append)
    sent = []

    def interrupt(request):
        if not request.path.startswith("/jobs/"):
            return None
        if len(sent) == len(said) < 2:
            sent.append(_thread.interrupt_main())
        return refused(503, "SlowDown")

    client.transport.fault = interrupt
    with pytest.warns(StoppedWarning, match="0 of 1 images were not submitted, 1 had not ended"):
        frame = read(photos[:1], client)
    assert said == [
        "stopping: waiting for 1 jobs in flight; interrupt again to leave them to the next run",
        "stopping now; interrupt again to leave calls under way too",
    ]
    assert cards(frame)["state"].tolist() == ["Submitted"]


@pytest.mark.parametrize("unknown", ["hold", "submit"])
def test_a_job_that_the_service_does_not_know_yet_is_asked_for_and_never_submitted_again(client, photos, unknown):
    queries = []

    def forget(request):
        if request.path.startswith("/jobs/") and len(queries) < 20:
            queries.append(request)
            return Response(200, {}, b"<Response><NonExistJobIds>x</NonExistJobIds></Response>")
        return None

    client.transport.fault = forget
    assert states(read(photos[:1], client, unknown=unknown)) == [("0.jpg", "Success", "")]
    assert client.transport.submitted == 1


def test_an_unknown_card_type_is_an_error_before_anything_is_sent(client, photos):
    with pytest.raises(InvalidRequestError, match="card_type must be"):
        run(photos, card_type="Passport", client=client)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"unknown": "guess"}, "unknown must be 'hold' or 'submit'"),
        ({"max_calls": -1}, "max_calls must be 0 or more"),
        ({"user_data": "x" * 992}, "user_data must be at most 991 characters in a run"),
        ({"user_data": "漢"}, "printable ASCII"),
        ({"job_level": 7}, "job_level must be 0, 1 or 2"),
        ({"callback": "ftp://x"}, "callback must be an http or https address"),
    ],
)
def test_an_option_outside_its_limits_is_an_error_before_anything_is_sent(client, photos, option, said):
    with pytest.raises(InvalidRequestError, match=said):
        read(photos, client, **option)
    assert client.transport.submitted == 0


def test_wrong_credentials_are_no_failed_images(client, photos):
    client.transport.fault = lambda request: refused(403, "SignatureDoesNotMatch")
    with pytest.raises(AuthenticationError):
        read(photos, client)


def test_an_upload_that_never_works_is_repeated_until_the_run_stalls_and_fails_no_image(client, photos):
    tried = []

    def refuse(request):
        if request.method == "PUT" and request.path == "/50.jpg":
            tried.append(request)
            return refused(500, "InternalError")
        return None

    client.transport.fault = refuse
    with pytest.warns(
        StoppedWarning, match="nothing has progressed .*InternalError.* 1 of 5 images were not submitted"
    ):
        frame = read(photos, client, stall_timeout=1.0)
    assert cards(frame)["state"].tolist() == ["Success", "Planned", "Success", "Success", "Success"]
    assert len(tried) > 5
    assert client.transport.submitted == 4


def test_an_upload_is_repeated_since_nothing_of_it_is_paid_for(client, photos):
    answers = iter([refused(503, "SlowDown", **{"retry-after": "0"}), refused(500, "InternalError")])
    client.transport.fault = lambda request: next(answers, None) if request.method == "PUT" else None
    assert codes(read(photos, client)) == [""] * 5


def test_throttling_without_end_ends_the_run_and_keeps_the_images_for_the_next(client, photos):
    client.transport.fault = lambda request: (
        refused(503, "SlowDown", **{"retry-after": "0"}) if request.method == "POST" else None
    )
    with pytest.warns(StoppedWarning, match="nothing has progressed.*SlowDown"):
        frame = read(photos[:2], client, stall_timeout=0.05)
    assert cards(frame)["state"].tolist() == ["Planned"] * 2


def test_the_budget_stops_the_run(client, photos):
    with pytest.warns(StoppedWarning, match="max_calls is reached. 3 of 5 images were not submitted"):
        frame = read(photos, client, max_calls=2, pace=ONE_BY_ONE)
    assert client.transport.submitted == 2
    assert cards(frame)["state"].tolist() == ["Success"] * 2 + ["Planned"] * 3


def test_refused_submissions_do_not_use_up_the_budget(client, tmp_path, photo):
    photo(tmp_path / "bucket/a.jpg")
    frame = read(["../1.jpg", "../2.jpg", "a.jpg"], client, upload=False, max_calls=1, pace=ONE_BY_ONE)
    assert codes(frame) == ["InvalidArgument", "InvalidArgument", ""]


def test_the_same_picture_under_two_keys_is_paid_for_once_and_has_rows_for_both(client, tmp_path, photo):
    for name in ("a.png", "b/c.png", "d.png"):
        photo(tmp_path / "in" / name)
    frame = read(tmp_path / "in", client)
    assert client.transport.submitted == 1
    assert cards(frame)["key"].tolist() == ["a.png", "b/c.png", "d.png"]
    assert len(frame) == 18
    assert frame["job_id"].nunique() == 1


def test_bar_and_last_line_show_the_progress(client, photos, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)  # in a log file the bar is hidden
    read(photos, client, progress=True, price=0.15)
    shown = capsys.readouterr()
    assert "5/5" in shown.err
    assert "spent=0.75" in shown.err
    assert "5 images: 5 read; 5 submitted in this run with" in shown.out
    assert "cost 0.75" in shown.out


class SeesNoCard:
    """Finds a card on the pictures that are brighter than a level."""

    def __init__(self, level):
        self.level = level

    def read(self, image, card_type):
        return StubReader().read(image, card_type) if image.mean() > self.level else []


@pytest.mark.parametrize(("cards", "other_type"), [(0, True), (2, True), (3, False), (4, False)])
def test_the_last_line_says_if_most_photos_may_show_another_card_type(tmp_path, capsys, cards, other_type):
    for n in range(4):
        Image.new("RGB", (400, 250), (200 if n < cards else 20, n, 0)).save(tmp_path / f"{n}.png")
    with Client.local(tmp_path, reader=SeesNoCard(30)) as client:
        run(tmp_path, card_type="IDCard", client=client)
    shown = capsys.readouterr().out
    assert (f"{4 - cards} of them without a card" in shown) is (cards < 4)
    assert ("perhaps the photos show another card type" in shown) is other_type


def test_a_failure_of_the_service_s_own_is_not_swallowed(client, photos):
    def break_down(request):
        if request.method == "POST":
            raise RuntimeError("a fault in the transport")

    client.transport.fault = break_down
    before = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="a fault in the transport"):
        read(photos, client)
    of_the_service = ("cardocr-retention", "cardocr-callback-", "cardocr-worker-", "tqdm_monitor")
    assert all(t.name.startswith(of_the_service) for t in set(threading.enumerate()) - before)
