"""The fast reader gives what the strict parser gives, or gives the document up."""

import random
import re
import warnings

import numpy as np
import pytest
import random_responses
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_strategies import jobs, plain_jobs

from cardocr_nb._bulk._characters import odd_texts
from cardocr_nb._bulk._columns import MISSING, NUMBERS, REFUSED, TEXTS, TIMES, read_columns
from cardocr_nb._bulk._numerals import NO_TIME
from cardocr_nb.errors import DecodeError
from cardocr_nb.wire._decode import decode
from cardocr_nb.wire._encode import callback_bytes, jobs_xml
from cardocr_nb.wire._records import Callback, JobList

JOB = b"<JobsDetail><JobId>j1</JobId><State>Success</State>%s</JobsDetail>"
RESULT = b"<Operation><ImageLicenseRecResult>%s</ImageLicenseRecResult></Operation>"


def document(inside=b"", *, job=JOB):
    return b"<Response>" + job % inside + b"</Response>"


def field(inside):
    return document(RESULT % (b"<IdInfo>" + inside + b"</IdInfo>"))


def job_rows(job):
    """What the strict parser says of a job, in the words of the columns."""
    result = job.result
    row = {
        "job_id": job.id, "state": str(job.state), "code": job.code, "message": job.message,
        "queue_id": job.queue_id, "bucket": job.bucket, "key": job.key, "region": job.region,
        "card_type": job.card_type, "user_data": job.user_data, "job_level": job.job_level, "progress": job.progress,
        "created": job.created, "started": job.started, "ended": job.ended,
    }  # fmt: skip
    row |= {f"result_{name}": getattr(result, name, None) for name in ("state", "code", "message", "key")}
    row["status"] = getattr(result, "status", None)
    return row, [(f.label, f.text, f.score, f.polygon) for f in job.fields]


def column_rows(columns):
    """The same of columns, for each document."""
    rows, begin = [], 0
    for card, count in enumerate(columns.fields.tolist()):
        row = {name: columns.texts[name][card].as_py() for name in TEXTS}
        for name in NUMBERS:
            row[name] = None if columns.numbers[name][card] == MISSING else int(columns.numbers[name][card])
        for name in TIMES:
            row[name] = int(columns.times[name][card])
        found = []
        for at in range(begin, begin + count):
            score = None if columns.score[at] == MISSING else int(columns.score[at])
            points = tuple(map(tuple, columns.points[at].tolist())) if columns.corners[at] == 4 else columns.corners[at]
            found.append((columns.label[at].as_py(), columns.text[at].as_py(), score, points))
        begin += count
        if columns.document[card] != REFUSED:
            rows.append((int(columns.document[card]), row, found))
    assert begin == len(columns.score)
    return rows


def agree(documents):
    """Check that accepted documents read as the strict parser reads them; return the refused ones."""
    columns, refused = read_columns(documents)
    expected = []
    for place, raw in enumerate(documents):
        if place not in refused:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                expected += [(place, *job_rows(job)) for job in decode(raw).jobs]
    got = [] if columns is None else column_rows(columns)
    assert len(got) == len(expected)
    for (place, row, found), (wanted_place, wanted, wanted_found) in zip(got, expected, strict=True):
        for name in TIMES:
            moment = wanted[name]
            wanted[name] = NO_TIME if moment is None else round(moment.timestamp()) * 1_000_000
        assert (place, row) == (wanted_place, wanted)
        for one, other in zip(found, wanted_found, strict=True):
            assert one[:3] == other[:3]
            corners = other[3] or ()
            assert one[3] == (corners if len(corners) == 4 else len(corners))
    return refused


def indent(raw, by=b"  "):
    """White space between tags, as the service writes it."""
    depth, out = 0, []
    for part in re.split(rb"(?<=>)(?=<)", raw):
        closing = part.startswith(b"</")
        depth -= closing
        out.append(b"\n" + by * depth + part)
        depth += not closing and not part.endswith(b"/>") and b"</" not in part and not part.startswith(b"<?")
    return b"".join(out).strip()


PROLOG = b'<?xml version="1.0" encoding="utf-8"?>'


