"""The vendor's own Python SDK, unchanged, works with the embedded server as with the cloud."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
import requests
from qcloud_cos import CosConfig, CosServiceError
from qcloud_cos.ai_recognition import AIRecognitionClient
from serving import REGION, SECRET_ID, SECRET_KEY

KEYS = [
    "plain.jpg",
    "folder/deep/a.jpg",
    "with space.jpg",
    "身份证/正面 (1).jpg",
    "a+b.jpg",
    "100%.jpg",
    "%2B.jpg",
    "~_-.!*'().jpg",
    "?query#hash&x=y.jpg",
]


@pytest.fixture(params=["the vendor's names in Host", "IP and Port"])
def sdk(server, request):
    """The SDK as a client of its own; with the first way it takes the server for a proxy to the vendor's hosts."""
    way = (
        {"Proxies": {"http": server.url}}
        if request.param.startswith("the")
        else {"IP": "127.0.0.1", "Port": server.port}
    )
    with requests.Session() as session:
        session.trust_env = False
        yield connected(session, way)


def connected(session, way, secret_key=SECRET_KEY):
    config = CosConfig(Region=REGION, SecretId=SECRET_ID, SecretKey=secret_key, Scheme="http", **way)
    return AIRecognitionClient(config, session=session)


def request_for(key, card_type="IDCard", **more):
    return {
        "Tag": "ImageLicenseRec",
        "Input": {"Object": key},
        "Operation": {"ImageLicenseRec": {"CardType": card_type}, "UserData": "mine", "JobLevel": "1"},
        **more,
    }


def submitted(sdk, bucket, key, card_type="IDCard", **more):
    return sdk.ci_create_media_jobs(Bucket=bucket, Jobs=request_for(key, card_type, **more))["JobsDetail"][0]


def ended(sdk, bucket, *ids):
    while True:
        jobs = sdk.ci_get_media_jobs(Bucket=bucket, JobIDs=",".join(ids))["JobsDetail"]
        if all(job["State"] not in ("Submitted", "Running") for job in jobs):
            return jobs


def refused(call, *arguments, **named):
    with pytest.raises(CosServiceError) as caught:
        call(*arguments, **named)
    return caught.value.get_status_code(), caught.value.get_error_code()


@pytest.mark.parametrize("key", KEYS)
def test_an_object_of_any_name_is_uploaded_described_downloaded_listed_and_deleted(sdk, bucket, key):
    content = key.encode() * 1000
    digest = f'"{hashlib.md5(content).hexdigest()}"'  # noqa: S324 - the wire's
    assert sdk.put_object(Bucket=bucket, Key=key, Body=content, EnableMD5=True)["ETag"] == digest
    head = sdk.head_object(Bucket=bucket, Key=key)
    assert (head["ETag"], head["Content-Length"], head["Content-Type"]) == (digest, str(len(content)), "image/jpeg")
    assert sdk.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read() == content
    assert [entry["Key"] for entry in sdk.list_objects(Bucket=bucket)["Contents"]] == [key]
    sdk.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in sdk.list_objects(Bucket=bucket)
    assert refused(sdk.head_object, Bucket=bucket, Key=key)[0] == 404


def test_a_file_is_streamed_up_and_a_part_of_it_down(sdk, bucket, tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 20_000)
    with (tmp_path / "a.bin").open("rb") as file:
        sdk.put_object(Bucket=bucket, Key="a.bin", Body=file)
    part = sdk.get_object(Bucket=bucket, Key="a.bin", Range="bytes=255-258")
    assert part["Content-Range"] == "bytes 255-258/5120000"
    assert part["Body"].get_raw_stream().read() == bytes([255, 0, 1, 2])


def test_a_list_is_paged_and_folded_at_the_delimiter(sdk, bucket):
    for key in ("a.jpg", "样本 1/a.jpg", "样本 1/b.jpg", "样本 2/a.jpg", "z.jpg"):
        sdk.put_object(Bucket=bucket, Key=key, Body=b"x")
    seen, marker = [], ""
    while True:
        page = sdk.list_objects(Bucket=bucket, Delimiter="/", Marker=marker, MaxKeys=1)
        seen += [entry["Key"] for entry in page.get("Contents", [])]
        seen += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert seen == ["a.jpg", "z.jpg", "样本 1/", "样本 2/"]
    inside = sdk.list_objects(Bucket=bucket, Prefix="样本 1/")
    assert [entry["Key"] for entry in inside["Contents"]] == ["样本 1/a.jpg", "样本 1/b.jpg"]


