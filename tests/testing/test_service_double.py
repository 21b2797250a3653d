"""The service for tests of other programs: driven by plain requests and by the vendor's SDKs, unchanged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from qcloud_cos import CosConfig, CosServiceError
from qcloud_cos.ai_recognition import AIRecognitionClient

from cardocr_nb.errors import InvalidRequestError, ServiceError
from cardocr_nb.testing import CardOCRService, UnusedReadingWarning
from cardocr_nb.wire import Field

sys.path.append(str(Path(__file__).parents[1] / "witness"))
from sdks import require_sdk

NODE = """
const { sdk, url, bucket, region, secret_id, secret_key } = JSON.parse(process.argv[2]);
const COS = require(sdk);
const cos = new COS({ SecretId: secret_id, SecretKey: secret_key, Protocol: 'http:', Proxy: url });
const at = { Bucket: bucket, Region: region };
const Url = `http://${bucket}.ci.${region}.myqcloud.com/jobs`;
const Body = '<Request><Tag>ImageLicenseRec</Tag><Input><Object>front/1.jpg</Object></Input><Operation>'
  + '<ImageLicenseRec><CardType>IDCard</CardType></ImageLicenseRec></Operation></Request>';
(async () => {
  const call = (Method, path, more) => cos.request({ ...at, Method, Url: Url + path, Key: `jobs${path}`, ...more });
  const made = await call('POST', '', { Body, ContentType: 'application/xml' });
  let job;
  do {
    job = (await call('GET', `/${made.Response.JobsDetail.JobId}`)).Response.JobsDetail;
  } while (['Submitted', 'Running'].includes(job.State));
  console.log(JSON.stringify(job.Operation.ImageLicenseRecResult.IdInfo));
})().catch((error) => { console.error(JSON.stringify(error)); process.exit(1); });
"""


def request_xml(key, card_type="IDCard"):
    return (
        f"<Request><Tag>ImageLicenseRec</Tag><Input><Object>{key}</Object></Input><Operation><ImageLicenseRec>"
        f"<CardType>{card_type}</CardType></ImageLicenseRec></Operation></Request>"
    )


@pytest.fixture
def http(cardocr_service):
    with requests.Session() as session:
        session.trust_env = False
        session.auth = cardocr_service.auth()
        yield session


@pytest.fixture
def submit(cardocr_service, http):
    def submit(key):
        return http.post(f"{cardocr_service.url}/jobs", data=request_xml(key), headers={"Content-Type": "text/xml"})

    return submit


@pytest.fixture
def sdk(cardocr_service):
    with requests.Session() as session:
        session.trust_env = False
        yield AIRecognitionClient(CosConfig(**cardocr_service.cos_config()), retry=0, session=session)


def test_plain_requests_get_the_reading_that_was_set(cardocr_service, http, submit):
    cardocr_service.add_photo("front/1.jpg")
    cardocr_service.set_reading("front/*.jpg", {"name": "样本", "id_number": "990101197412010014"})
    assert submit("front/1.jpg").status_code == 200
    cardocr_service.wait()
    listed = http.get(f"{cardocr_service.url}/jobs", params={"tag": "ImageLicenseRec"})
    assert "<DetectedText>样本</DetectedText>" in listed.content.decode()
    assert [f.label for f in cardocr_service.jobs[0].fields] == ["姓名", "公民身份号码"]
    cardocr_service.assert_paid_once("front/1.jpg")
    cardocr_service.assert_no_call_refused()


def test_the_vendors_python_sdk_uploads_submits_and_reads(cardocr_service, sdk):
    cardocr_service.set_reading("*", [Field("姓名", "样本", 61, ((1, 2), (1, 9), (8, 9), (8, 2)))])
    photo = cardocr_service.add_photo("blank.jpg").read_bytes()
    sdk.put_object(Bucket=cardocr_service.bucket, Key="up.jpg", Body=photo)
    jobs = {
        "Tag": "ImageLicenseRec",
        "Input": {"Object": "up.jpg"},
        "Operation": {"ImageLicenseRec": {"CardType": "IDCard"}},
    }
    (made,) = sdk.ci_create_media_jobs(Bucket=cardocr_service.bucket, Jobs=jobs)["JobsDetail"]
    cardocr_service.wait()
    (job,) = sdk.ci_get_media_jobs(Bucket=cardocr_service.bucket, JobIDs=made["JobId"])["JobsDetail"]
    field = job["Operation"]["ImageLicenseRecResult"]["IdInfo"]
    assert (field["DetectedText"], field["Score"]) == ("样本", "61")
    cardocr_service.assert_paid_once("up.jpg")


def test_the_vendors_node_sdk_reads_what_was_set(cardocr_service, tmp_path):
    sdk = require_sdk("cos-nodejs-sdk-v5")
    (tmp_path / "script.js").write_text(NODE, encoding="utf-8")
    cardocr_service.add_photo("front/1.jpg")
    cardocr_service.set_reading("front/1.jpg", {"name": "样本", "gender": "女"})
    options = json.dumps({"sdk": str(sdk)} | cardocr_service.settings)
    command = ["node", str(tmp_path / "script.js"), options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - node is what is tested
    assert done.returncode == 0, done.stderr
    assert [field["DetectedText"] for field in json.loads(done.stdout)] == ["样本", "女"]
    cardocr_service.assert_paid_once("front/1.jpg")


def test_a_job_whose_reply_was_lost_is_paid_and_a_second_submission_is_found(cardocr_service, submit):
    cardocr_service.add_photo("a.jpg")
    cardocr_service.inject("drop-after")
    with pytest.raises(requests.ConnectionError):
        submit("a.jpg")
    cardocr_service.assert_paid_once("a.jpg")
    submit("a.jpg")
    with pytest.raises(AssertionError, match=r"'a\.jpg' 2 times"):
        cardocr_service.assert_paid_once("a.jpg")


def test_a_submission_that_was_cut_before_it_arrived_is_not_paid(cardocr_service, submit):
    cardocr_service.inject("drop-before")
    with pytest.raises(requests.ConnectionError):
        submit("a.jpg")
    cardocr_service.assert_not_paid()
    assert [call.status for call in cardocr_service.calls] == [None]


def test_a_program_that_paid_for_nothing_did_not_pay_once(cardocr_service):
    with pytest.raises(AssertionError, match="no object was paid for"):
        cardocr_service.assert_paid_once()
    with pytest.raises(AssertionError, match=r"'a\.jpg' 0 times"):
        cardocr_service.assert_paid_once("a.jpg")


def test_a_synchronous_recognition_is_paid_too(cardocr_service, http, submit):
    cardocr_service.add_photo("a.jpg")
    query = {"ci-process": "AILicenseRec", "CardType": "IDCard"}
    assert http.get(f"{cardocr_service.url}/a.jpg", params=query).status_code == 200
    assert [(call.key, call.card_type, call.job_id) for call in cardocr_service.paid] == [("a.jpg", "IDCard", None)]
    submit("a.jpg")
    with pytest.raises(AssertionError, match="2 times"):
        cardocr_service.assert_paid_once()
    with pytest.raises(AssertionError, match=r"'a\.jpg'"):
        cardocr_service.assert_not_paid("a.jpg")
    cardocr_service.assert_not_paid("b.jpg")


def test_the_next_calls_are_throttled_and_then_no_more(cardocr_service, submit):
    cardocr_service.add_photo("a.jpg")
    cardocr_service.inject("throttle", times=2)
    statuses = [submit("a.jpg").status_code for _ in range(3)]
    assert set(statuses[:2]) <= {429, 503}
    assert statuses[2] == 200
    cardocr_service.assert_no_call_refused()
    cardocr_service.assert_paid_once("a.jpg")


def test_a_rate_of_failures_can_be_set_and_taken_back(cardocr_service, submit):
    cardocr_service.set_rates({"throttle": 1.0})
    assert submit("a.jpg").status_code in (429, 503)
    cardocr_service.set_rates({})
    assert submit("a.jpg").status_code == 200
    with pytest.raises(InvalidRequestError, match="the rate of throttle must be 0 to 1"):
        cardocr_service.set_rates({"throttle": 2.0})
    with pytest.raises(InvalidRequestError, match="a fault must be throttle"):
        cardocr_service.inject("fire")
    for times in (0, "2", 1.5):
        with pytest.raises(InvalidRequestError, match="once or more, got times="):
            cardocr_service.inject("fail", times=times)


@pytest.mark.cardocr_service(queue_limit=2)
def test_the_third_waiting_job_is_refused_while_the_queue_is_paused(cardocr_service, submit):
    for n in range(3):
        cardocr_service.add_photo(f"{n}.jpg")
    cardocr_service.pause()
    assert [submit(f"{n}.jpg").status_code for n in range(3)] == [200, 200, 503]
    with pytest.raises(AssertionError, match="2 jobs have not ended"):
        cardocr_service.wait(timeout=0.02)
    cardocr_service.resume()
    cardocr_service.wait()
    assert [job.state for job in cardocr_service.jobs] == ["Success", "Success"]
    assert [call.code for call in cardocr_service.calls] == ["", "", "SlowDown"]


def test_a_failure_and_an_empty_card_are_outcomes(cardocr_service, submit):
    for key in ("bad.jpg", "empty.jpg"):
        cardocr_service.add_photo(key)
        submit(key)
    cardocr_service.set_failure("bad.jpg", "ImageTooDark", "too dark")
    cardocr_service.set_reading("empty.jpg", {})
    for key in ("bad.jpg", "empty.jpg"):
        submit(key)
    cardocr_service.wait()
    bad, empty = cardocr_service.jobs[2:]
    assert (bad.state, bad.code, bad.message) == ("Failed", "ImageTooDark", "too dark")
    assert (empty.state, empty.result.status, empty.fields) == ("Success", 0, ())


def test_saved_responses_are_replayed(cardocr_service, submit, data):
    keys = cardocr_service.replay(data / "responses/id_card_english.xml", data / "responses/failed.xml")
    assert len(keys) == 2
    for key in keys:
        cardocr_service.add_photo(key)
        submit(key)
    cardocr_service.wait()
    whole, failed = cardocr_service.jobs
    assert whole.fields[0].label == "Name"
    assert failed.state == "Failed"


def test_a_wrong_signature_is_a_refused_call(cardocr_service, http):
    http.auth = None
    assert http.get(f"{cardocr_service.url}/jobs", params={"tag": "ImageLicenseRec"}).status_code == 403
    with pytest.raises(AssertionError, match="GET /jobs: 403"):
        cardocr_service.assert_no_call_refused()


def test_a_job_for_an_object_that_does_not_exist_is_a_wrong_call(cardocr_service, submit):
    cardocr_service.add_photo("there.jpg")
    submit("there.jpg")
    submit("nowhere.jpg")
    cardocr_service.wait()
    with pytest.raises(AssertionError, match=r"1 jobs are for objects that the bucket does not have: 'nowhere\.jpg'"):
        cardocr_service.assert_no_call_refused()


def test_a_missing_object_that_the_test_asked_for_is_no_wrong_call(cardocr_service, submit):
    cardocr_service.add_photo("gone.jpg")
    cardocr_service.set_failure("gone*", "NoSuchKey", "gone")
    submit("gone.jpg")
    cardocr_service.wait()
    assert cardocr_service.jobs[0].code == "NoSuchKey"
    cardocr_service.assert_no_call_refused()


def test_a_file_to_replay_that_does_not_exist_is_named(cardocr_service, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file '.*nope\.xml' \(its folder exists\)"):
        cardocr_service.replay(tmp_path / "nope.xml")
    with pytest.raises(FileNotFoundError, match="it is a folder"):
        cardocr_service.replay(tmp_path)


def test_a_run_of_this_package_under_failures_pays_once(cardocr_service, tmp_path):
    import cardocr_nb as ocr

    for n in range(6):
        (tmp_path / f"{n}.jpg").write_bytes(cardocr_service.add_photo("x.jpg").read_bytes() + bytes([n]))
    cardocr_service.set_rates({"drop-after": 0.3, "throttle": 0.1})
    with cardocr_service.client() as client:
        cards = ocr.run(tmp_path, card_type="IDCard", client=client, listing_delay=0.05, unknown="hold", progress=False)
    assert cards["key"].nunique() == 6
    cardocr_service.assert_paid_once()


def test_a_closed_service_no_longer_answers_and_can_be_closed_again(tmp_path):
    service = CardOCRService(tmp_path)
    service.close()
    service.close()
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.ConnectionError):
            session.get(service.url)


@pytest.mark.filterwarnings("ignore::cardocr_nb.testing.UnusedReadingWarning")
def test_the_repr_shows_no_secret_and_no_text(cardocr_service):
    cardocr_service.set_reading("a.jpg", {"name": "样本"})
    assert cardocr_service.secret_key not in repr(cardocr_service)
    assert "样本" not in repr(cardocr_service)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"bucket": "Cards"}, "<name>-<appid>"),
        ({"engine": "magic"}, "stub or rapidocr"),
        ({"queue_limit": 0}, "queue_limit"),
        ({"workers": 0}, "workers"),
        ({"latency": -1.0}, "latency"),
        ({"faults": {"fire": 1.0}}, "a fault must be"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, named):
    with pytest.raises(InvalidRequestError, match=named):
        CardOCRService(tmp_path, **options)


def test_a_reading_with_a_name_that_is_no_field_is_refused_without_its_text(cardocr_service):
    with pytest.raises(InvalidRequestError) as caught:
        cardocr_service.set_reading("a.jpg", {"nmae": "样本"})
    assert "样本" not in str(caught.value)


def test_errors_reach_the_sdk_in_the_vendors_words(cardocr_service, sdk):
    with pytest.raises(CosServiceError) as caught:
        sdk.get_object(Bucket=cardocr_service.bucket, Key="missing.jpg")
    assert caught.value.get_error_code() == "NoSuchKey"
    with cardocr_service.client() as client, pytest.raises(ServiceError):
        client.recognize("missing.jpg", card_type="IDCard")


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ("样本", "got str"),
        (None, "got NoneType"),
        (7, "got int"),
        (Field("姓名", "样本"), "put it into a list"),
        ([{"name": "样本"}], "must be a cardocr_nb.Field, got dict"),
        ({"name": 7}, "text of name must be a text .* got int"),
        ({"name": ""}, "got an empty one"),
        ({"name": "样\x00本"}, "without control characters"),
        ([Field("", "样本")], "label must be a text"),
        ([Field("姓名", "样本", 101)], "score must be a whole number from 0 to 100 or None, got 101"),
        ([Field("姓名", "样本", 0.5)], "score must be a whole number"),
        ([Field("姓名", "样本", 90, ((0, 0), (1, 1)))], "four points"),
        ([Field("姓名", "样本", 90, ((0, 0), (0, 9), (9, 9), (9, "0")))], "four points"),
    ],
)
def test_a_reading_that_the_service_cannot_give_is_refused_when_it_is_set(cardocr_service, reading, said):
    with pytest.raises((InvalidRequestError, TypeError), match=said) as refused:
        cardocr_service.set_reading("a.jpg", reading)
    assert "样" not in str(refused.value)


@pytest.mark.parametrize("key", ["", None, 3])
def test_a_key_that_is_no_text_is_refused(cardocr_service, key):
    with pytest.raises((InvalidRequestError, TypeError), match="key"):
        cardocr_service.set_reading(key, {})


@pytest.mark.parametrize("code", ["", "no card", "<Code>", 7])
def test_a_code_that_is_no_word_is_refused(cardocr_service, code):
    with pytest.raises(InvalidRequestError, match="code must be a word"):
        cardocr_service.set_failure("a.jpg", code)


def test_a_key_with_signs_of_patterns_is_equal_to_itself(cardocr_service, submit):
    cardocr_service.set_reading("*", {})
    for key in ("scan [1].jpg", "a*b?.jpg"):
        cardocr_service.add_photo(key)
        cardocr_service.set_reading(key, {"name": "样本"})
        submit(key)
    cardocr_service.wait()
    assert [len(job.fields) for job in cardocr_service.jobs] == [1, 1]


def test_a_text_of_none_is_a_place_without_a_text(cardocr_service):
    cardocr_service.add_photo("a.jpg")
    cardocr_service.set_reading("a.jpg", {"name": None, "gender": "女"})
    with cardocr_service.client() as client:
        name, gender = client.recognize("a.jpg", card_type="IDCard").fields
    assert (name.text, name.score, name.polygon is None) == (None, None, False)
    assert gender.text == "女"


def test_assertions_name_the_keys_that_were_paid_for_and_the_jobs_that_are_open(cardocr_service, submit):
    cardocr_service.add_photo("front/1.jpg")
    submit("front/1.jpg")
    cardocr_service.wait()
    with pytest.raises(AssertionError, match=r"got '1.jpg' 0 times; paid for once: 'front/1.jpg'"):
        cardocr_service.assert_paid_once("1.jpg")
    cardocr_service.pause()
    submit("front/1.jpg")
    with pytest.raises(AssertionError, match=r"1 of 2 jobs have not ended after 0 s \('front/1.jpg' is Submitted\)"):
        cardocr_service.wait(0)
    cardocr_service.resume()


def read(service, *keys):
    with service.client() as client:
        for key in keys:
            service.add_photo(key)
            client.wait(client.submit(key, card_type="IDCard"))


def test_what_was_set_for_no_object_that_was_read_is_a_warning_with_the_pattern(tmp_path):
    service = CardOCRService(tmp_path)
    service.set_reading("front/*.png", {"name": "样本"})
    service.set_failure("bakc/1.jpg", "ImageTooDark")
    service.set_reading("front/2.jpg", {"name": "样本"})
    read(service, "front/1.jpg", "front/2.jpg")
    with pytest.warns(UnusedReadingWarning) as found:
        service.close()
    assert str(found[0].message) == (
        "no object that was read matches 'front/*.png', 'bakc/1.jpg', for which a reading or failure was set; "
        "these were read and got invented readings: 'front/1.jpg'"
    )
    service.close()


def test_a_pattern_that_a_later_one_replaced_was_matched(tmp_path):
    with CardOCRService(tmp_path) as service:
        service.set_reading("1.jpg", {"name": "样本"})
        service.set_failure("*", "ImageTooDark")
        read(service, "1.jpg")


def test_recordings_need_not_be_used(tmp_path, data):
    with CardOCRService(tmp_path) as service:
        assert service.replay(data / "responses/failed.xml")


def test_an_error_of_the_test_is_not_followed_by_a_warning(tmp_path):
    service = CardOCRService(tmp_path)
    service.set_reading("1.jpg", {})
    service.__exit__(KeyError, KeyError(), None)


@pytest.mark.parametrize(
    ("option", "near"),
    [("queue_limt", "queue_limit"), ("fault", "faults"), ("worker", "workers"), ("latncy", "latency")],
)
def test_a_misspelled_option_names_the_nearest(tmp_path, option, near):
    with pytest.raises(TypeError, match=rf"CardOCRService\(\) has no argument .{option}.; did you mean '{near}'"):
        CardOCRService(tmp_path, **{option: 1})


def test_a_shared_service_starts_again(tmp_path):
    with CardOCRService(tmp_path, faults={"slow": 0.0}) as service, service.client() as client:
        service.add_photo("a.jpg")
        service.set_reading("a.jpg", {"name": "样本"})
        first = client.wait(client.submit("a.jpg", card_type="IDCard"))
        service.inject("fail")
        service.set_rates({"fail": 1.0})
        service.pause()
        service.reset()
        assert (service.paid, service.jobs, service.calls) == ([], [], [])
        assert client.describe([first.id])[0].fields == first.fields
        service.set_reading("*", {"name": "样二"})
        again = client.wait(client.submit("a.jpg", card_type="IDCard"))
        assert [field.text for field in again.fields] == ["样二"]
        service.assert_paid_once("a.jpg")
        service.assert_no_call_refused()


def test_a_shared_service_warns_of_what_a_test_set_in_vain(tmp_path):
    with CardOCRService(tmp_path) as service:
        service.set_reading("fornt/*", {"name": "样本"})
        with pytest.warns(UnusedReadingWarning, match="fornt") as warned:
            service.reset()
        service.reset()
    assert [Path(one.filename).name for one in warned] == ["test_service_double.py"]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_photo_is_taken_from_a_file(cardocr_service, data, kind):
    photo = next((data / "cards").rglob("*.jpg"))
    assert cardocr_service.add_photo("a.jpg", kind(photo)).read_bytes() == photo.read_bytes()
    with pytest.raises(FileNotFoundError, match="add_photo takes bytes or a file"):
        cardocr_service.add_photo("b.jpg", kind("no-such.jpg"))


@pytest.mark.parametrize("ask", ["assert_paid_once", "assert_not_paid"])
@pytest.mark.parametrize("keys", [["a.jpg"], ("a.jpg",), {"a.jpg"}, Path("a.jpg"), None])
def test_keys_in_a_list_are_an_error_with_the_remedy(cardocr_service, ask, keys):
    with pytest.raises(InvalidRequestError, match=r"one an argument, got \w+; write \*keys for a list"):
        getattr(cardocr_service, ask)(keys)


def test_a_reading_is_set_by_labels_too_and_later_changes_of_the_mapping_do_not_count(cardocr_service, submit):
    reading = {"姓名": "样本", "id_number": None}
    cardocr_service.set_reading("a.jpg", reading)
    reading["姓名"] = "另一"
    cardocr_service.add_photo("a.jpg")
    submit("a.jpg")
    cardocr_service.wait()
    assert [(field.label, field.text) for field in cardocr_service.jobs[0].fields] == [
        ("姓名", "样本"),
        ("公民身份号码", None),
    ]


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"nam": "样本"}, "did you mean 'name'"),
        ({"血型": "样本"}, "got a str of 2 characters; give Field objects for other labels"),
        ({"name": "样本", "姓名": "样本"}, "the reading has name twice"),
    ],
)
def test_a_reading_with_a_wrong_name_is_refused(cardocr_service, reading, said):
    with pytest.raises(InvalidRequestError, match=said):
        cardocr_service.set_reading("a.jpg", reading)


def test_the_text_of_a_saved_response_is_replayed(cardocr_service, data):
    saved = (data / "responses/failed.xml").read_text(encoding="utf-8")
    assert cardocr_service.replay(f"\n{saved}") == cardocr_service.replay(data / "responses/failed.xml")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": "2"}, "workers must be a whole number of at least 1, got a str of 1 characters"),
        ({"queue_limit": 1.5}, "queue_limit must be a whole number of at least 1, got 1.5"),
        ({"latency": "1"}, "latency must be a number of at least 0"),
        ({"faults": {"throttle": 2}}, "the rate of throttle must be 0 to 1, got 2$"),
        ({"faults": {"throtle": 0.1}}, "a fault must be .*did you mean 'throttle'"),
        ({"faults": {"throttle": "often"}}, "the rate of throttle must be 0 to 1, got a str of 5 characters"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_takes(tmp_path, options, said):
    with pytest.raises(InvalidRequestError, match=said):
        CardOCRService(tmp_path, **options)


def test_httpx_signs_its_calls_with_the_same_object(cardocr_service):
    import httpx

    cardocr_service.add_photo("夏 a.jpg")
    with httpx.Client(base_url=cardocr_service.url, auth=cardocr_service.auth(), trust_env=False) as http:
        answer = http.post("/jobs", content=request_xml("夏 a.jpg"), headers={"Content-Type": "application/xml"})
        assert answer.status_code == 200
        assert http.get("/jobs", params={"tag": "ImageLicenseRec", "size": 10}).status_code == 200
    cardocr_service.wait()
    cardocr_service.assert_paid_once("夏 a.jpg")
    cardocr_service.assert_no_call_refused()


def test_a_reading_has_no_fields_of_another_type_of_card(cardocr_service, submit):
    cardocr_service.set_reading("*", {"name": "样本", "licence_number": "990101197412010014"})
    cardocr_service.add_photo("a.jpg")
    submit("a.jpg")
    cardocr_service.wait()
    assert [field.label for field in cardocr_service.jobs[0].fields] == ["姓名"]
