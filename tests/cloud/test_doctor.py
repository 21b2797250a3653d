"""The doctor distinguishes each switch, permission and failure over real connections, and submits nothing."""

import itertools
from email.utils import formatdate

import pytest

from cardocr_nb.cloud import Credentials
from cardocr_nb.cloud._doctor import Finding, doctor, ready, render
from cardocr_nb.errors import CardOCRError, InvalidRequestError

NOW = 1_700_000_000
BUCKET = "cards-1250000000"
STEPS = ["credentials", "clock", "bucket", "Cloud Infinite", "AI recognition", "queue", "submit", "texts"]

HEAD, CI, AI, QUEUE = ("HEAD", "/"), ("GET", "/"), ("GET", "/ai_bucket"), ("GET", "/ai_queue")
JOBS = ("GET", "/jobs")


def reply(body=b"", status=200, date=NOW, **headers):
    return status, {"Date": None if date is None else formatdate(date, usegmt=True)} | headers, body


def error(code, status=403, message="", date=NOW):
    return reply(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(), status, date)


def queues(*states):
    nodes = "".join(f"<QueueList><QueueId>p{i}</QueueId><State>{s}</State></QueueList>" for i, s in enumerate(states))
    return reply(f"<Response><TotalCount>{len(states)}</TotalCount>{nodes}</Response>".encode())


def buckets(*names):
    nodes = "".join(f"<AiBucketList><BucketId>{n}</BucketId><Name>{n}</Name></AiBucketList>" for n in names)
    return reply(f"<Response><RequestId>r</RequestId>{nodes}</Response>".encode())


def jobs(*texts):
    """Successful jobs, each with one field at a place; None for a field without a text."""
    place = "<Location><Point>1,2</Point><Point>1,9</Point><Point>30,9</Point><Point>30,2</Point></Location>"
    nodes = "".join(
        "<JobsDetail><Code>Success</Code><State>Success</State><JobId>j</JobId><Tag>ImageLicenseRec</Tag><Operation>"
        f"<ImageLicenseRecResult><Status>1</Status><IdInfo><Name>姓名</Name>{place}"
        f"{'' if text is None else f'<DetectedText>{text}</DetectedText><Score>9</Score>'}</IdInfo>"
        "</ImageLicenseRecResult></Operation></JobsDetail>"
        for text in texts
    )
    return reply(f"<Response>{nodes}</Response>".encode())


FINE = {
    HEAD: reply(),
    CI: reply(b'{"CIStatus":"on"}'),
    AI: buckets(BUCKET),
    QUEUE: queues("Active"),
    JOBS: jobs("样本"),
}


@pytest.fixture
def check(service, connect):
    def run(changes=None, **options):
        service.routes = FINE | (changes or {})
        found = doctor(connect(service.url, retries=0, **options), now=lambda: NOW + 0.4)
        assert [f.step for f in found] == STEPS
        return {f.step: f for f in found}

    return run


def states(found):
    """States of what a submission needs."""
    return [found[step].state for step in STEPS[:-1]]


def test_where_all_is_switched_on_only_the_paid_step_stays_unknown(check):
    found = check()
    assert states(found) == ["ok"] * 6 + ["unknown"]
    assert ready(list(found.values()))
    assert [s for s in STEPS if found[s].advice] == ["submit"]
    assert "ci:CreateMediaJobs and cam:PassRole" in found["submit"].advice


@pytest.mark.parametrize(
    ("answer", "state", "detail"),
    [
        (jobs("样本", "样本"), "ok", "the last 2 recognized cards have texts"),
        (jobs("样本", None, None), "off", "2 of the last 3 recognized cards have places only, without texts"),
        (jobs(), "unknown", "no recognized card among the last jobs"),
        (error("AccessDenied"), "denied", "the service answered AccessDenied"),
        (error("SlowDown", 503), "unknown", "could not be asked: the service answered SlowDown"),
    ],
)
def test_places_without_texts_have_a_step_that_keeps_nothing_from_being_ready(check, answer, state, detail):
    found = check({JOBS: answer})
    assert (found["texts"].state, found["texts"].detail) == (state, detail)
    assert ready(list(found.values()))


def test_it_asks_five_free_questions_and_submits_nothing(check, service):
    check()
    assert [(s.method, s.target) for s in service.seen] == [
        ("HEAD", "/"),
        ("GET", "/"),
        ("GET", f"/ai_bucket?bucketNames={BUCKET}&pageNumber=1&pageSize=1"),
        ("GET", "/ai_queue?pageNumber=1&pageSize=10"),
        ("GET", "/jobs?tag=ImageLicenseRec&orderByTime=Desc&size=20&states=Success"),
    ]
    assert [s.headers["host"].removesuffix(".ap-guangzhou.myqcloud.com") for s in service.seen] == [
        f"{BUCKET}.cos",
        f"{BUCKET}.ci",
        "ci",
        f"{BUCKET}.ci",
        f"{BUCKET}.ci",
    ]
    assert all("authorization" in s.headers for s in service.seen)