@pytest.mark.parametrize(("card_type", "fields"), [("IDCard", 6), ("DriverLicense", 10)])
def test_a_job_of_either_card_type_is_made_and_ends_with_its_fields(sdk, bucket, server, photo, card_type, fields):
    photo(server.root / bucket / "身份证 1+%.jpg")
    job = submitted(sdk, bucket, "身份证 1+%.jpg", card_type)
    assert (job["State"], job["Tag"], job["Input"]["BucketId"]) == ("Submitted", "ImageLicenseRec", bucket)
    (done,) = ended(sdk, bucket, job["JobId"])
    result = done["Operation"]["ImageLicenseRecResult"]
    assert (done["State"], result["Status"], len(result["IdInfo"])) == ("Success", "1", fields)
    assert (done["Operation"]["UserData"], done["Operation"]["JobLevel"]) == ("mine", "1")
    assert result["InputObjectUrl"] == f"{server.url}/{bucket}/{quote('身份证 1+%.jpg')}"


def test_several_jobs_are_described_at_once_with_the_ids_that_are_unknown(sdk, bucket):
    ids = [submitted(sdk, bucket, f"{n}.jpg")["JobId"] for n in range(3)]
    unknown = "a" + "0" * 32
    answer = sdk.ci_get_media_jobs(Bucket=bucket, JobIDs=",".join([*ids, unknown]))
    assert [job["JobId"] for job in answer["JobsDetail"]] == ids
    assert answer["NonExistJobIds"] == unknown


def test_jobs_are_listed_in_pages_and_filtered(sdk, bucket, server, photo):
    photo(server.root / bucket / "a.jpg")
    ids = [submitted(sdk, bucket, key)["JobId"] for key in ("a.jpg", "missing.jpg", "a.jpg", "a.jpg")]
    ended(sdk, bucket, *ids)
    seen, token = [], ""
    while token is not None:
        page = sdk.ci_list_media_jobs(Bucket=bucket, Tag="ImageLicenseRec", Size=3, OrderByTime="Asc", NextToken=token)
        seen += [job["JobId"] for job in page["JobsDetail"]]
        token = page.get("NextToken")
    assert seen == ids
    failed = sdk.ci_list_media_jobs(Bucket=bucket, Tag="ImageLicenseRec", States="Failed,Cancel")
    assert [job["JobId"] for job in failed["JobsDetail"]] == [ids[1]]
    late = sdk.ci_list_media_jobs(Bucket=bucket, Tag="ImageLicenseRec", StartCreationTime="2999-01-01T00:00:00+0800")
    assert "JobsDetail" not in late


def test_a_queue_is_seen_paused_and_its_job_cancelled(sdk, bucket):
    (queue,) = sdk.ci_get_ai_queue(Bucket=bucket)["QueueList"]
    assert (queue["State"], queue["Category"]) == ("Active", "AIProcess")
    notify = {"State": "Off", "Event": "TaskFinish"}
    update = {"Name": "mine", "State": "Paused", "NotifyConfig": notify}
    changed = sdk.ci_update_ai_queue(Bucket=bucket, QueueId=queue["QueueId"], Request=update)["Queue"][0]
    assert (changed["Name"], changed["State"]) == ("mine", "Paused")
    job = submitted(sdk, bucket, "a.jpg")
    assert (job["QueueId"], job["State"]) == (queue["QueueId"], "Submitted")
    sdk.ci_cancel_jobs(Bucket=bucket, JobID=job["JobId"])
    assert ended(sdk, bucket, job["JobId"])[0]["State"] == "Cancel"
    assert sdk.ci_get_ai_queue(Bucket=bucket, State="Active")["TotalCount"] == "0"


def test_buckets_with_recognition_are_listed_on_the_regions_host(sdk, bucket, server):
    answer = sdk.ci_get_ai_bucket(BucketNames=bucket, PageNumber="1", PageSize="1")
    assert (answer["TotalCount"], answer["AiBucketList"]["BucketId"]) == ("1", bucket)
    assert sdk.ci_get_ai_bucket(BucketNames="another-1")["TotalCount"] == "0"


