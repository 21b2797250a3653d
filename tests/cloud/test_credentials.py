"""Credentials come from one place after the other, and are never shown."""

import pickle

import pytest

from cardocr_nb.cloud import CloudTransport, Credentials
from cardocr_nb.cloud._credentials import bucket_and_region, current
from cardocr_nb.errors import InvalidRequestError

VARIABLES = [
    f"{prefix}_{name}"
    for prefix in ("TENCENTCLOUD", "COS")
    for name in ("SECRET_ID", "SECRET_KEY", "SESSION_TOKEN", "TOKEN", "BUCKET", "REGION")
]


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_the_vendors_variables_come_before_those_of_cos(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, name.replace("_", "-"))
    found = Credentials.from_env()
    assert found == Credentials("TENCENTCLOUD-SECRET-ID", "TENCENTCLOUD-SECRET-KEY", "TENCENTCLOUD-SESSION-TOKEN")


def test_the_variables_of_cos_are_taken_whole_where_the_first_pair_is_incomplete(monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "first")
    monkeypatch.setenv("TENCENTCLOUD_SESSION_TOKEN", "first")
    monkeypatch.setenv("COS_SECRET_ID", "id")
    monkeypatch.setenv("COS_SECRET_KEY", "key")
    monkeypatch.setenv("COS_TOKEN", "")
    assert Credentials.from_env() == Credentials("id", "key", None)


def test_missing_credentials_name_the_variables():
    with pytest.raises(InvalidRequestError) as caught:
        Credentials.from_env()
    said = str(caught.value)
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "COS_SECRET_ID", "COS_SECRET_KEY"):
        assert name in said
    assert "none of them is set" in said


def test_half_a_pair_is_named(monkeypatch):
    monkeypatch.setenv("COS_SECRET_KEY", "hush")
    with pytest.raises(InvalidRequestError, match="only COS_SECRET_KEY is set") as caught:
        Credentials.from_env()
    assert "hush" not in str(caught.value)


def test_the_repr_shows_no_secret():
    shown = repr(Credentials("AKIDabcdefghijklmnop", "the-secret-key", "the-session-token"))
    assert shown == "Credentials(secret_id='AKID****', secret_key='****', token='****')"
    assert repr(Credentials("shortid", "k")) == "Credentials(secret_id='****', secret_key='****', token=None)"
    assert "the-secret-key" not in f"{Credentials('a', 'the-secret-key')}"


@pytest.mark.parametrize(
    "bad", ["hidden\n", " hidden", '"hidden"', "'hidden'", "hid den", "hidden\r", "藏hidden", "\0hidden"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_was_copied_badly_is_refused_without_being_shown(bad, place):
    given = ["id", "key", "token"]
    given[place] = bad
    with pytest.raises(InvalidRequestError, match=("secret_id", "secret_key", "token")[place]) as caught:
        Credentials(*given)
    assert "hidden" not in str(caught.value)
    assert "hid" not in str(caught.value).replace("which", "")


@pytest.mark.parametrize("given", [("", "key"), ("id", ""), (None, "key"), ("id", 7), ("id", "key", "")])
def test_an_empty_or_missing_part_is_refused(given):
    with pytest.raises(InvalidRequestError, match="must be a text that is not empty"):
        Credentials(*given)


def test_credentials_cannot_be_changed_and_travel_to_other_processes():
    found = Credentials("id", "key")
    with pytest.raises(AttributeError):
        del found.secret_key
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - made one line above


def test_a_function_is_asked_each_time():
    given = iter([Credentials("a", "1"), Credentials("b", "2")])
    source = given.__next__
    assert [current(source).secret_id, current(source).secret_id] == ["a", "b"]


@pytest.mark.parametrize("source", [None, ("id", "key"), lambda: ("id", "secret"), lambda: None])
def test_what_gives_no_credentials_is_refused(source):
    with pytest.raises(InvalidRequestError, match="credentials must be Credentials or a function") as caught:
        current(source)
    assert "secret" not in str(caught.value)


def test_bucket_and_region_come_from_arguments_then_from_the_environment(monkeypatch):
    monkeypatch.setenv("COS_BUCKET", "env-1250000000")
    monkeypatch.setenv("COS_REGION", "ap-env")
    assert bucket_and_region() == ("env-1250000000", "ap-env")
    assert bucket_and_region("own-1250000000") == ("own-1250000000", "ap-env")
    assert bucket_and_region(region="ap-own") == ("env-1250000000", "ap-own")


def test_a_missing_bucket_or_region_names_argument_and_variable(monkeypatch):
    with pytest.raises(
        InvalidRequestError, match="no bucket and no region: give bucket=… and region=… or set COS_BUCKET"
    ):
        bucket_and_region()
    monkeypatch.setenv("COS_REGION", "ap-env")
    with pytest.raises(InvalidRequestError, match=r"no bucket: give bucket=… or set COS_BUCKET$"):
        bucket_and_region()


def test_a_transport_is_made_from_the_environment(monkeypatch):
    for name, value in {"SECRET_ID": "id", "SECRET_KEY": "key", "BUCKET": "env-1250000000", "REGION": "r"}.items():
        monkeypatch.setenv(f"COS_{name}", value)
    with CloudTransport.from_env(endpoint="http://127.0.0.1:1", bucket="own") as transport:
        assert (transport.bucket, transport.region) == ("own", "r")
        assert transport.credentials == Credentials("id", "key")
