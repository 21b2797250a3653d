"""Runs against a real server with something in between: never paid twice, never mixed up, never without end."""

import contextlib
import socket
import sqlite3
import ssl
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from middlebox import CLOSE, between
from proxying import proxying, pump

import cardocr_nb as ocr
from cardocr_nb.cloud import CloudTransport, Credentials
from cardocr_nb.wire._encode import error_xml
from cardocr_nb.wire._records import Error

PACE = ocr.Pace(submissions=400, queries=200, in_flight=60, threads=6)
HTML = b"<html><body>please log in</body></html>"


@dataclass
class Place:
    """A bucket of the test's own on the shared server."""

    running: object
    bucket: str

    @property
    def url(self):
        return self.running.url

    @property
    def folder(self):
        return self.running.root / self.bucket


@pytest.fixture
def place(server, bucket):
    return Place(server, bucket)


@pytest.fixture
def box(place):
    with between(place.url) as opened:
        yield opened


@pytest.fixture
def photos(tmp_path, photo):
    return [photo(tmp_path / f"in/{n}.png", color=(n, 0, 0)) for n in range(6)]


@contextlib.contextmanager
def client(place, endpoint=None, **options):
    given = {"timeout": (2, 5), "retries": 1} | options
    transport = replace(place.running, url=endpoint or place.url).transport(place.bucket, **given)
    with ocr.Client(transport, poll=(0.05, 0.2)) as opened:
        yield opened


def run(images, opened, **options):
    given = {"pace": PACE, "progress": False, "listing_delay": 0.5, "stall_timeout": 20} | options
    return ocr.run(images, card_type="IDCard", client=opened, **given)


def accepted(place):
    with contextlib.closing(sqlite3.connect(place.running.root / ".cardocr/jobs.sqlite")) as db:
        return db.execute("SELECT count(*) FROM jobs WHERE bucket = ?", (place.bucket,)).fetchone()[0]


def states(frame):
    return frame.drop_duplicates("image")["state"].astype("str").tolist()


def first(predicate, answer, times=1):
    """Make a rule that gives an answer to the first requests of a kind."""
    left = [times]

    def rule(method, path, *_):
        if left[0] and predicate(method, path):
            left[0] -= 1
            return answer
        return None

    return rule