@pytest.mark.parametrize(
    ("place", "step"), [(HEAD, "bucket"), (CI, "Cloud Infinite"), (AI, "AI recognition"), (QUEUE, "queue")]
)
def test_denied_off_and_not_asked_are_three_different_answers(check, place, step):
    answers = {
        "denied": error("AccessDenied", 403),
        "off": error("NoSuchBucket", 404),
        "unknown": error("InternalError", 500),
    }
    for state, (status, headers, body) in answers.items():
        found = check({place: (status, headers, b"" if place == HEAD else body)})
        assert found[step].state == state
        assert found[step].advice
        others = [s for s in STEPS[:-2] if s != step]
        assert [found[s].state for s in others] == ["ok"] * 5
        assert not ready(list(found.values()))


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (reply(b'{"CIStatus":"on"}'), "ok"),
        (reply(b"<CIStatus>on</CIStatus>"), "ok"),
        (reply(b'{"CIStatus":"off"}'), "off"),
        (reply(b"<CIStatus>off</CIStatus>"), "off"),
        (reply(b'{"CIStatus":"unbinding"}'), "unbinding"),
        (error("CIBucketUnbinded", 400), "off"),
        (reply(b"<html>proxy</html>"), "unknown"),
        (reply(b""), "unknown"),
        (reply(b"\xff\x00"), "unknown"),
    ],
)
def test_the_binding_is_read_from_both_forms(check, answer, state):
    found = check({CI: answer})
    assert found["Cloud Infinite"].state == state
    assert ready(list(found.values())) is (state == "ok")


def test_a_bucket_that_is_being_unbound_is_not_yet_off(check):
    found = check({CI: reply(b'{"CIStatus":"unbinding"}')})
    assert found["Cloud Infinite"].detail == "being unbound from the bucket; it is not off yet"
    assert found["submit"].state == "unknown"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (buckets(BUCKET), "ok"),
        (buckets("other-1250000000", BUCKET), "ok"),
        (buckets(), "off"),
        (buckets("other-1250000000", f"{BUCKET}0"), "off"),
        (error("NoSuchBucket", 404), "off"),
        (reply(b"<Response><AiBucketList>x</AiBucketList></Response>"), "unknown"),
    ],
)
def test_recognition_is_on_where_the_bucket_is_in_the_list(check, answer, state):
    assert check({AI: answer})["AI recognition"].state == state


@pytest.mark.parametrize(
    ("answer", "state", "detail"),
    [
        (queues("Active"), "ok", "1 of 1 active"),
        (queues("Paused", "Active"), "ok", "1 of 2 active"),
        (queues("Paused"), "off", "0 of 1 active: jobs are accepted and wait"),
        (queues(), "off", "there is none"),
        (error("AIBucketNotOpened", 400), "off", "the service answered AIBucketNotOpened"),
        (reply(b"{}"), "unknown", "the answer could not be read: expected Response at the root, got nothing"),
    ],
)
def test_one_active_queue_is_enough(check, answer, state, detail):
    finding = check({QUEUE: answer})["queue"]
    assert (finding.state, finding.detail) == (state, detail)


def test_what_is_off_keeps_a_submission_from_being_accepted(check):
    found = check({CI: reply(b'{"CIStatus":"off"}'), AI: buckets(), QUEUE: queues()})
    assert found["submit"] == Finding(
        "submit", "off", "fails or waits as long as this is off: Cloud Infinite, AI recognition, queue"
    )


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId"])
def test_refused_credentials_leave_the_other_steps_unasked(check, code):
    refusal = error(code)
    found = check({HEAD: reply(status=403), CI: refusal, AI: refusal, QUEUE: refusal})
    assert states(found) == ["denied", "ok", "unknown", "unknown", "unknown", "unknown", "denied"]
    assert found["credentials"].detail == (
        f"Credentials(secret_id='AKID****', secret_key='****', token=None): the service answered {code}"
    )
    assert "secret id and key" in found["credentials"].advice
    assert found["bucket"].detail == f"could not be asked: the service answered {code}"


def test_a_bare_403_to_head_is_no_proof_of_credentials(check):
    lost = reply(b"", 500)
    found = check({HEAD: reply(status=403), CI: lost, AI: lost, QUEUE: lost})
    assert found["credentials"].state == "unknown"
    assert found["bucket"].state == "denied"