@st.composite
def written(draw, made=plain_jobs, fewest=0):
    """A document with jobs, in one of the ways in which it may be written."""
    many = tuple(draw(st.lists(made, min_size=fewest, max_size=3)))
    raw = callback_bytes(Callback("TaskFinish", many)) if draw(st.booleans()) else jobs_xml(JobList(many))
    if draw(st.booleans()):
        raw = raw.removeprefix(PROLOG).lstrip()
    if draw(st.booleans()):
        raw = raw.replace(b"/>", b" />")
    if draw(st.booleans()):
        raw = indent(raw, draw(st.sampled_from([b"", b"  ", b"\t", b"      "])))
    return raw.replace(b"\n", draw(st.sampled_from([b"\n", b"\r\n"])))


@given(st.lists(written(fewest=1), min_size=1, max_size=4))
def test_documents_read_fast_as_the_strict_parser_reads_them(documents):
    assert agree(documents) == []


@given(st.lists(written(jobs), min_size=1, max_size=3))
def test_documents_with_other_numbers_read_as_the_strict_parser_reads_them(documents):
    agree(documents)


ODD = [
    (b"<State>Success<", b"<State><![CDATA[Success]]><"),
    (b"<JobsDetail>", b'<JobsDetail a="1">'),
    (b"<JobsDetail>", b"<!-- said --><JobsDetail>"),
    (b"<JobsDetail>", b"<JobsDetail><Unknown>1</Unknown>"),
    (b"<JobsDetail>", b"<JobsDetail><?go on?>"),
    (b"<State>", b"<State> "),
    (b"Success<", b"&#83;uccess<"),
    (b"<JobId>", b"<JobId>&amp;&lt;&gt;&quot;&apos;&amp;lt;"),
    (b"<JobId>", b"<JobId>&nothing;"),
    (b"<Score>", b"<Score>0"),
    (b"<Point>", b"<Point>-"),
    (b",", b".5,"),
    (b"+0800", b"+0000"),
    (b"+0800", b"Z"),
    (b"T", b" "),
    (b"</JobId>", b"</JobId><JobId>j2</JobId>"),
    (b"</JobId>", b"</JobId ><Message/><Message/>"),
    (b"<IdInfo>", b"<IdInfo/><IdInfo>"),
    (b"<IdInfo>", b"<IdInfo></IdInfo><IdInfo>"),
    (b"</IdInfo>", b"<Name/></IdInfo>"),
    (b"</Location>", b"</Location><Location/>"),
    (b"<JobsDetail>", b"text<JobsDetail>"),
    (b"</Response>", b"</Response><Response></Response>"),
    (b"</Response>", b"<NextToken>3</NextToken><NonExistJobIds>a</NonExistJobIds></Response>"),
    (b"</Response>", b"<EventName>a</EventName><EventName>b</EventName></Response>"),
    (b"<Response>", b"<!DOCTYPE a><Response>"),
    (b"Success", b"Sucess"),
    (b"<JobId>", b"<JobId>\x01"),
    (b"<JobId>", b"<JobId>\xff"),
    (b"<JobId>", "<JobId>\uffff".encode()),
    (b"<JobId>", "<JobId>\ufffd".encode()),
    (b"<JobId>", b"<JobId>>"),
    (b"JobId", b"JobID"),
    (b"<Status>", b"<Status>9"),
]


@given(st.lists(written(), min_size=1, max_size=3), st.sampled_from(ODD), st.integers(1, 3))
def test_odd_documents_read_as_the_strict_parser_reads_them_or_are_given_up(documents, odd, times):
    agree([documents[0].replace(*odd, times), *documents[1:]])


def spoil(raw, data):
    raw = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        size = data.draw(st.integers(1, 40))
        match data.draw(st.sampled_from(["flip", "drop", "double", "cut", "swap"])):
            case "flip":
                raw[at : at + 1] = bytes(b ^ 1 << data.draw(st.integers(0, 7)) for b in raw[at : at + 1])
            case "drop":
                del raw[at : at + size]
            case "double":
                raw[at:at] = raw[at : at + size]
            case "swap":
                raw[at : at + size] = bytes(reversed(raw[at : at + size]))
            case "cut":
                del raw[at + 1 :]
    return bytes(raw)


@settings(max_examples=150)
@given(st.lists(written(), min_size=1, max_size=3), st.data())
def test_a_spoiled_document_never_reads_otherwise_than_strictly(documents, data):
    spoiled = spoil(data.draw(st.sampled_from(documents)), data)
    agree([*documents, spoiled])
    agree([spoiled, *documents])


@settings(max_examples=150)
@given(written(), st.data())
def test_a_doubled_or_dropped_node_never_reads_otherwise_than_strictly(raw, data):
    parts = re.findall(rb"<[^>]*>[^<]*", raw)
    for _ in range(data.draw(st.integers(1, 2))):
        at, size = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.sampled_from([1, 2, 2, 4, 10]))
        if data.draw(st.booleans()):
            parts[at:at] = parts[at : at + size]
        else:
            del parts[at + 1 : at + 1 + size]
    agree([raw, b"".join(parts)])


