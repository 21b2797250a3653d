"""Saved documents of the service, the vendor's own mistakes in them, and what is refused."""

import re
import warnings
from datetime import UTC, datetime
from pathlib import Path
from xml.parsers.expat import ExpatError

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import (
    RepairWarning,
    decode,
    decode_callback,
    decode_each,
    decode_error,
    decode_jobs,
    decode_recognition,
    decode_request,
)
from cardocr_nb.wire._records import Callback, CardResult, Error, Field, JobList, JobState
from cardocr_nb.wire._xml_tree import _plain_tree, _strict

ROOT = Path(__file__).parents[2]
RESPONSES = ROOT / "data/responses"
VENDOR_SAMPLES = Path(__file__).with_name("vendor_samples.txt")


def saved(name):
    return (RESPONSES / name).read_bytes()


def job_with(node, inside="JobsDetail"):
    """A small response whose one job holds `node`."""
    places = {"JobsDetail": "", "Operation": "", "Result": "", "IdInfo": ""}
    places[inside] = node
    return (
        "<Response><JobsDetail><JobId>j1</JobId>"
        + ("" if "<State" in node else "<State>Success</State>")
        + f"{places['JobsDetail']}<Operation>{places['Operation']}<ImageLicenseRecResult>{places['Result']}"
        + f"<IdInfo><Name>Name</Name>{places['IdInfo']}</IdInfo></ImageLicenseRecResult></Operation>"
        + "</JobsDetail></Response>"
    ).encode()


def test_the_second_opening_tag_of_the_vendor_closes_the_first_with_a_warning():
    with pytest.warns(
        RepairWarning, match="second opening '<ImageLicenseRecResult>' taken as '</ImageLicenseRecResult>'"
    ):
        (job,) = decode_jobs(saved("id_card_second_opening_tag.xml")).jobs
    assert [f.label for f in job.fields] == [
        "Name",
        "Gender",
        "Ethnicity",
        "Birth (Date)",
        "Address",
        "Identification Number (ID Number)",
    ]
    assert job.fields[0].polygon == ((553, 439), (553, 576), (989, 576), (989, 439))
    assert (job.user_data, job.job_level, job.result.status) == ("This is my data.", 0, 1)


def test_both_response_samples_of_the_vendors_page_give_their_six_fields():
    samples = re.findall(r"<Response>.*?</Response>", VENDOR_SAMPLES.read_text(encoding="utf-8"), re.DOTALL)
    assert len(samples) == 2
    for sample in samples:
        with pytest.warns(RepairWarning):
            (job,) = decode_jobs(sample.encode()).jobs
        assert [(f.label, f.text, f.score) for f in job.fields] == [
            ("Name", "xxx", 99),
            ("Gender", "Male", 98),
            ("Ethnicity", "Han", 98),
            ("Birth (Date)", "December 1, 1974", 99),
            ("Address", "Hu’nan Province xxxxx", 99),
            ("Identification Number (ID Number)", "43xxxx", 99),
        ]
        assert job.fields[5].polygon == ((842, 1372), (842, 1615), (2284, 1615), (2284, 1372))
        assert job.id == "ac7c990a00bf211ed946af9e0691f2b7a"
        assert job.created == datetime(2022, 6, 27, 6, 44, 10, tzinfo=UTC)
        assert (job.started, job.ended) == (None, None)
        assert (job.user_data, job.job_level) == ("This is my data.", 0)


def test_both_request_samples_of_the_vendors_page_read():
    samples = re.findall(r"<Request>.*?</Request>", VENDOR_SAMPLES.read_text(encoding="utf-8"), re.DOTALL)
    requests = [decode_request(sample.encode()) for sample in samples]
    assert [r.key for r in requests] == ["input/test.doc", "input/test.jpg"]
    assert {(r.card_type, r.user_data, r.job_level, r.callback, r.callback_format) for r in requests} == {
        ("IDCard", "This is my data.", 0, "http://callback.demo.com", "JSON")
    }


def test_the_stray_message_tag_of_the_vendor_is_read_as_an_empty_message_with_a_warning():
    with pytest.warns(RepairWarning, match="stray '</Message>'"):
        (job,) = decode_jobs(saved("describe_stray_message.xml")).jobs
    assert (job.message, job.progress, len(job.fields)) == (None, 100, 6)


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("submitted.xml", JobList, 1),
        ("id_card_english.xml", JobList, 1),
        ("id_card_chinese_compact.xml", JobList, 1),
        ("licence.xml", JobList, 1),
        ("failed.xml", JobList, 1),
        ("no_card.xml", JobList, 1),
        ("describe_many.xml", JobList, 3),
        ("list_page.xml", JobList, 2),
        ("callback.xml", Callback, 1),
        ("callback_list.json", Callback, 1),
        ("callback_single.json", Callback, 1),
    ],
)
def test_a_saved_document_is_recognized_by_what_it_holds(name, kind, count):
    document = decode(saved(name))
    assert isinstance(document, kind)
    assert len(document.jobs) == count


