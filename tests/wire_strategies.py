"""Made-up records of the wire, for the tests that read and write documents."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from cardocr_nb.cards import CardType
from cardocr_nb.wire._contract import TAG
from cardocr_nb.wire._records import SERVICE_TIME, CardResult, Field, Job, JobRequest, JobState, MqConfig

characters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
texts = st.text(characters, min_size=1, max_size=30).filter(lambda s: s.strip(" \t\r\n") == s)
maybe_text = st.none() | texts
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=1024)
words = st.from_regex(r"[A-Za-z0-9_\-]{1,33}", fullmatch=True)
keys = texts.filter(lambda s: s[0] not in "/\\")
times = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda t: t.replace(microsecond=0).astimezone(SERVICE_TIME)
)


def some_fields(lowest):
    """Fields with coordinates from `lowest` on."""
    points = st.tuples(st.integers(lowest, 99_999), st.integers(lowest, 99_999))
    return st.builds(
        Field,
        label=st.just("") | texts,
        text=maybe_text,
        score=st.none() | st.integers(0, 100),
        polygon=st.none()
        | st.tuples(points, points, points, points)
        | st.lists(points, min_size=1, max_size=6).map(tuple),
    )


def some_results(lowest):
    """Results with coordinates from `lowest` on."""
    return st.builds(
        CardResult,
        fields=st.lists(some_fields(lowest), max_size=12).map(tuple),
        status=st.sampled_from([None, 0, 1]),
        state=st.sampled_from([None, "Success", "Failed"]),
        code=maybe_text,
        message=maybe_text,
        key=maybe_text,
        url=maybe_text,
    ).filter(lambda r: r != CardResult())


def some_jobs(lowest):
    """Jobs with coordinates from `lowest` on."""
    return st.builds(
        Job,
        id=texts,
        state=st.sampled_from(JobState),
        key=maybe_text,
        card_type=st.none() | st.sampled_from(list(map(str, CardType))),
        code=maybe_text,
        message=maybe_text,
        tag=st.sampled_from([None, TAG]),
        bucket=maybe_text,
        region=maybe_text,
        queue_id=maybe_text,
        created=times,
        started=times,
        ended=times,
        user_data=st.none() | printable,
        job_level=st.sampled_from([None, 0, 1, 2]),
        progress=st.none() | st.integers(0, 100),
        result=st.none() | some_results(lowest),
    )


fields = some_fields(-99_999)
jobs = some_jobs(-99_999)
plain_jobs = some_jobs(0)
"""Jobs as the service writes them: the fast reader reads them all."""
job_tuples = st.lists(jobs, max_size=4).map(tuple)
requests = st.builds(
    JobRequest,
    key=keys,
    card_type=st.sampled_from(list(map(str, CardType))),
    user_data=st.none() | printable,
    job_level=st.sampled_from([None, 0, 1, 2]),
    callback=st.sampled_from([None, "no", "http://127.0.0.1:8087/x?a=1&b=2", "https://callback.demo.com"]),
    callback_format=st.sampled_from([None, "XML", "JSON"]),
    callback_type=st.sampled_from([None, "Url"]),
    callback_mq=st.none()
    | st.builds(
        MqConfig,
        region=st.sampled_from(["sh", "bj", "gz", "cd", "hk"]),
        name=words,
        mode=st.sampled_from(["Queue", "Topic"]),
    ),
    queue_id=st.none() | words,
)