def test_access_denied_shows_that_the_credentials_are_known(check):
    denied = error("AccessDenied")
    found = check({HEAD: reply(status=403), CI: denied, AI: denied, QUEUE: denied})
    assert states(found) == ["ok", "ok", "denied", "denied", "denied", "denied", "unknown"]
    actions = ["cos:HeadBucket", "ci:DescribeCIBuckets", "ci:DescribeAiProcessBucket", "ci:DescribeAiProcessQueues"]
    assert [a in found[s].advice for a, s in zip(actions, STEPS[2:6], strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("seconds", "state", "detail"),
    [
        (0, "ok", "0 s ahead of the service's"),
        (50, "ok", "50 s behind the service's"),
        (-50, "ok", "50 s ahead of the service's"),
        (61, "off", "61 s behind the service's"),
        (-3600, "off", "3600 s ahead of the service's"),
    ],
)
def test_the_clock_is_compared_with_the_services(check, seconds, state, detail):
    found = check(
        {place: (s, h | {"Date": formatdate(NOW + seconds, usegmt=True)}, b) for place, (s, h, b) in FINE.items()}
    )
    assert (found["clock"].state, found["clock"].detail) == (state, detail)
    assert bool(found["clock"].advice) is (state == "off")


@pytest.mark.parametrize(
    "refusal",
    [error("RequestTimeTooSkewed"), error("RequestIsExpired"), error("AccessDenied", message="Request has expired")],
)
def test_a_refusal_for_the_time_is_the_clocks_fault(check, refusal):
    found = check({HEAD: reply(status=403), CI: refusal, AI: refusal, QUEUE: refusal})
    assert states(found) == ["unknown", "off", "unknown", "unknown", "unknown", "unknown", "off"]
    assert "timedatectl" in found["clock"].advice


@pytest.mark.parametrize("date", [None, "yesterday", "", "Thu, 99 Foo 2020 00:00:00 GMT"])
def test_without_a_date_the_clock_is_unknown(check, date):
    found = check({place: (s, h | {"Date": date}, b) for place, (s, h, b) in FINE.items()})
    assert found["clock"].state == "unknown"


def test_without_any_answer_everything_is_unknown(closed_port, connect):
    found = doctor(connect(closed_port, retries=0))
    assert [f.state for f in found] == ["unknown"] * 8
    assert not ready(found)
    assert all(f.detail.endswith("myqcloud.com: Connection refused") for f in found[2:6])
    assert all(f.advice.startswith("Nothing was sent: check the network") for f in found[2:6])


def test_a_wrong_region_is_named_as_the_likely_cause(check):
    found = check({HEAD: reply(status=301)})
    assert (found["bucket"].state, found["bucket"].advice) == ("unknown", "Check the region.")


def test_a_code_in_a_header_is_read_where_there_is_no_body(check):
    found = check({HEAD: reply(status=404, **{"x-cos-error-code": "NoSuchBucket"})})
    assert found["bucket"].detail == "the service answered NoSuchBucket"


def test_credentials_that_cannot_be_had_are_off(check):
    found = check(credentials=lambda: None)
    assert states(found) == ["off", "unknown", "unknown", "unknown", "unknown", "unknown", "off"]
    assert "credentials must be Credentials" in found["credentials"].detail


def test_any_mixture_of_answers_gives_eight_findings_and_no_error(service, connect):
    transport = connect(service.url, retries=0, timeout=(5, 1))
    answers = [reply(b"<Response/>"), error("AccessDenied"), error("SlowDown", 503), "close", reply(b"\xff", 302)]
    for mixture in itertools.product(answers, repeat=3):
        service.routes = dict(zip((CI, AI, QUEUE), mixture, strict=True)) | {HEAD: reply()}
        try:
            found = doctor(transport, now=lambda: NOW)
        except CardOCRError as e:
            pytest.fail(f"{e!r} for {mixture}")
        assert [f.step for f in found] == STEPS


def test_the_table_shows_no_secret_and_what_to_do(check):
    who = Credentials("AKIDhiddenhiddenhidden", "hidden-key", "hidden-token")
    found = check(
        {CI: reply(b'{"CIStatus":"off"}'), AI: error("AccessDenied"), QUEUE: queues("Paused")}, credentials=who
    )
    shown = render(list(found.values()))
    assert "hidden" not in shown
    assert shown.splitlines()[1:4] == [
        "clock           ok      0 s ahead of the service's",
        f"bucket          ok      {BUCKET} is there",
        "Cloud Infinite  off     not bound to the bucket",
    ]
    advice = shown.partition("\n\nWhat to do\n")[2].splitlines()
    assert [line.partition(":")[0] for line in advice] == ["- Cloud Infinite", "- AI recognition", "- queue"]


def test_nothing_found_renders_as_nothing():
    assert render([]) == ""
    assert render([Finding("queue", "ok", "1 of 1 active")]) == "queue  ok  1 of 1 active"


@pytest.mark.parametrize("wrong", ["cards-1250000000", object()])
def test_what_is_no_transport_is_named(wrong):
    with pytest.raises(InvalidRequestError, match=f"doctor looks at a CloudTransport, got {type(wrong).__name__}"):
        doctor(wrong)