def test_every_saved_document_is_named_in_these_tests():
    named = Path(__file__).read_text(encoding="utf-8")
    assert [p.name for p in RESPONSES.iterdir() if p.name not in named] == []


def test_missing_ids_and_the_next_page_are_read():
    assert decode_jobs(saved("describe_many.xml")).missing_ids == (
        "ac7c990a00bf211ed946af9e0691f000",
        "ac7c990a00bf211ed946af9e0691f001",
    )
    assert decode_jobs(saved("list_page.xml")).next_token == "MjAyNi0wNi0yNw"  # noqa: S105 - a page, no password


def test_a_failed_job_has_code_and_message_and_has_no_fields():
    (job,) = decode_jobs(saved("failed.xml")).jobs
    assert (job.state, job.code, job.message) == (JobState.FAILED, "InvalidImage", "The image cannot be decoded.")
    assert job.fields == ()


def test_no_card_found_is_a_success_with_status_0():
    (job,) = decode_jobs(saved("no_card.xml")).jobs
    assert (job.state, job.result.status, job.fields) == (JobState.SUCCESS, 0, ())


def test_a_field_without_text_is_missing_and_never_empty():
    last = decode_recognition(saved("recognition.xml")).fields[-1]
    assert (last.label, last.text, last.polygon) == ("发证单位", None, None)


def test_an_error_body_keeps_all_its_parts():
    assert decode_error(saved("error.xml")) == Error(
        "AccessDenied",
        "Access Denied.",
        "test-123456789.ci.ap-chongqing.myqcloud.com/jobs",
        "NjM3MTY0OTBfYjFkNzVi",
        "OGVmYzZiMmQz",
    )


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_the_number_of_fields_does_not_change_the_shape(count):
    info = "<IdInfo><Name>n</Name><Location><Point>1,2</Point></Location></IdInfo>" * count
    result = decode_recognition(f"<Response><Status>1</Status>{info}</Response>".encode())
    assert len(result.fields) == count
    assert all(f.polygon == ((1, 2),) for f in result.fields)


def test_json_takes_a_single_node_as_an_object_or_as_a_list():
    (single,) = decode_callback(saved("callback_single.json")).jobs
    (listed,) = decode_callback(saved("callback_list.json")).jobs
    assert single.fields == listed.fields[:1]


def test_json_wrapped_in_response_reads_the_same():
    wrapped = b'{"Response": ' + saved("callback_list.json") + b"}"
    assert decode(wrapped) == decode(saved("callback_list.json"))


def test_json_numbers_read_like_their_texts():
    result = decode_recognition(b'{"Status": 1, "IdInfo": {"Name": "Name", "Score": 98.6}}')
    assert (result.status, result.fields[0].score) == (1, 99)


def test_an_empty_response_is_no_jobs():
    assert decode(b"<Response/>") == JobList()


def test_cdata_character_references_comments_and_prolog_read_as_their_characters():
    raw = (
        b'\n<?xml version="1.0" encoding="UTF-8"?><!-- saved --><Response a="1"><Status>1</Status><IdInfo>'
        b"<Name>Na<!-- x -->me</Name><DetectedText kind='t'><![CDATA[a<b]]>&#x6837;&amp;</DetectedText>"
        b"</IdInfo></Response>\n"
    )
    (field,) = decode_recognition(raw).fields
    assert (field.label, field.text) == ("Name", "a<b样&")


def test_utf_16_is_read_as_the_prolog_says():
    raw = '<?xml version="1.0" encoding="utf-16"?><Error><Code>样本</Code></Error>'.encode("utf-16")
    assert decode_error(raw).code == "样本"


def test_unknown_nodes_are_passed_over():
    (job,) = decode_jobs(job_with("<New><Deep>1</Deep></New>")).jobs
    assert job.id == "j1"