def test_recognition_answers_at_once(sdk, bucket, server, photo):
    key = "目录/a b+%.jpg"
    photo(server.root / bucket / key)
    for card_type, fields in (("IDCard", 6), ("DriverLicense", 10)):
        headers, answer = sdk.cos_ai_license_rec(Bucket=bucket, CardType=card_type, ObjectKey=key)
        assert (answer["Status"], len(answer["IdInfo"])) == ("1", fields)
        assert headers["x-cos-request-id"]
    missing = refused(sdk.cos_ai_license_rec, Bucket=bucket, CardType="IDCard", ObjectKey="b.jpg")
    assert missing == (404, "NoSuchKey")


@pytest.mark.parametrize("encodings", [0, 1, 2])
def test_recognition_of_an_address_on_this_machine(sdk, bucket, tmp_path, photo, encodings):
    content = photo(tmp_path / "a.jpg").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as pictures:
        thread = threading.Thread(target=pictures.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{pictures.server_port}/a.jpg"
        for _ in range(encodings):
            address = quote(address, safe="")
        _, answer = sdk.cos_ai_license_rec(Bucket=bucket, CardType="IDCard", DetectUrl=address)
        pictures.shutdown()
        thread.join()
    assert len(answer["IdInfo"]) == 6


def test_an_address_elsewhere_is_refused(sdk, bucket):
    refusal = refused(
        sdk.cos_ai_license_rec, Bucket=bucket, CardType="IDCard", DetectUrl="http://192.0.2.1/latest/meta-data"
    )
    assert refusal == (400, "InvalidArgument")


def test_a_bucket_is_made_once(sdk, server, request):
    name = f"made-{abs(hash(request.node.nodeid)) % 10**10}"
    sdk.create_bucket(Bucket=name)
    assert (server.root / name).is_dir()
    assert sdk.head_bucket(Bucket=name)["x-cos-request-id"]
    assert refused(sdk.create_bucket, Bucket=name) == (409, "BucketAlreadyOwnedByYou")
    assert refused(sdk.list_objects, Bucket="missing-1") == (404, "NoSuchBucket")
    assert refused(sdk.put_object, Bucket="missing-1", Key="a", Body=b"x") == (404, "NoSuchBucket")


def test_an_invalid_job_is_refused_with_the_vendors_code(sdk, bucket):
    def code(job):
        return refused(sdk.ci_create_media_jobs, Bucket=bucket, Jobs=job)

    assert code(request_for("a.jpg", "Passport")) == (400, "InvalidArgument")
    assert code(request_for("../a.jpg")) == (400, "InvalidArgument")
    assert code(request_for("a.jpg", Tag="Transcode")) == (400, "MalformedXML")
    assert code(request_for("a.jpg", CallBack="http://192.0.2.1/")) == (400, "InvalidArgument")


def test_a_wrong_key_is_refused(server, bucket):
    with requests.Session() as session:
        sdk = connected(session, {"IP": "127.0.0.1", "Port": server.port}, secret_key="another")  # noqa: S106 - invented
        assert refused(sdk.list_objects, Bucket=bucket) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("way", ["the vendor's names in Host", "IP and Port"])
def test_an_address_signed_beforehand_works_in_any_client(serve, tmp_path, way):
    with serve(tmp_path / "root") as server, requests.Session() as session:
        session.trust_env = False
        server.bucket("cards-1250000000")
        proxies = {} if way == "IP and Port" else {"http": server.url}
        sdk = connected(session, {"Proxies": proxies} if proxies else {"IP": "127.0.0.1", "Port": server.port})
        sdk.put_object(Bucket="cards-1250000000", Key="样 本+%.txt", Body=b"hello")
        address = sdk.get_presigned_url(
            Bucket="cards-1250000000", Key="样 本+%.txt", Method="GET", Params={"response-x": "a b"}
        )
        answer = session.get(address, proxies=proxies)
        assert (answer.status_code, answer.content) == (200, b"hello")
        assert session.get(address.replace("hello", "").replace("a+b", "c"), proxies=proxies).status_code == 403