@given(st.lists(written(fewest=1), min_size=2, max_size=4), st.data())
def test_pieces_of_several_documents_never_read_otherwise_than_strictly(documents, data):
    pieces = [re.split(rb"(?=<IdInfo|<JobsDetail)|(?<=</IdInfo>)|(?<=</JobsDetail>)", raw) for raw in documents]
    mixed = data.draw(st.lists(st.sampled_from([piece for some in pieces for piece in some]), max_size=8))
    agree([*documents, b"".join([pieces[0][0], *mixed, pieces[-1][-1]])])


def test_a_spoiled_document_costs_no_other(data):
    good = (data / "responses" / "licence.xml").read_bytes()
    bad = [good.replace(b"<Score>99", b"<Score>999"), good[:900], b"", good.replace(b"/Point>", b"Point>", 1)]
    documents = [good, bad[0], good, bad[1], bad[2], good, bad[3], good]
    assert agree(documents) == [1, 3, 4, 6]


@pytest.mark.parametrize("name", ["licence", "callback", "failed", "no_card", "submitted", "list_page",
                                  "id_card_english", "id_card_chinese_compact"])  # fmt: skip
def test_the_documents_of_the_service_are_read_fast(data, name):
    assert agree([(data / "responses" / f"{name}.xml").read_bytes()]) == []


@pytest.mark.parametrize(
    "raw",
    [
        document(),
        PROLOG + b"\r\n" + document(b"\r\n   <Message />\r\n"),
        b"<?xml version='1.0' encoding='UTF-8'?>" + document(),
        document(b"<EndTime>-</EndTime><StartTime/><CreationTime>2024-02-29T23:59:59+0800</CreationTime>"),
        document(b"<Message>a &amp;amp; b &lt; c</Message>"),
        document("<Message>样本　ｆｕｌｌ�</Message>".encode()),
        document(b"<Operation><UserData>  \n </UserData></Operation>"),
        document(b"<Operation></Operation><Input>\n\n\t </Input>"),
        document(RESULT % b"<Code>C</Code><Message>M</Message><State>Failed</State>"),
        field(b"<Location></Location><DetectedText/>"),
        field(b"<Name></Name><Score></Score>"),
        field(b"<Location><Point>1,2</Point></Location><Name>a</Name>"),
        field(b"<Location>" + b"<Point>1234567,87654321</Point>" * 4 + b"</Location>"),
        document()[:-11] + b"<NextToken>1</NextToken></Response>",
        field(
            b"<Location><Point>-1,-20</Point><Point>30000,-1</Point><Point>-12345,6</Point><Point>7,-8</Point></Location>"
        ),
        b"<Response></Response>",
        b"<Response>\n</Response>",
    ],
)
def test_plain_documents_are_not_given_up(raw):
    assert agree([raw, raw]) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<Response>",
        document(b"<EndTime>2023-02-29T00:00:00+0800</EndTime>"),
        document(b"<EndTime>2023-02-28T24:00:00+0800</EndTime>"),
        document(b"<EndTime>2023-02-28T00:00:00-0800</EndTime>"),
        document(b"<Progress>101</Progress>"),
        document(b"<Message>\x0b</Message>"),
        document(b"<Message>\xed\xa0\x80</Message>"),
        document(b"<Message>&#x41;</Message>"),
        document(b"<Message>a"),
        document(b"<JobId>j2</JobId>"),
        document(b"<><<>>"),
        document(b">< <"),
        document(b"x"),
        document(b"\n x"),
        document(job=b"<JobsDetail><JobId/><State>Success</State>%s</JobsDetail>"),
        document(job=b"<JobsDetail><JobId>1</JobId>%s</JobsDetail>"),
        document(job=b"<JobId>%s</JobId>"),
        document() + document(),
        document() + b"<Response>",
        field(b"<Score>1.0</Score>"),
        field(b"<Location><Point/></Location>"),
        field(b"<Location><Point></Point></Location>"),
        field(b"<Location><Point>12345678,1</Point></Location>"),
        field(b"<Location><Point>1,</Point></Location>"),
        field(b"<Location><Point>,1</Point></Location>"),
        field(b"<Location><Point>1;1</Point></Location>"),
        b'{"JobsDetail": []}',
    ],
)
def test_what_is_not_plain_is_given_up(raw):
    assert agree([document(), raw]) == [1]