def test_a_time_without_offset_is_the_services_own():
    (job,) = decode_jobs(job_with("<CreationTime>2026-01-01T08:00:00</CreationTime>")).jobs
    assert job.created == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("node", "inside", "message"),
    [
        ("<State>Done</State>", "JobsDetail", "State must be one of Submitted, .*, got a text of 4 characters"),
        ("<State/>", "JobsDetail", "State must be one of .*, got nothing"),
        ("<Score>ninety 9</Score>", "IdInfo", "Score in IdInfo must be a number from 0 to 100, got a text of 8 char"),
        ("<Score>101</Score>", "IdInfo", "Score in IdInfo must be a number from 0 to 100"),
        ("<Score>1</Score><Score>2</Score>", "IdInfo", "Score appears more than once in IdInfo"),
        ("<Score><a/></Score>", "IdInfo", "Score appears with nodes inside in IdInfo"),
        ("<Location><Point>1;2</Point></Location>", "IdInfo", "Point must be 'x,y' in pixels, got a text of 3"),
        ("<Location><Point/></Location>", "IdInfo", "Point must be 'x,y'"),
        ("<Location>1,2</Location>", "IdInfo", "Location holds text where nodes are expected"),
        ("<Location/><Location/>", "IdInfo", "Location appears 2 times where one is expected"),
        ("<Status>2</Status>", "Result", "Status in ImageLicenseRecResult must be a number from 0 to 1"),
        ("<ImageLicenseRecResult/>", "Result", "is inside another"),
        ("<JobLevel>3</JobLevel>", "Operation", "JobLevel in Operation must be a number from 0 to 2"),
        ("<Progress>-1</Progress>", "JobsDetail", "Progress in JobsDetail must be a number from 0 to 100"),
        ("<EndTime>yesterday</EndTime>", "JobsDetail", "EndTime must be a time such as .*, got a text of 9 characters"),
        ("<Input>loose text<Object>k</Object></Input>", "JobsDetail", "Input holds text where nodes are expected"),
    ],
)
def test_a_node_that_cannot_be_read_is_named(node, inside, message):
    raw = job_with(node, inside)
    # a dict has no key for an empty Point; it must be seen next to a second one
    raw = raw.replace(b"<Point/>", b"<Point/><Point>1,2</Point>")
    with pytest.raises(DecodeError, match=message) as e:
        decode(raw)
    assert e.value.raw == raw


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the document is empty"),
        (b" \n", "the document is empty"),
        (b"hello", "not well-formed XML.*Check that it was saved whole"),
        (b"<Response><JobsDetail>", "no element found at line 1 column 23"),
        (b"<Response><JobsDetail><JobId>1</JobId></JobsDetail>", "no element found"),
        (b"<html><body/></html>", "expected Response or Error at its root, got 'html'"),
        (b"<Response><Other/></Response>", "none of the service's"),
        (b"<Response><JobsDetail><State>Success</State></JobsDetail></Response>", "JobsDetail has no JobId"),
        (b'<?xml version="1.0" encoding="klingon"?><Error/>', "not well-formed XML"),
        (b'<?xml version="1.0" encoding="gbk"?><Error/>', "multi-byte encodings are not supported"),
        (b'{"EventName": ', "begins like JSON and is broken at line 1 column 14"),
        (b'{"a": "\xff"}', "begins like JSON and is broken at byte 7"),
        (b"[1]", "a JSON list, expected an object"),
        (b'{"Other": 1}', "none of the service's"),
        (b"{}", "got no node"),
        (b'{"Status": 1, "IdInfo": [{"Name": "\\ud800"}]}', "half of a surrogate pair"),
        (b"<Response><Message></Response></Message></Message>", "Tried a stray '</Message>'"),
    ],
)
def test_what_is_no_document_of_the_service_is_refused_with_the_reason(raw, message):
    with pytest.raises(DecodeError, match=message):
        decode(raw)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE Response [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE Response SYSTEM "file:///etc/passwd">',
        "<!DOCTYPE Response>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities_are_refused(head, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}<Response><NextToken>x</NextToken></Response>'
    with pytest.raises(DecodeError, match="document type declaration"):
        decode(text.encode(encoding))


def test_a_repair_never_loses_a_field():
    whole = saved("id_card_second_opening_tag.xml")
    for cut in range(0, len(whole), 37):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RepairWarning)
            try:
                document = decode(whole[:cut])
            except DecodeError:
                continue
            pytest.fail(f"a document cut at byte {cut} was read as {document!r}")


def test_repairs_leave_comments_and_cdata_alone():
    raw = (
        b"<Response><JobsDetail><JobId>j</JobId></Message><State>Success</State><Operation><ImageLicenseRecResult>"
        b"<!-- <ImageLicenseRecResult> --><IdInfo><Name><![CDATA[</Message>]]></Name><Score/></IdInfo>"
        b"<ImageLicenseRecResult></Operation></JobsDetail></Response>"
    )
    with pytest.warns(RepairWarning):
        (job,) = decode_jobs(raw).jobs
    assert job.fields[0].label == "</Message>"


