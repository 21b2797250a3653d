"""The vendor's own Python SDK: uploads in every way, copies, deletes and headers, as with the cloud."""

import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Client, CosServiceError
from serving import REGION, SECRET_ID, SECRET_KEY

MB = 2**20
PHOTO = bytes(range(256)) * (5 * MB // 256)


def connected(server, session, **options):
    config = CosConfig(
        Region=REGION, SecretId=SECRET_ID, SecretKey=SECRET_KEY, Scheme="http", Proxies={"http": server.url}, **options
    )
    return CosS3Client(config, session=session)


@pytest.fixture
def sdk(server):
    with requests.Session() as session:
        session.trust_env = False
        yield connected(server, session)


def refused(call, *arguments, **named):
    with pytest.raises(CosServiceError) as caught:
        call(*arguments, **named)
    return caught.value.get_status_code(), caught.value.get_error_code()


def content(sdk, bucket, key):
    return sdk.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read()


def parts_etag(content, size):
    digests = [hashlib.md5(content[at : at + size]).digest() for at in range(0, len(content), size)]  # noqa: S324 - the wire's
    return f'"{hashlib.md5(b"".join(digests)).hexdigest()}-{len(digests)}"'  # noqa: S324 - the wire's


def by_put_object(sdk, bucket, key, path):
    sdk.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def by_put_object_of_a_stream(sdk, bucket, key, path):
    with path.open("rb") as file:
        sdk.put_object(Bucket=bucket, Key=key, Body=file, EnableMD5=True)


def by_put_object_from_local_file(sdk, bucket, key, path):
    sdk.put_object_from_local_file(Bucket=bucket, LocalFilePath=str(path), Key=key)


def by_upload_file(sdk, bucket, key, path):
    answer = sdk.upload_file(Bucket=bucket, Key=key, LocalFilePath=str(path), PartSize=1, MAXThread=3, EnableMD5=True)
    assert answer["ETag"] == parts_etag(PHOTO, MB)


def by_upload_file_from_buffer(sdk, bucket, key, path):
    sdk.upload_file_from_buffer(Bucket=bucket, Key=key, Body=io.BytesIO(path.read_bytes()), PartSize=1, MAXThread=2)


def by_parts(sdk, bucket, key, path):
    upload = sdk.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    pieces = [path.read_bytes()[at : at + 2 * MB] for at in range(0, len(PHOTO), 2 * MB)]
    parts = [
        {
            "PartNumber": number,
            "ETag": sdk.upload_part(
                Bucket=bucket, Key=key, Body=piece, PartNumber=number, UploadId=upload, EnableMD5=True
            )["ETag"],
        }
        for number, piece in enumerate(pieces, 1)
    ]
    listed = sdk.list_parts(Bucket=bucket, Key=key, UploadId=upload)["Part"]
    assert [(part["PartNumber"], part["ETag"]) for part in listed] == [(str(p["PartNumber"]), p["ETag"]) for p in parts]
    answer = sdk.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Part": parts})
    assert answer["ETag"] == parts_etag(PHOTO, 2 * MB)


WAYS = [
    by_put_object,
    by_put_object_of_a_stream,
    by_put_object_from_local_file,
    by_upload_file,
    by_upload_file_from_buffer,
    by_parts,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_photo_of_5_mb_arrives_unchanged_in_every_way_of_upload(sdk, bucket, server, tmp_path, way):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    key = "身份证/正面 1+%.jpg"
    way(sdk, bucket, key, path)
    assert (server.root / bucket / key).read_bytes() == PHOTO
    assert content(sdk, bucket, key) == PHOTO
    head = sdk.head_object(Bucket=bucket, Key=key)
    (entry,) = sdk.list_objects(Bucket=bucket)["Contents"]
    assert (head["ETag"], head["Content-Length"]) == (entry["ETag"], str(len(PHOTO)))
    assert "Upload" not in sdk.list_multipart_uploads(Bucket=bucket)
    assert [p.name for p in (server.root / bucket).iterdir()] == ["身份证"]


def test_a_photo_uploaded_in_parts_is_downloaded_in_parts_and_recognized(sdk, bucket, server, tmp_path, photo):
    path = photo(tmp_path / "photo.bmp", size=(1000, 800))
    sdk.upload_file(Bucket=bucket, Key="photo.bmp", LocalFilePath=str(path), PartSize=1)
    sdk.download_file(Bucket=bucket, Key="photo.bmp", DestFilePath=str(tmp_path / "back.bmp"), PartSize=1)
    assert (tmp_path / "back.bmp").read_bytes() == path.read_bytes()


def test_an_upload_in_parts_resumes_after_the_server_was_killed(serve, tmp_path):
    (tmp_path / "root/cards-1250000000").mkdir(parents=True)
    key, upload = "a.jpg", None
    for number in (1, 2):
        with serve(tmp_path / "root") as server, requests.Session() as session:
            session.trust_env = False
            sdk = connected(server, session)
            if upload is None:
                upload = sdk.create_multipart_upload(Bucket="cards-1250000000", Key=key)["UploadId"]
            (found,) = sdk.list_multipart_uploads(Bucket="cards-1250000000")["Upload"]
            assert (found["Key"], found["UploadId"]) == (key, upload)
            sdk.upload_part(
                Bucket="cards-1250000000", Key=key, Body=b"%d" % number * MB, PartNumber=number, UploadId=upload
            )
            if number == 1:
                server.process.kill()
            else:
                listed = sdk.list_parts(Bucket="cards-1250000000", Key=key, UploadId=upload)["Part"]
                parts = [{"PartNumber": int(part["PartNumber"]), "ETag": part["ETag"]} for part in listed]
                sdk.complete_multipart_upload(
                    Bucket="cards-1250000000", Key=key, UploadId=upload, MultipartUpload={"Part": parts}
                )
                assert content(sdk, "cards-1250000000", key) == b"1" * MB + b"2" * MB


def test_an_aborted_upload_leaves_nothing_and_an_incomplete_one_is_no_object(sdk, bucket, server):
    upload = sdk.create_multipart_upload(Bucket=bucket, Key="a.jpg")["UploadId"]
    sdk.upload_part(Bucket=bucket, Key="a.jpg", Body=b"x", PartNumber=1, UploadId=upload)
    assert "Contents" not in sdk.list_objects(Bucket=bucket)
    assert refused(sdk.head_object, Bucket=bucket, Key="a.jpg")[0] == 404
    sdk.abort_multipart_upload(Bucket=bucket, Key="a.jpg", UploadId=upload)
    assert list((server.root / bucket).iterdir()) == []
    again = {"Bucket": bucket, "Key": "a.jpg", "UploadId": upload}
    assert refused(sdk.abort_multipart_upload, **again) == (404, "NoSuchUpload")
    assert refused(sdk.list_parts, **again) == (404, "NoSuchUpload")


def test_a_completion_with_wrong_parts_is_refused_and_may_be_repeated(sdk, bucket):
    upload = {"Bucket": bucket, "Key": "a.jpg"}
    upload["UploadId"] = sdk.create_multipart_upload(**upload)["UploadId"]
    tags = [sdk.upload_part(**upload, Body=b"%d" % n * 10, PartNumber=n)["ETag"] for n in (1, 2)]

    def complete(*parts):
        listed = [{"PartNumber": number, "ETag": tag} for number, tag in parts]
        return sdk.complete_multipart_upload(**upload, MultipartUpload={"Part": listed})

    assert refused(complete, (2, tags[1]), (1, tags[0])) == (400, "InvalidPartOrder")
    assert refused(complete, (1, tags[1])) == (400, "InvalidPart")
    assert refused(complete, (3, tags[1])) == (400, "InvalidPart")
    complete((1, tags[0]), (2, tags[1]))
    assert content(sdk, bucket, "a.jpg") == b"1" * 10 + b"2" * 10


def test_the_headers_of_an_upload_come_back_and_may_be_overridden_for_one_download(sdk, bucket, tmp_path):
    given = {"CacheControl": "max-age=60", "ContentType": "image/heic", "ContentDisposition": "inline"}
    meta = {"x-cos-meta-batch": "2024-06", "x-cos-meta-name": "a b"}
    (tmp_path / "a.bin").write_bytes(PHOTO)
    sdk.put_object(Bucket=bucket, Key="put.jpg", Body=b"x", Metadata=dict(meta), **given)
    sdk.upload_file(
        Bucket=bucket, Key="parts.jpg", LocalFilePath=str(tmp_path / "a.bin"), PartSize=1, Metadata=dict(meta), **given
    )
    for key in ("put.jpg", "parts.jpg"):
        for head in (sdk.head_object(Bucket=bucket, Key=key), sdk.get_object(Bucket=bucket, Key=key)):
            assert (head["Cache-Control"], head["Content-Type"]) == ("max-age=60", "image/heic")
            assert (head["Content-Disposition"], head["x-cos-meta-batch"], head["x-cos-meta-name"]) == (
                "inline",
                "2024-06",
                "a b",
            )
    other = sdk.get_object(
        Bucket=bucket, Key="put.jpg", ResponseContentType="text/plain", ResponseCacheControl="no-store"
    )
    assert (other["Content-Type"], other["Cache-Control"]) == ("text/plain", "no-store")


def test_a_file_changed_by_hand_loses_the_headers_of_its_upload(sdk, bucket, server):
    sdk.put_object(Bucket=bucket, Key="a.png", Body=b"x", ContentType="image/heic")
    (server.root / bucket / "a.png").write_bytes(b"another")
    assert sdk.head_object(Bucket=bucket, Key="a.png")["Content-Type"] == "image/png"


def source(bucket, key):
    return {"Bucket": bucket, "Key": key, "Region": REGION}


def test_objects_are_copied_with_their_headers_inside_and_between_buckets(sdk, bucket, server):
    other = f"{bucket.partition('-')[0]}x-1250000000"
    server.bucket(other)
    key = "样 本/a+%.jpg"
    sdk.put_object(Bucket=bucket, Key=key, Body=PHOTO, ContentType="image/heic", Metadata={"x-cos-meta-a": "1"})
    for target in (bucket, other):
        answer = sdk.copy_object(Bucket=target, Key="copy.jpg", CopySource=source(bucket, key))
        head = sdk.head_object(Bucket=target, Key="copy.jpg")
        assert (head["ETag"], head["Content-Type"], head["x-cos-meta-a"]) == (answer["ETag"], "image/heic", "1")
        assert content(sdk, target, "copy.jpg") == PHOTO
    sdk.copy(Bucket=other, Key="managed.jpg", CopySource=source(bucket, key))
    assert content(sdk, other, "managed.jpg") == PHOTO
    replaced = {"CopyStatus": "Replaced", "ContentType": "image/png"}
    sdk.copy_object(Bucket=bucket, Key=key, CopySource=source(bucket, key), **replaced)
    head = sdk.head_object(Bucket=bucket, Key=key)
    assert (head["Content-Type"], "x-cos-meta-a" in head) == ("image/png", False)
    assert content(sdk, bucket, key) == PHOTO
    missing = refused(sdk.copy_object, Bucket=bucket, Key="b", CopySource=source(bucket, "missing"))
    assert missing == (404, "NoSuchKey")
    elsewhere = refused(sdk.copy_object, Bucket=bucket, Key="b", CopySource=source("missing-1250000000", "a"))
    assert elsewhere == (404, "NoSuchBucket")


def test_a_part_is_copied_from_a_range_of_another_object(sdk, bucket):
    sdk.put_object(Bucket=bucket, Key="a.jpg", Body=PHOTO)
    upload = {"Bucket": bucket, "Key": "b.jpg"}
    upload["UploadId"] = sdk.create_multipart_upload(**upload)["UploadId"]
    ranges = [(0, 3 * MB - 1), (3 * MB, len(PHOTO) - 1)]
    parts = []
    for number, (first, last) in enumerate(ranges, 1):
        answer = sdk.upload_part_copy(
            **upload, PartNumber=number, CopySource=source(bucket, "a.jpg"), CopySourceRange=f"bytes={first}-{last}"
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    sdk.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert content(sdk, bucket, "b.jpg") == PHOTO


def test_many_objects_are_deleted_in_one_call(sdk, bucket):
    keys = ["a.jpg", "样 本/b+%.jpg", "<&>.jpg"]
    for key in keys:
        sdk.put_object(Bucket=bucket, Key=key, Body=b"x")
    listed = [{"Key": key} for key in [*keys, "missing.jpg", "../x"]]
    answer = sdk.delete_objects(Bucket=bucket, Delete={"Object": listed, "Quiet": "false"})
    assert [entry["Key"] for entry in answer["Deleted"]] == [*keys, "missing.jpg"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Error"]] == [("../x", "InvalidArgument")]
    assert "Contents" not in sdk.list_objects(Bucket=bucket)
    sdk.put_object(Bucket=bucket, Key="a.jpg", Body=b"x")
    quiet = sdk.delete_objects(Bucket=bucket, Delete={"Object": [{"Key": "a.jpg"}], "Quiet": "true"})
    assert not quiet or "Deleted" not in quiet
    assert "Contents" not in sdk.list_objects(Bucket=bucket)


def test_a_bucket_has_a_location_and_exists(sdk, bucket):
    assert sdk.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "local"
    assert sdk.bucket_exists(Bucket=bucket)
    assert not sdk.bucket_exists(Bucket="missing-1250000000")
    assert not sdk.object_exists(Bucket=bucket, Key="missing.jpg")


def test_an_upload_of_a_hundred_parts_by_many_threads_is_put_together_in_order(sdk, bucket):
    upload = {"Bucket": bucket, "Key": "many.bin"}
    upload["UploadId"] = sdk.create_multipart_upload(**upload)["UploadId"]
    tags = {}

    def put(numbers):
        for number in numbers:
            tags[number] = sdk.upload_part(**upload, Body=b"%04d" % number, PartNumber=number)["ETag"]

    threads = [threading.Thread(target=put, args=(range(start, 101, 4),)) for start in (4, 3, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed, marker = [], 0
    while marker is not None:
        page = sdk.list_parts(**upload, MaxParts=7, PartNumberMarker=marker)
        listed += [{"PartNumber": int(part["PartNumber"]), "ETag": part["ETag"]} for part in page["Part"]]
        marker = int(page["NextPartNumberMarker"]) if page["IsTruncated"] == "true" else None
    assert [(part["PartNumber"], part["ETag"]) for part in listed] == sorted(tags.items())
    sdk.complete_multipart_upload(**upload, MultipartUpload={"Part": listed})
    assert content(sdk, bucket, "many.bin") == b"".join(b"%04d" % number for number in range(1, 101))


def test_dates_of_objects_and_uploads_are_times_of_today(sdk, bucket):
    sdk.put_object(Bucket=bucket, Key="a.jpg", Body=b"x")
    sdk.create_multipart_upload(Bucket=bucket, Key="b.jpg")
    (entry,) = sdk.list_objects(Bucket=bucket)["Contents"]
    (upload,) = sdk.list_multipart_uploads(Bucket=bucket)["Upload"]
    now = datetime.now(UTC)
    for text in (entry["LastModified"], upload["Initiated"]):
        assert abs(datetime.fromisoformat(text) - now) < timedelta(minutes=5)