def test_white_space_at_either_end_of_a_text_is_given_up():
    assert agree([document(b"<Message> a</Message>"), document(b"<Message>a\n</Message>")]) == [0, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.decode().encode("ascii", "xmlcharrefreplace"),
        lambda raw: re.sub(rb"&#([0-9]+);", lambda m: b"&#x%X;" % int(m[1]), raw.decode().encode("ascii", "xmlcharrefreplace")),
        lambda raw: raw.replace("姓名".encode(), b"a &gt; b &amp;#22995;"),
        lambda raw: raw.replace("姓名".encode(), b"a\n\tb]]"),
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\n" + raw + b"\r\n",
        lambda raw: raw.rstrip() + b"\r\n" * 200,
        lambda raw: re.sub(rb">\s+<", b"><", raw),
        lambda raw: re.sub(rb">\s+<", b">\n\r\n" + b"\t" * 150 + b"<", raw),
        lambda raw: raw.replace("姓名".encode(), b"a > b>c/>"),
        lambda raw: raw.replace("姓名".encode(), b"</a".replace(b"<", b"&lt;") + b">"),
    ],
    ids=["references", "hexadecimal references", "references by name", "line breaks", "line ends", "white space around",
         "line ends behind", "compact", "wide", "bare brackets", "half a tag"],
)  # fmt: skip
def test_other_ways_of_writing_are_read_fast(data, change):
    raw = (data / "responses" / "licence.xml").read_bytes()
    changed = change(raw)
    assert changed != raw
    assert agree([raw, changed, changed.replace(b"<Score>99", b"<Score>98"), raw]) == []


@pytest.mark.parametrize(
    "raw",
    [
        document(b"<Message><![CDATA[a &amp; b]]></Message>"),
        document(b"<Message><![CDATA[a]]><![CDATA[b]]></Message>"),
        document(b"<Message>a<![CDATA[b]]></Message>"),
        document(b"<Message><![CDATA[a]]>b</Message>"),
        document(b"<Message><![CDATA[ a]]></Message>"),
        document(b"<Message>a]]>b</Message>"),
        document(b"<Message>a\rb</Message>"),
        document(b"<Message>a>\rb</Message>"),
        document(b"<Message>>\r</Message>"),
        document(b"<Message>\r</Message>"),
        document(b"<Tag>a>\r\nb</Tag>"),
        document(b"<Message>]]></Message>"),
        document(b"<Message>a</Message ><Tag>></Tag>"),
        document(b"<Message>a</Message><?go on?>"),
        document(b"<Message>a</Message><!-- > -->"),
        b"<!-- a -->" + document(),
        document() + b"<?go on?>",
        b"\xef\xbb\xbf" + document(),
        document().decode().encode("utf-16"),
        document(b"<Message>&#13;a</Message>"),
        document(b"<Message>&#xFFFE;</Message>"),
        document(b"<Message>&#xD800;</Message>"),
        document(b"<Message a='<'>b</Message>"),
        document(b"<Message a='1' a='2'>b</Message>"),
        b'<?xml version="1.0" encoding="gbk"?>' + document(),
        field(b"").replace(b"<IdInfo>", b"<IdInfo>\n"),
    ],
)
def test_what_is_written_in_odd_ways_is_left_to_the_strict_parser(raw):
    assert agree([document(b"<Message>b</Message>"), raw]) == [1]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"<JobsDetail>", b"<JobsDetail a=\"1\" b='&amp;'>"),
        lambda raw: raw.replace(b"<Name>", b'<Name lang="zh">'),
        lambda raw: raw.replace(b"<IdInfo>", b'<IdInfo n="1">'),
        lambda raw: re.sub(rb"(<(?:Name|DetectedText|JobId)>)([^<]*)", rb"\1<![CDATA[\2]]>", raw),
    ],
    ids=["attributes", "attribute of a text", "attribute of a field", "CDATA"],
)
def test_attributes_and_sections_are_left_to_the_strict_parser(data, change):
    raw = (data / "responses" / "licence.xml").read_bytes()
    assert agree([raw, change(raw), raw]) == [1]


def test_a_tag_that_goes_on_in_the_next_document_is_no_tag():
    whole = document(b"<Message>a</Message>")
    for cut in range(1, len(whole)):
        assert agree([whole, whole[:cut], whole[cut:], whole]) == [1, 2]