@pytest.mark.parametrize(
    ("read", "name", "message"),
    [
        (decode_jobs, "error.xml", "expected a response with JobsDetail, got an error body with Code 'AccessDenied'"),
        (decode_callback, "licence.xml", "expected a callback with EventName, got a response with jobs"),
        (decode_recognition, "callback.xml", "expected a response with Status and IdInfo, got a callback"),
        (decode_error, "recognition.xml", "expected an error body, got a recognition"),
    ],
)
def test_a_document_of_another_kind_is_refused_by_name(read, name, message):
    with pytest.raises(DecodeError, match=message):
        read(saved(name))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"<Response/>", "expected Request at its root"),
        (b"<Request><Tag>Transcode</Tag></Request>", "Tag must be ImageLicenseRec, got a text of 9 characters"),
        (b"<Request><Tag/></Request>", "Tag must be ImageLicenseRec, got nothing"),
    ],
)
def test_a_request_of_another_kind_is_refused(raw, message):
    with pytest.raises(DecodeError, match=message):
        decode_request(raw)


def test_both_spellings_of_the_callback_type_are_taken():
    raw = b"<Request><Tag>ImageLicenseRec</Tag><CallBackType>URL</CallBackType></Request>"
    assert decode_request(raw).callback_type == "Url"


def test_reprs_never_show_a_text():
    (job,) = decode_jobs(saved("id_card_english.xml")).jobs
    shown = repr(job) + repr(job.result) + repr(job.fields) + repr(CardResult(job.fields))
    assert "DetectedText" not in shown
    assert not any(f.text in shown for f in job.fields)
    assert "This is my data" not in shown
    assert "text=<4 characters>" in repr(job.fields[1])


def test_a_state_knows_whether_it_is_final():
    assert [s for s in JobState if s.final] == [JobState.SUCCESS, JobState.FAILED, JobState.CANCEL]


def test_the_repr_of_a_request_hides_the_user_data():
    raw = b"<Request><Tag>ImageLicenseRec</Tag><Operation><UserData>private</UserData></Operation></Request>"
    assert repr(decode_request(raw)) == "JobRequest(key='', card_type=<0 characters>, user_data=<7 characters>)"


PIECES = ["a", " ", "\n", "样", "&lt;", "&#65;", "&#13;", "]]", ">", "<!-- b -->", "<!---->", "<![CDATA[c<&]]>", "<![CDATA[]]>", "<d>",
          "</d>", "<e/>", "<e f='1'/>", "<g:h/>", "<?i j?>", "<d xmlns='k'>", "<!DOCTYPE d>", "<!--", "]]>", "\r\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["", '<?xml version="1.0"?>\n', "<!-- l -->"]))
def test_the_quick_reading_gives_the_tree_of_the_strict_one(pieces, before):
    body = f"{before}<d>{''.join(pieces)}</d>".encode()
    try:
        strict = _strict(body)
    except (ExpatError, ValueError) as e:
        strict = None
        event(type(e).__name__)
    quick = _plain_tree(body)
    assert quick is None or quick == strict


def test_most_documents_with_sections_and_comments_are_read_quickly():
    assert _plain_tree(b"<d><!-- a --><e>b<![CDATA[<c>]]></e></d>") == {"d": {"e": "b<c>"}}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("prolog", ["", '<?xml version="1.0" encoding="{}"?>\n', '<?xml version="1.0"?>', "\n"])
def test_xml_in_utf_16_and_utf_32_is_read_with_and_without_byte_order_mark(encoding, prolog):
    raw = (prolog.format(encoding) + "<Error><Code>样本</Code></Error>").encode(encoding)
    assert decode(raw).code == "样本"
    assert decode_each(raw)[0].code == "样本"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_entities_of_a_document_type_are_never_expanded_in_any_encoding(encoding):
    raw = '<!DOCTYPE Error [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>'.encode(encoding)
    with pytest.raises(DecodeError):
        decode_each(raw)


@pytest.mark.parametrize("piece", [b"<!--", b"<![CDATA[", b"<?", b"<a>", b"</a>", b"<a><b></c>", b"<a ", b"</Message>"])
def test_a_long_document_in_vain_is_refused_and_not_searched_again_for_each_piece(piece):
    # with a search to the end for each piece this would take hours
    with pytest.raises(DecodeError):
        decode(b"<Response>" + piece * (2_000_000 // len(piece)))


@pytest.mark.parametrize("wrong", ["样本甲", "990101199001010000", 990101199001010000, ("样本甲",), b"99010119900101"])
@pytest.mark.parametrize("name", ["label", "text", "score", "polygon"])
def test_a_value_in_the_wrong_place_of_a_field_is_not_shown(name, wrong):
    shown = repr(Field(**{"label": "姓名", name: wrong}))
    assert "样本" not in shown
    assert "990101" not in shown