@pytest.fixture
def tls_front(tmp_path):
    """Opens an HTTPS address in front of an HTTP one; gives it with the file of its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:

        def serve(line, there):
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(line, server_side=True) as secure,
                socket.create_connection((there.hostname, there.port)) as service,
            ):
                threading.Thread(target=pump, args=(secure, service), daemon=True).start()
                pump(service, secure)

        def accept(there):
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listening.accept()[0], there), daemon=True).start()

        def front(url):
            threading.Thread(target=accept, args=(urlsplit(url),), daemon=True).start()
            return f"https://127.0.0.1:{listening.getsockname()[1]}", tmp_path / "authority.pem"

        yield front
        listening.shutdown(socket.SHUT_RDWR)


def is_submission(method, path):
    return method == "POST" and path == "/jobs"


def is_description(method, path):
    return method == "GET" and path.startswith("/jobs/")


# paid twice


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b"<Error><Code>ServiceUnavailable</Code><Message/></Error>"),
        (429, HTML),
        (400, HTML),
        (403, HTML),
        (404, HTML),
        (408, HTML),
        (409, HTML),
        (409, b"<Error><Code>Conflict</Code><Message/></Error>"),
        (499, b""),
        (500, b"<Error><Code>InvalidArgument</Code><Message/></Error>"),
        (400, b'{"Error": {"Code": "InvalidArgument", "Message": ""}}'),
        (302, b""),
        (307, b""),
        (200, HTML),
        (200, b""),
    ],
)
def test_an_answer_that_does_not_prove_a_refusal_is_looked_up(place, box, photos, status, body):
    box.rule = first(is_submission, (status, {"Location": "http://127.0.0.1:9/login"}, body), times=3)
    with client(place, box.url) as opened:
        assert states(run(photos, opened)) == ["Success"] * 6
    assert accepted(place) == box.count("POST", "/jobs") == 6


def test_a_lost_answer_is_looked_up_by_the_object_before_a_window_of_time_is_listed(place, box, photos):
    box.rule = first(is_submission, CLOSE, times=2)
    with client(place, box.url) as opened:
        assert states(run(photos, opened, listing_delay=5)) == ["Success"] * 6
    lists = [path for method, path in box.requests if method == "GET" and path.startswith("/jobs?")]
    assert lists
    assert all("inputObject=" in path for path in lists)
    assert accepted(place) == 6


@pytest.mark.parametrize("kind", ["http", "https"])
def test_answers_that_a_proxy_loses_are_not_paid_for_again(place, tmp_path, photo, kind, tls_front):
    images = [photo(tmp_path / f"many/{n}.png", color=(n, 1, 0)) for n in range(60)]
    endpoint, authority = (place.url, None) if kind == "http" else tls_front(place.url)
    with proxying(cut=0.3 if kind == "http" else 0.1) as proxy:
        proxies = {"http": proxy.url, "https": proxy.url}
        with client(place, endpoint, proxies=proxies, ca_bundle=authority, retries=5) as opened:
            frame = run(images, opened, ledger=tmp_path / "run.sqlite", stall_timeout=60)
        assert proxy.cuts > 5
    assert states(frame) == ["Success"] * 60
    assert accepted(place) == 60


@pytest.mark.parametrize("unknown", ["hold", "submit"])
def test_a_job_that_describe_does_not_know_for_a_while_is_paid_for_once(place, box, photos, tmp_path, unknown):
    box.rule = first(is_description, (200, {}, b"<Response><NonExistJobIds>x</NonExistJobIds></Response>"), times=15)
    with client(place, box.url) as opened:
        assert states(run(photos[:2], opened, unknown=unknown)) == ["Success"] * 2
    assert accepted(place) == 2


@pytest.mark.parametrize("unknown", ["hold", "submit"])
def test_a_job_that_describe_never_knows_is_held_and_the_next_run_asks_again(place, box, photos, tmp_path, unknown):
    box.rule = first(is_description, (200, {}, b"<Response><NonExistJobIds>x</NonExistJobIds></Response>"), times=10**6)
    ledger = tmp_path / "run.sqlite"
    with client(place, box.url) as opened:
        frame = run(photos[:1], opened, unknown=unknown, ledger=ledger, listing_delay=0.0)
        assert frame["code"].astype("str").tolist() == ["NoSuchJob"]
        assert states(frame) == ["Unknown"]
        box.rule = lambda *_: None
        assert states(run(photos[:1], opened, unknown=unknown, ledger=ledger)) == ["Success"]
    assert accepted(place) == 1


# mixed up


def test_two_folders_with_the_same_names_keep_their_own_objects_and_readings(place, tmp_path, photo):
    for folder, color in (("a", "red"), ("b", "blue")):
        for n in range(3):
            photo(tmp_path / folder / f"{n}.png", color=color, size=(60 + n, 40))
    with client(place) as opened:
        one = run(tmp_path / "a", opened, ledger=tmp_path / "run.sqlite")
        with pytest.warns(ocr.NewKeyWarning, match="3 images are stored under a key with a hash"):
            two = run(tmp_path / "b", opened, ledger=tmp_path / "run.sqlite")
        for frame in (one, two):
            assert states(frame) == ["Success"] * 3
            for image, key in frame.drop_duplicates("image")[["image", "key"]].itertuples(index=False):
                assert opened.download(key, tmp_path / "there").read_bytes() == Path(image).read_bytes()
    assert one["key"].unique().tolist() == ["0.png", "1.png", "2.png"]
    both = ocr.to_frame(tmp_path / "run.sqlite")
    assert both["image"].nunique() == both["key"].nunique() == accepted(place) == 6


def test_an_object_of_the_user_is_left_alone(place, tmp_path, photo):
    (place.folder / "0.png").write_bytes(b"my own notes")
    with client(place) as opened, pytest.warns(ocr.NewKeyWarning):
        assert states(run(photo(tmp_path / "in/0.png"), opened)) == ["Success"]
    assert (place.folder / "0.png").read_bytes() == b"my own notes"


def test_spaces_at_the_ends_of_a_key_are_part_of_it(place, tmp_path, photo):
    names = [" a.png", "a.png", "a.png "]
    for n, name in enumerate(names):
        photo(tmp_path / "in" / name, color=(n, 0, 0), format="PNG")
    with client(place) as opened:
        frame = run(tmp_path / "in", opened)
        assert sorted(job.key for job in opened.list_jobs()) == sorted(names)
    assert sorted(frame["key"].unique()) == sorted(names)
    assert states(frame) == ["Success"] * 3


@pytest.mark.parametrize("change", [(b"/0.png", b"/9.png"), (b">0.png<", b">9.png<"), (b"IDCard", b"DriverLicense")])
def test_a_result_of_another_object_or_card_type_is_not_taken(place, box, photos, tmp_path, change):
    def swap(method, path, status, body):
        return (status, {}, body.replace(*change)) if is_description(method, path) and change[0] in body else None

    box.rule = swap
    with client(place, box.url) as opened:
        frame = run(photos[:2], opened, ledger=tmp_path / "run.sqlite")
        if change[0] == b"/0.png":  # no node holds it
            assert states(frame) == ["Success"] * 2
            return
        wrong = frame.drop_duplicates("image")["code"].astype("str").tolist()
        assert wrong[0] == "WrongResult"
        assert frame["text"].notna().sum() <= 6
        box.rule = lambda *_: None
        assert states(run(photos[:2], opened, ledger=tmp_path / "run.sqlite")) == ["Success"] * 2
    assert accepted(place) == 2


def test_a_cached_answer_to_another_submission_is_not_taken(place, box, photos):
    seen = []

    def cache(method, path, status, body):
        if is_submission(method, path):
            seen.append(body)
            return status, {}, seen[0]
        return None

    box.rule = cache
    with client(place, box.url) as opened:
        assert states(run(photos, opened)) == ["Success"] * 6
    assert accepted(place) == 6


# without end


def test_a_next_token_that_repeats_is_an_error(place, box, photos):
    with client(place, box.url) as opened:
        for image in photos[:2]:
            opened.submit(opened.upload(image), card_type="IDCard")
        box.rule = lambda method, path, status, body: (
            (status, {}, b"<Response><NextToken>7</NextToken></Response>") if path.startswith("/jobs?") else None
        )
        with pytest.raises(ocr.DecodeError, match="same NextToken twice"):
            opened.list_jobs()


def test_looking_for_lost_answers_keeps_the_pace_and_ends(place, box, photos):
    box.rule = lambda method, path, status, body: (
        CLOSE
        if is_submission(method, path)
        else (status, {}, b"<Response><NextToken>7</NextToken></Response>")
        if path.startswith("/jobs?")
        else None
    )
    begun = time.monotonic()
    with client(place, box.url) as opened, pytest.warns(ocr.StoppedWarning, match="nothing has progressed"):
        frame = run(photos, opened, stall_timeout=2, listing_delay=0.2, pace=ocr.Pace(queries=10))
    assert states(frame) == ["Unknown"] * 6
    assert time.monotonic() - begun < 15
    assert box.count("GET", "/jobs?") <= 10 * (time.monotonic() - begun + 1)
    assert accepted(place) == 6


@pytest.mark.parametrize("state", ["Running", "Pause"])
def test_a_job_that_never_ends_is_left_at_its_time_limit_and_asked_for_again(place, box, photos, tmp_path, state):
    def stuck(method, path, status, body):
        if is_description(method, path):
            return (
                status,
                {},
                b"<Response><JobsDetail><JobId>%s</JobId><State>%s</State></JobsDetail></Response>"
                % (
                    path[6:].encode(),
                    state.encode(),
                ),
            )
        return None

    box.rule = stuck
    ledger = tmp_path / "run.sqlite"
    with client(place, box.url) as opened:
        frame = run(photos[:1], opened, ledger=ledger, job_timeout=1.0)
        assert frame["code"].astype("str").tolist() == ["JobTimeout"]
        assert f"job_timeout=1 s, its last state was {state}" in frame["message"][0]
        box.rule = lambda *_: None
        assert states(run(photos[:1], opened, ledger=ledger)) == ["Success"]
    assert accepted(place) == 1


def test_a_retry_after_of_a_day_does_not_hold_the_run_for_a_day(place, box, photos):
    box.before = first(
        is_submission, (503, {"Retry-After": "99999"}, error_xml(Error("SlowDown", "later"))), times=10**6
    )
    begun = time.monotonic()
    with client(place, box.url) as opened, pytest.warns(ocr.StoppedWarning, match="SlowDown"):
        frame = run(photos, opened, stall_timeout=1.5)
    assert states(frame) == ["Planned"] * 6
    assert time.monotonic() - begun < 15


# the account


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "ExpiredToken", "new temporary credentials"),
        (403, "InvalidToken", "new temporary credentials"),
        (403, "AccountProblem", "balance"),
        (403, "InvalidAuthorization", "secret id and key"),
        (403, "SignatureExpired", "clock"),
        (403, "SecretidNotExist", "secret id and key"),
        (403, "MediaBucketUnBinded", "bind Cloud Infinite"),
        (404, "QueueNotFound", "switch on"),
        (301, "", "region"),
        (451, "", "blocked"),
        (401, "", "secret id and key"),
        (407, "", "HTTPS_PROXY"),
    ],
)
@pytest.mark.parametrize("call", ["submission", "upload"])
def test_a_refusal_that_concerns_the_account_stops_the_run_and_fails_no_image(
    place, box, photos, tmp_path, status, code, said, call
):
    body = error_xml(Error(code, "no")) if code else HTML
    box.before = lambda method, path: (
        (status, {}, body) if (is_submission(method, path) if call == "submission" else method == "PUT") else None
    )
    ledger = tmp_path / "run.sqlite"
    begun = time.monotonic()
    with client(place, box.url) as opened:
        with pytest.raises(ocr.ServiceError, match=said):
            run(photos, opened, ledger=ledger, pace=ocr.Pace(threads=1, submissions=100))
        assert time.monotonic() - begun < 10
        left = set(states(ocr.to_frame(ledger)))
        assert left <= ({"Planned"} if code or call == "upload" else {"Planned", "Unknown"})
        box.before = lambda *_: None
        assert states(run(photos, opened, ledger=ledger)) == ["Success"] * 6
    assert accepted(place) == 6


def test_a_region_that_does_not_exist_is_an_error_within_seconds(place, photos):
    transport = CloudTransport("cards-1250000000", "ap-guangzou", Credentials("AKIDTEST", "key"), retries=1)
    begun = time.monotonic()
    with ocr.Client(transport) as opened, pytest.raises(ocr.TransportError, match="check the network, the region"):
        run(photos, opened)
    assert time.monotonic() - begun < 40