def test_tags_of_one_document_do_not_refuse_its_neighbors():
    whole = document(b"<Message>a</Message>")
    for odd in (
        b"</Message>",
        b"<Message>",
        b"<Error><Code>a</Code></Error>",
        whole.replace(b"<Response>", b"</JobId>"),
    ):
        assert agree([whole, odd, whole]) == [1]


def test_carriage_returns_of_a_refused_document_are_not_counted_for_others():
    lines = indent(document(b"<Message>a</Message>")).replace(b"\n", b"\r\n")
    odd = [lines.replace(b"<Message>", b"<Massage>"), lines.replace(b"j1", b"\x01"), lines.replace(b"</Response>", b"")]
    hidden = document(b"<Message>a\rb</Message>")
    assert agree([lines, *odd, hidden, lines]) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "fewer",
    [
        field(b"<Score>%s9</Score>" % (b" " * 7)),
        field(b"<Location><Point>%s1,2</Point></Location>" % (b" " * 7)),
        document(b"<EndTime>%s-</EndTime>" % (b" " * 7)),
        document(b"<Message />" * 7),
        document(b"<Message>       </Message>"),
        document(b"<Message>aaaaaaa</Message><Message/>"),
        document(b"<Message>&amp;aaa&amp;a</Message>"),
        b"<?xml version='1.0'?>" + document(b"<Massage/>"),
        b"<?xml version='1.0'?>" + b"a" * 7,
    ],
)
def test_bytes_between_tags_are_found_though_other_documents_lack_some(fewer):
    # The second to last one is refused with 86 bytes of tags.
    for size in range(1, 100 if fewer.startswith(b"<?xml") else 21):
        assert 1 in agree([fewer, document(b"<Message/>" + b"x" * size), document()])


def test_halves_of_a_character_in_two_texts_are_no_character():
    first, second = (document(b"<Message>%s</Message>" % half) for half in ("样".encode()[:1], "样".encode()[1:]))
    assert agree([document(), first, second, document()]) == [1, 2]
    assert agree([field(b"<Name>\xe6</Name><DetectedText>\xa0\xb7</DetectedText>"), document()]) == [0]


@pytest.mark.parametrize("text", ["样本", "a\tb", "a\nb", "\uff08", "&amp;&lt;样", "a&amp;", "&amp;", "]] >"])
def test_texts_of_any_characters_are_read_fast_one_behind_the_other(text):
    raw = field(f"<Name>{text}</Name><DetectedText>&gt;</DetectedText>".encode())
    agree([raw] * 3)
    assert agree([document(f"<Message>{text}</Message>".encode())]) == []


def test_a_document_may_have_its_texts_in_any_order_within_a_job():
    one = document(RESULT % b"<IdInfo><Name>a</Name></IdInfo><Status>1</Status>")
    other = one.replace(b"<JobId>j1</JobId>", b"").replace(b"</JobsDetail>", b"<JobId>j2</JobId></JobsDetail>")
    assert agree([one, other]) == []
    both = one.replace(b"</JobsDetail>", b"<JobId>j2</JobId></JobsDetail>")
    assert agree([one, other, both]) == [2]


def test_random_mixtures_read_as_the_strict_parser_reads_them():
    documents = random_responses.documents(400, seed=11)
    for raw in agree(documents):
        with pytest.raises(DecodeError):
            decode(documents[raw])


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.data())
def test_spoiled_mixtures_never_read_otherwise_than_strictly(seed, data):
    documents = random_responses.documents(3, seed)
    agree([*documents, spoil(data.draw(st.sampled_from(documents)), data)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_of_ten_thousand_mutated_documents_none_reads_otherwise_than_strictly(seed):
    chance = random.Random(seed)
    for _ in range(25):
        documents = random_responses.documents(20, chance.randrange(10**9))
        for place, raw in enumerate(documents):
            at, size = chance.randrange(len(raw)), chance.randint(1, 40)
            documents[place] = chance.choice(
                [raw[:at] + raw[at + size :], raw[: at + size] + raw[at:], raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :],
                 raw[:at] + chance.choice([b"<", b">", b"&", b"]]>", b"\r", b"<Name/>", b"</IdInfo>", b"<IdInfo>", b"-"]) + raw[at:]]
            )  # fmt: skip
        agree(documents)


def test_nothing_gives_nothing():
    assert read_columns([]) == (None, [])


@pytest.mark.parametrize("word", [b"xml", b"version", b"encoding"])
def test_a_prolog_in_capitals_is_left_to_the_strict_parser(word):
    job = b"<Response><JobsDetail><JobId>j</JobId><State>Running</State></JobsDetail></Response>"
    prolog = b'<?xml version="1.0" encoding="utf-8"?>'
    assert list(read_columns([prolog.replace(b"utf-8", b"UTF-8") + job])[1]) == []
    assert list(read_columns([prolog.replace(word, word.upper()) + job])[1]) == [0]


@pytest.mark.parametrize(
    "first", [b"\x08", b"\x0b", b"\x1f", b"\r", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xe5\xa7", b"&nbsp;"]
)
@pytest.mark.parametrize("place", [0, 511, 512, 4095])
def test_a_character_that_is_not_plain_refuses_its_own_document_only(first, place):
    # The documents are longer than one block in which characters are sought, so that each block boundary is crossed.
    whole = [document(b"<Message>" + b"x" * (300 + place % 7) + b"</Message>") for _ in range(4096)]
    whole[place] = document(b"<Message>a" + first + b"b</Message>")
    columns, refused = read_columns(whole)
    assert refused == [place]
    assert np.count_nonzero(columns.document != REFUSED) == 4095


BROKEN = [
    b"<IdInfo><Name>\xff</Name></IdInfo>",
    b"<IdInfo><Name>\xe6\xa0</Name></IdInfo>",
    b"<IdInfo><Name>a]]>b</Name></IdInfo>",
    b"<IdInfo><Score>9 </Score></IdInfo>",
    b"<IdInfo><Score>9\r9</Score></IdInfo>",
    b"<IdInfo><Location><Point> 1, 2 </Point></Location></IdInfo>",
    b"<IdInfo><Name>a</Name><Name>b</Name></IdInfo>",
    b"<IdInfo><Name>a</Name>\xff</IdInfo>",
    b"<IdInfo><Name>a</Name>b</IdInfo>",
    b"<IdInfo><Name>a</Name>\x01</IdInfo>",
    b"<IdInfo><Name>a</DetectedText></IdInfo>",
    b"<IdInfo>",
    b"<IdInfo><Name>a</Na",
]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 39), st.sampled_from(BROKEN)), min_size=1, max_size=6))
def test_broken_documents_cost_no_other_document(broken):
    whole = [document(RESULT % b"<IdInfo><Name>a b</Name><DetectedText>c</DetectedText></IdInfo>")] * 40
    for place, inside in broken:
        whole[place] = document(RESULT % inside)
    assert agree(whole) == sorted(dict(broken))


def is_odd(text):
    """Whether a text holds something that XML changes or forbids, by decoding it alone."""
    try:
        found = text.decode()
    except UnicodeDecodeError:
        return True
    return any(word in found for word in ("\r", "]]>", "\ufffe", "\uffff"))


PARTS = [b"a", b"]", b">", b"\r", b"\n", "样".encode(), "😀".encode(), b"\xe6", b"\xa0", b"\xb7", b"\xef\xbf", b"\xbe", b"\xbf", b"\xff", b"\xed\xa0\x80"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=4).map(b"".join), min_size=1, max_size=200))
def test_odd_texts_are_those_that_are_odd_by_themselves(texts):
    ends = np.cumsum([0, *map(len, texts)])
    found = set(odd_texts(ends, np.frombuffer(b"".join(texts), np.uint8)).tolist())
    # An empty text within a cut character may be among them: its document is read by the strict parser, with the same result.
    assert {number for number in found if texts[number]} == {n for n, text in enumerate(texts) if is_odd(text)}


def test_a_character_cut_between_two_texts_breaks_both():
    one, other = (field(b"<Name>%s</Name>" % cut) for cut in ("样".encode()[:2], "样".encode()[2:]))
    clean = field("<Name>样</Name>".encode())
    assert read_columns([clean, one, other, clean])[1] == [1, 2]


def test_brackets_at_the_border_of_two_texts_break_neither():
    assert agree([field(b"<Name>]]</Name>"), field(b"<Name>&gt;</Name>"), field(b"<Name>a]</Name>")]) == []


@given(
    st.lists(st.sampled_from(["a", "样", "&lt;", "&amp;", "&quot;", "&gt;", "&apos;", "&amp;lt;"]), min_size=1),
    st.integers(1, 4),
)
def test_references_are_replaced_in_every_text(parts, times):
    raw = document(b"<Message>" + "".join(parts).encode() + b"</Message><QueueId>q&amp;q</QueueId>")
    assert agree([raw] * times) == []
