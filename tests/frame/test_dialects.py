"""Answers of other services in the frame. The documents are written after the public references, with texts of specimens."""

import contextlib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cardocr_nb as ocr
from cardocr_nb.errors import CardOCRError, DecodeError
from cardocr_nb.frame import DIALECTS, DialectReading, to_frame
from cardocr_nb.quality import compare

NUMBER = "990101197412010014"
BOX = {"left": 10, "top": 20, "width": 30, "height": 8}
CORNERS = [{"x": 10, "y": 20}, {"x": 40, "y": 20}, {"x": 40, "y": 28}, {"x": 10, "y": 28}]
ON_CARD = {
    "name": "样本",
    "gender": "女",
    "ethnicity": "汉",
    "birth_date": "1974年12月1日",
    "address": "样本省示例市标本路9号",
    "id_number": NUMBER,
}
ON_LICENSE = {
    "licence_number": NUMBER,
    "name": "样本",
    "gender": "女",
    "nationality": "中国",
    "address": "样本省示例市标本路9号",
    "birth_date": "1974-12-01",
    "first_issue_date": "2019-09-09",
    "vehicle_class": "C1",
    "valid_period": "2019-09-09至2029-09-09",
}

TENCENT_ID = {
    "Response": {
        "Name": "样本",
        "Sex": "女",
        "Nation": "汉",
        "Birth": "1974/12/1",
        "Address": "样本省示例市标本路9号",
        "IdNum": NUMBER,
        "Authority": "",
        "ValidDate": "",
        "AdvancedInfo": '{"WarnInfos":[-9102]}',
        "RequestId": "r-1",
    }
}
TENCENT_LICENSE = {
    "Response": {
        "Name": "样本",
        "Sex": "女",
        "Nationality": "中国",
        "Address": "样本省示例市标本路9号",
        "DateOfBirth": "1974-12-01",
        "DateOfFirstIssue": "2019-09-09",
        "Class": "C1",
        "StartDate": "2019-09-09",
        "EndDate": "2029-09-09",
        "CardCode": NUMBER,
        "ArchivesCode": "",
        "Record": "",
        "IssuingAuthority": "",
        "RequestId": "r-2",
    }
}
BAIDU_ID = {
    "log_id": 1,
    "image_status": "normal",
    "words_result_num": 6,
    "words_result": {
        label: {"words": words, "location": BOX, "probability": {"average": 0.987, "min": 0.9, "variance": 0.0}}
        for label, words in {
            "姓名": "样本",
            "性别": "女",
            "民族": "汉",
            "出生": "19741201",
            "住址": "样本省示例市标本路9号",
            "公民身份号码": NUMBER,
        }.items()
    },
}
BAIDU_LICENSE = {
    "log_id": 2,
    "words_result_num": 10,
    "words_result": {
        label: {"words": words}
        for label, words in {
            "证号": NUMBER,
            "姓名": "样本",
            "性别": "女",
            "国籍": "中国",
            "住址": "样本省示例市标本路9号",
            "出生日期": "19741201",
            "初次领证日期": "20190909",
            "准驾车型": "C1",
            "有效期限": "20190909",
            "至": "20290909",
        }.items()
    },
}


def alibaba(texts, details=()):
    face = {"data": texts, "prism_keyValueInfo": list(details), "warning": {}}
    return {"RequestId": "r-3", "Data": json.dumps({"data": {"face": face}}, ensure_ascii=False)}


ALIBABA_ID = alibaba(
    {
        "name": "样本",
        "sex": "女",
        "ethnicity": "汉",
        "birthDate": "1974年12月1日",
        "address": "样本省示例市标本路9号",
        "idNumber": NUMBER,
    },
    [{"key": "name", "keyProb": 100, "value": "样本", "valueProb": 97, "valuePos": CORNERS}],
)
ALIBABA_LICENSE = alibaba(
    {
        "licenseNumber": NUMBER,
        "name": "样本",
        "sex": "女",
        "nationality": "中国",
        "address": "样本省示例市标本路9号",
        "birthDate": "1974-12-01",
        "initialIssueDate": "2019-09-09",
        "approvedType": "C1",
        "validFromDate": "2019-09-09",
        "validPeriod": "2019-09-09至2029-09-09",
    }
)
CARDS = [("tencent", TENCENT_ID), ("baidu", BAIDU_ID), ("alibaba", ALIBABA_ID)]
LICENSES = [("tencent", TENCENT_LICENSE), ("baidu", BAIDU_LICENSE), ("alibaba", ALIBABA_LICENSE)]


def read(document, dialect, key="1.jpg", **options):
    return ocr.read_responses(json.dumps({"key": key, "response": document}).encode(), dialect=dialect, **options)


def own(texts, card_type):
    """The same card in the frame of this service."""
    fields = [ocr.Field(ocr.cards.printed(name, card_type), text, 99) for name, text in texts.items()]
    return to_frame(ocr.CardResult(tuple(fields), status=1, key="1.jpg"))


@pytest.mark.parametrize(("dialect", "document"), CARDS)
def test_an_identity_card_agrees_with_the_card_field_by_field(dialect, document):
    found = read(document, dialect)
    assert set(found["card_type"]) == {"IDCard"}
    compared = compare(found, own(ON_CARD, "IDCard")).fields
    assert dict(zip(compared["field"], compared["share"], strict=True)) == dict.fromkeys(ON_CARD, 1.0)


@pytest.mark.parametrize(("dialect", "document"), LICENSES)
def test_a_license_agrees_with_the_card_field_by_field(dialect, document):
    found = read(document, dialect)
    assert set(found["card_type"]) == {"DriverLicense"}
    compared = compare(found, own(ON_LICENSE, "DriverLicense")).fields
    assert dict(zip(compared["field"], compared["share"], strict=True)) == dict.fromkeys(ON_LICENSE, 1.0)


@pytest.mark.parametrize("cards", [CARDS, LICENSES])
def test_vendors_are_compared_with_each_other(cards):
    frames = [read(document, dialect) for dialect, document in cards]
    for other in frames[1:]:
        assert compare(frames[0], other).flips.empty


def test_missing_scores_and_polygons_stay_missing():
    tencent = read(TENCENT_ID, "tencent")
    assert tencent["score"].isna().all()
    assert tencent["polygon"].isna().all()
    alibaba_card = read(ALIBABA_ID, "alibaba").set_index("field")
    assert alibaba_card["score"].dropna().to_dict() == {"name": 97}
    assert alibaba_card["polygon"].notna().sum() == 1


@pytest.mark.parametrize(("dialect", "document"), [("baidu", BAIDU_ID), ("alibaba", ALIBABA_ID)])
def test_polygons_run_as_those_of_the_service(dialect, document):
    name = read(document, dialect).set_index("field").loc[["name"], "polygon"]
    assert name.array.to_points()[0].tolist() == [[10, 20], [10, 28], [40, 28], [40, 20]]


def test_a_probability_becomes_a_score_of_0_to_100():
    assert read(BAIDU_ID, "baidu")["score"].unique().tolist() == [99]
    plain = {"words_result": {"姓名": {"words": "样本", "probability": 0.5}}}
    assert read(plain, "baidu")["score"].tolist() == [50]


@pytest.mark.parametrize(
    ("dialect", "document", "code"),
    [
        ("tencent", {"Response": {"Error": {"Code": "FailedOperation.ImageBlur", "Message": "blur"}}}, "FailedOperation.ImageBlur"),
        ("baidu", {"error_code": 17, "error_msg": "Open api daily request limit reached"}, "17"),
        ("alibaba", {"RequestId": "r", "Code": "noPermission", "Message": "no"}, "noPermission"),
        ("alibaba", {"statusCode": 403, "body": {"requestId": "r", "code": "noPermission", "message": "no"}}, "noPermission"),
        ("lines", {"logId": "r", "errorCode": 500, "errorMsg": "Internal server error"}, "500"),
        ("lines", {"code": 200, "data": "Image path dose not exist."}, "200"),
        ("lines", {"msg": "bad", "results": "", "status": "101"}, "101"),
    ],
)  # fmt: skip
def test_an_error_becomes_a_failed_row(dialect, document, code):
    row = read(document, dialect).iloc[0]
    assert (row["key"], row["state"], row["code"]) == ("1.jpg", "Failed", code)
    assert pd.isna(row["field"])


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        ("tencent", {"Response": {"Name": "", "IdNum": "", "Authority": "样本局", "RequestId": "r"}}),
        ("baidu", {"image_status": "non_idcard", "words_result": []}),
        ("alibaba", {"Data": '{"data": {"back": {"data": {}}}}'}),
    ],
)
def test_a_picture_without_a_card_keeps_a_row_that_found_nothing(dialect, document):
    row = read(document, dialect).iloc[0]
    assert (row["state"], row["status"]) == ("Success", 0)
    assert pd.isna(row["card_type"])


@pytest.mark.parametrize("status", ["blurred", "over_dark", "non_idcard", "reversed_side"])
def test_what_baidu_says_of_a_picture_is_in_the_message(status):
    empty = read({"image_status": status, "words_result": []}, "baidu")
    assert empty["message"].tolist() == [f"image_status {status}"]
    found = read({"image_status": status, "words_result": {"姓名": {"words": "样本"}}}, "baidu")
    assert found[["state", "text", "message"]].to_numpy().tolist() == [["Success", "样本", f"image_status {status}"]]
    normal = read({"image_status": "normal", "words_result": {"姓名": {"words": "样本"}}}, "baidu")
    assert normal["message"].isna().all()


@pytest.mark.parametrize(
    ("dialect", "document", "message"),
    [
        ("tencent", TENCENT_ID, "WarnInfos -9102"),
        ("tencent", {"Response": TENCENT_ID["Response"] | {"AdvancedInfo": '{"WarnInfos": [-9102, -9103]}'}}, "WarnInfos -9102, -9103"),
        ("tencent", {"Response": TENCENT_ID["Response"] | {"AdvancedInfo": '{"IdCard": "", "WarnInfos": []}'}}, None),
        ("tencent", {"Response": TENCENT_ID["Response"] | {"AdvancedInfo": "removed"}}, "AdvancedInfo must be a JSON text"),
        ("tencent", {"Response": TENCENT_LICENSE["Response"] | {"RecognizeWarnCode": [-9102], "RecognizeWarnMsg": ["copy"]}},
         "RecognizeWarnCode -9102"),
        ("baidu", BAIDU_ID | {"risk_type": "copy"}, "risk_type copy"),
        ("baidu", BAIDU_ID | {"risk_type": "normal", "idcard_number_type": 1, "card_quality": {"IsClear": 1, "IsClear_propobility": 0.0}}, None),
        ("baidu", BAIDU_ID | {"image_status": "blurred", "risk_type": "screen", "idcard_number_type": 3, "card_quality": {"IsComplete": 0}},
         "image_status blurred; risk_type screen; card_quality IsComplete 0; idcard_number_type 3"),
        ("baidu", BAIDU_ID | {"card_quality": "poor", "warn_infos": [{"code": 1}], "risk_type": 3},
         "risk_type 3; card_quality poor; warn_infos (1 in another form)"),
        ("tencent", {"Response": TENCENT_ID["Response"] | {"AdvancedInfo": "null"}}, None),
        ("tencent", {"Response": TENCENT_ID["Response"] | {"AdvancedInfo": '{"WarnInfos": [{"Code": -9102}]}'}}, "WarnInfos (1 in another form)"),
        ("baidu", BAIDU_LICENSE | {"warn_infos": ["shield", "incomplete"]}, "warn_infos shield, incomplete"),
    ],
)  # fmt: skip
def test_what_a_service_warns_of_is_in_the_message(dialect, document, message):
    assert set(read(document, dialect)["message"].dropna()) == ({message} if message else set())


def test_a_copy_and_a_photo_of_a_screen_are_in_the_message_of_alibaba():
    answer = json.loads(ALIBABA_ID["Data"])
    answer["data"]["face"]["warning"] = {"completenessScore": 99.6, "tamperScore": 2.5, "isCopy": 1, "isReshoot": 0}
    assert set(read({"Data": json.dumps(answer)}, "alibaba")["message"]) == {"isCopy"}
    answer["data"]["face"]["warning"] = ["copy"]
    assert set(read({"Data": json.dumps(answer)}, "alibaba")["message"]) == {"warning copy"}


def test_the_sdks_of_alibaba_for_java_and_javascript_write_lower_case():
    document = {"headers": {}, "statusCode": 200, "body": {"requestId": "r", "data": ALIBABA_ID["Data"]}}
    pd.testing.assert_frame_equal(read(document, "alibaba"), read(ALIBABA_ID, "alibaba"))
    opened = {"body": {"Data": json.loads(ALIBABA_ID["Data"])["data"]}}
    pd.testing.assert_frame_equal(read(opened, "alibaba"), read(ALIBABA_ID, "alibaba"))


def test_numbers_that_are_texts_are_numbers():
    as_texts = json.loads(json.dumps(BAIDU_ID), parse_int=str, parse_float=str)
    pd.testing.assert_frame_equal(read(as_texts, "baidu"), read(BAIDU_ID, "baidu"))
    as_texts = json.loads(ALIBABA_ID["Data"], parse_int=str, parse_float=str)
    pd.testing.assert_frame_equal(read({"Data": json.dumps(as_texts)}, "alibaba"), read(ALIBABA_ID, "alibaba"))


@pytest.mark.parametrize("given", ["", "nan", "inf", "1_0", "0x1", "ten", "1e999", "9" * 13])
def test_other_texts_are_no_numbers(given):
    with pytest.raises(DecodeError, match="must be a number, got str"):
        read({"words_result": {"姓名": {"words": "样本", "probability": given}}}, "baidu")


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        ("baidu", {"words_result": {"姓名": {"words": "样本"}, "证号": {"words": NUMBER}, "档案编号": {"words": "990"}, "记录": {"words": ""}}}),
        ("tencent", {"Response": {"Name": "样本", "CardCode": NUMBER, "Sex": "", "Class": "", "DateOfFirstIssue": "", "ArchivesCode": "990"}}),
    ],
)  # fmt: skip
def test_the_second_page_of_a_license_alone_is_left_out(dialect, document):
    row = read(document, dialect).iloc[0]
    assert (row["state"], row["status"]) == ("Success", 0)
    assert pd.isna(row["card_type"])


def test_of_both_pages_of_a_license_the_main_page_is_read():
    both = BAIDU_LICENSE | {
        "words_result": BAIDU_LICENSE["words_result"] | {"档案编号": {"words": "990"}, "记录": {"words": "样"}}
    }
    pd.testing.assert_frame_equal(read(both, "baidu"), read(BAIDU_LICENSE, "baidu"))


def test_files_are_keyed_by_their_path_or_by_a_function(tmp_path):
    (tmp_path / "1.jpg.json").write_text(json.dumps(TENCENT_ID), encoding="utf-8")
    (tmp_path / "2.jpg.json").write_text("<Response/>", encoding="utf-8")
    found = ocr.read_responses(
        tmp_path, dialect="tencent", errors="row", keys=lambda path: path.rpartition("/")[2].removesuffix(".json")
    )
    assert found["key"].unique().tolist() == ["1.jpg", str(tmp_path / "2.jpg.json")]
    assert found["state"].iloc[-1] == "Unreadable"
    with pytest.raises(DecodeError, match="1 of 2 files could not be read"):
        ocr.read_responses(tmp_path, dialect="tencent")


def test_a_function_of_ones_own_is_a_dialect():
    def mine(document):
        return DialectReading((ocr.Field("姓名", document["who"], 70),), "IDCard")

    assert read({"who": "样本"}, mine)["text"].tolist() == ["样本"]


def test_an_unknown_name_and_dask_are_refused():
    with pytest.raises(ValueError, match="dialect must be tencent, baidu, alibaba, lines or a function"):
        read(TENCENT_ID, "acme")
    with pytest.raises(ValueError, match="engine='pandas'"):
        ocr.read_responses("x.json", dialect="baidu", engine="dask")


hidden = "某个秘密文字"
leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(hidden)
names = st.sampled_from(
    ["Response", "Error", "Code", "Message", "Name", "IdNum", "CardCode", "EndDate", "words_result", "words", "location",
     "left", "top", "width", "height", "probability", "average", "姓名", "有效期限", "至", "error_code", "body", "Data", "data",
     "face", "prism_keyValueInfo", "key", "valuePos", "valueProb", "x", "y", "name", "validPeriod", "response"]
)  # fmt: skip
trees = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)


def mutated(document, path, value):
    """The document with another value at a path of places."""
    if not path or not isinstance(document, dict | list) or not document:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    place = list(copy)[path[0] % len(copy)] if isinstance(copy, dict) else path[0] % len(copy)
    copy[place] = mutated(copy[place], path[1:], value)
    return copy


@given(
    st.sampled_from([*CARDS, *LICENSES]),
    st.lists(st.integers(0, 20), max_size=5),
    trees,
)
def test_malformed_documents_raise_the_errors_of_the_project_and_quote_nothing(case, path, value):
    dialect, document = case
    if dialect == "alibaba" and path[:1] != [0]:
        inner = mutated(json.loads(document["Data"]), path, value)
        broken = document | {"Data": json.dumps(inner)}
    else:
        broken = mutated(document, path, value)
    try:
        reading = DIALECTS[dialect](broken if isinstance(broken, dict) else {"words_result": broken})
    except CardOCRError as e:
        assert not [text for text in (hidden, "样本") if text in str(e)]  # noqa: PT017 - not every mutation is an error
    else:
        assert hidden not in repr(reading)
        to_frame(ocr.CardResult(reading.fields, key="a"))


@given(st.sampled_from(list(DIALECTS)), st.dictionaries(names, trees, max_size=4))
def test_any_json_object_is_a_reading_or_a_decode_error(dialect, document):
    with contextlib.suppress(DecodeError):
        DIALECTS[dialect](document)


@pytest.fixture(scope="module")
def lines_of():
    """Lines of a specimen as RapidOCR itself returns them, with its defaults."""
    from rapidocr import RapidOCR

    from cardocr_nb.specimen import draw

    reader = RapidOCR(params={"Global.log_level": "critical"})

    def read_lines(kind, seed):
        specimen = draw(kind, seed)
        return specimen.texts, reader(np.asarray(specimen.image.convert("RGB"))[:, :, ::-1]).to_json()

    return read_lines


@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "seed"), [("IDCard", 41), ("DriverLicense", 42)])
def test_fields_are_found_among_the_lines_of_rapidocr(lines_of, kind, seed):
    texts, lines = lines_of(kind, seed)
    found = read(json.loads(json.dumps(lines)), "lines")
    assert set(found["card_type"]) == {kind}
    assert found["score"].between(0, 100).all()
    assert found["polygon"].notna().all()
    compared = compare(found, own(texts, kind)).fields
    assert (compared["share"] == 1).mean() >= 0.8  # a general reader joins or drops lines now and then


RAPID = [{"box": [[10, 20], [50, 20], [50, 40], [10, 40]], "txt": "姓名样本", "score": 0.9}]


@pytest.mark.parametrize(
    "document",
    [
        RAPID,
        {"res": {"rec_texts": ["姓名样本"], "rec_scores": [0.9], "rec_polys": [RAPID[0]["box"]]}},
        {"rec_texts": ["姓名样本"], "rec_scores": [0.9], "dt_polys": [RAPID[0]["box"]]},
        [[RAPID[0]["box"], ["姓名样本", 0.9]]],
        [[[RAPID[0]["box"], ["姓名样本", 0.9]]]],
    ],
)
def test_the_formats_of_text_lines_are_read_alike(document):
    raw = json.dumps(document).encode()
    pd.testing.assert_frame_equal(
        ocr.read_responses(raw, dialect="lines"), ocr.read_responses(json.dumps(RAPID).encode(), dialect="lines")
    )


@pytest.mark.parametrize(
    "document",
    [
        [1],
        [{"box": [[1, 2]], "txt": "样本", "score": 0.5}],
        [{"box": RAPID[0]["box"], "txt": 7, "score": 0.5}],
        [{"box": RAPID[0]["box"], "txt": "样本", "score": 7}],
        {"rec_texts": ["样本"], "rec_scores": [], "rec_polys": []},
    ],
)
def test_wrong_lines_are_decode_errors_without_texts(document):
    with pytest.raises(DecodeError) as caught:
        ocr.read_responses(json.dumps(document).encode(), dialect="lines")
    assert "样本" not in str(caught.value)


coordinates = st.integers(-100, 2000) | st.floats(-100, 2000)
boxes = st.lists(st.tuples(coordinates, coordinates).map(list), min_size=4, max_size=4)
words = st.sampled_from(["姓名", "性别男民族汉", "公民身份号码", NUMBER, "住址", "证号", "样本", "C1", "2019-09-09"])


@given(st.lists(st.fixed_dictionaries({"box": boxes, "txt": words, "score": st.floats(0, 1)}), max_size=8))
def test_lines_in_any_place_are_a_reading_or_a_decode_error(lines):
    with contextlib.suppress(DecodeError):
        to_frame(ocr.CardResult(DIALECTS["lines"]({"lines": lines}).fields, key="a"))


LICENSE_2023 = {
    "words_result": {
        "证号": {"words": NUMBER},
        "姓名": {"words": "样本"},
        "有效起始日期": {"words": "2019-09-09"},
        "失效日期": {"words": "2029-09-09"},
    },
    "words_result_num": 4,
    "log_id": 1,
}
FRONT, BACK = ({"card_info": {"card_type": f"idcard_{side}", "image_status": "normal"}} for side in ("front", "back"))
MULTI = {
    "words_result": [
        BACK | {"card_result": {"签发机关": {"words": "样本市公安局"}}},
        FRONT | {"card_result": {"姓名": {"words": "样本"}, "公民身份号码": {"words": NUMBER}}},
    ]
}


def read_one(answer, dialect):
    frame = ocr.read_responses(json.dumps({"key": "1.jpg", "response": answer}).encode(), dialect=dialect)
    return dict(zip(frame["field"].astype("str"), frame["text"], strict=True)), frame


def test_baidu_gives_the_end_of_a_license_in_a_field_of_its_own():
    found, frame = read_one(LICENSE_2023, "baidu")
    assert found == {"licence_number": NUMBER, "name": "样本", "valid_period": "2019-09-09至2029-09-09"}
    assert set(frame["card_type"]) == {"DriverLicense"}


@pytest.mark.parametrize(
    ("given", "shown", "place"),
    [
        ({"有效起始日期": "20130909", "有效期限": "6年"}, "6年", 1),
        ({"有效期限": "20130909", "至": "6年"}, "6年", 1),
        ({"有效起始日期": "", "有效期限": "6年"}, "6年", 1),
        ({"有效期限": "6年"}, "6年", 0),
        ({"有效起始日期": "20130909", "有效期限": ""}, "20130909", 0),
        ({"有效起始日期": "20130909", "失效日期": "长期"}, "20130909至长期", 0),
        ({"有效期限": "20130909", "至": "20190909"}, "20130909至20190909", 0),
    ],
)
def test_baidu_gives_the_valid_period_in_all_forms_of_its_reference(given, shown, place):
    entries = {
        label: {"words": words, "location": {"left": 100 * n, "top": 0, "width": 90, "height": 20}}
        for n, (label, words) in enumerate(given.items())
    }
    found, frame = read_one({"words_result": {"证号": {"words": NUMBER}} | entries}, "baidu")
    assert found["valid_period"] == shown
    (polygon,) = frame.loc[frame["field"] == "valid_period", "polygon"]
    assert polygon.points[0] == (100 * place, 0)


@pytest.mark.parametrize(
    ("end", "shown"),
    [("6年", "6年"), ("2029-09-09", "2019-09-09至2029-09-09"), ("长期", "2019-09-09至长期"), ("", "2019-09-09")],
)
def test_tencent_gives_the_term_of_an_older_license_in_place_of_the_end(end, shown):
    answer = {"Response": {"CardCode": NUMBER, "Class": "C1", "StartDate": "2019-09-09", "EndDate": end}}
    assert read_one(answer, "tencent")[0]["valid_period"] == shown


def test_baidu_lists_the_sides_of_a_card_and_two_cards_are_refused():
    assert read_one(MULTI, "baidu")[0] == {"name": "样本", "id_number": NUMBER}
    two = {"words_result": [MULTI["words_result"][1]] * 2}
    with pytest.raises(DecodeError, match="the document has 2 cards"):
        read_one(two, "baidu")
    with pytest.raises(DecodeError, match="general OCR gives a list"):
        read_one({"words_result": [{"words": "样本"}]}, "baidu")


@pytest.mark.parametrize("zero", [0, "0", None])
def test_an_error_code_of_zero_is_no_failure(zero):
    found, frame = read_one({"error_code": zero, "words_result": {"姓名": {"words": "样本"}}}, "baidu")
    assert found == {"name": "样本"}
    assert frame["state"].tolist() == ["Success"]


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (
            {"Data": {"FrontResult": {"Name": "样本", "Nationality": "汉", "IDNumber": NUMBER, "CardAreas": []}}},
            {"name": "样本", "ethnicity": "汉", "id_number": NUMBER},
        ),
        (
            {"Data": {"FaceResult": {"LicenseNumber": NUMBER, "VehicleType": "C1", "StartDate": "20190909", "EndDate": "6年"}}},
            {"licence_number": NUMBER, "vehicle_class": "C1", "valid_period": "6年"},
        ),
        ({"Data": {"BackResult": {"Issue": "样本市公安局"}}}, {}),
        (
            {"success": True, "name": "样本", "nationality": "汉", "num": NUMBER, "birth": "19741201", "address": "NoResult"},
            {"name": "样本", "ethnicity": "汉", "birth_date": "19741201", "id_number": NUMBER},
        ),
        (
            {"success": True, "name": "样本", "addr": "样本路9号", "start_date": "20190909", "end_date": "6"},
            {"name": "样本", "address": "样本路9号", "valid_period": "6年"},
        ),
        ({"success": True, "archive_no": "990000000000"}, {}),
        (
            {"body": {"requestId": "9", "data": {"frontResult": {"name": "样本", "nationality": "汉", "IDNumber": NUMBER}}}},
            {"name": "样本", "ethnicity": "汉", "id_number": NUMBER},
        ),
        (
            {"body": {"data": {"faceResult": {"licenseNumber": NUMBER, "startDate": "20190909", "endDate": "6年"}}}},
            {"licence_number": NUMBER, "valid_period": "6年"},
        ),
    ],
)  # fmt: skip
def test_former_calls_of_alibaba_are_read(answer, fields):
    found, frame = read_one(answer, "alibaba")
    assert {name: text for name, text in found.items() if pd.notna(text)} == fields
    assert frame["state"].tolist() == ["Success"] * max(1, len(fields))


def test_a_refusal_of_the_market_is_a_failed_row():
    _, frame = read_one({"success": False, "msg": "invalid image"}, "alibaba")
    assert frame[["state", "code", "message"]].to_numpy().tolist() == [["Failed", "success=false", "invalid image"]]


@pytest.mark.parametrize(
    ("given", "shown"), [("6年", "6年"), ("2029-09-09", "2019-09-09至2029-09-09"), ("长期", "2019-09-09至长期")]
)
def test_the_valid_period_is_written_as_on_the_license(given, shown):
    face = {"data": {"licenseNumber": NUMBER, "validFromDate": "2019-09-09", "validPeriod": given}}
    data = json.dumps({"data": {"face": face}})
    for escaped in (data, json.dumps(data)):
        assert read_one({"Data": escaped}, "alibaba")[0]["valid_period"] == shown


def test_a_body_that_was_saved_as_a_text_is_read():
    assert read_one(json.dumps(LICENSE_2023), "baidu")[0]["name"] == "样本"


def test_cloud_infinite_answers_in_xml():
    body = f"<Response><IdInfo><Name>样本</Name><IdNum>{NUMBER}</IdNum></IdInfo><RequestId>r</RequestId></Response>"
    frame = ocr.read_responses(body.encode(), dialect="tencent")
    assert frame["text"].tolist() == ["样本", NUMBER]


def card_lines():
    """Box, text and score of the lines of a flat card, as RapidOCR 1 gives them."""
    texts = ["姓名样一", "性别女民族汉", "出生1974年12月1日", "住址样本省示例市标本路9号", f"公民身份号码{NUMBER}"]
    tops, lefts = (40, 90, 140, 190, 330), (60, 60, 60, 60, 60)
    return [
        [[[left, top], [left + 28 * len(text), top], [left + 28 * len(text), top + 30], [left, top + 30]], text, 0.97]
        for text, top, left in zip(texts, tops, lefts, strict=True)
    ]


BOXES, TEXTS, SCORES = (list(column) for column in zip(*card_lines(), strict=True))
RECTANGLES = [[box[0][0], box[0][1], box[2][0], box[2][1]] for box in BOXES]
PADDLE_3 = {
    "rec_texts": TEXTS,
    "rec_scores": SCORES,
    "rec_polys": BOXES,
    "dt_polys": [*BOXES, BOXES[0]],
    "rec_boxes": RECTANGLES,
}
LINE_FORMATS = {
    "RapidOCR 1, lines": card_lines(),
    "RapidOCR 1, lines and times": [card_lines(), [0.1, 0.2, 0.3]],
    "RapidOCR 1, lines and time": [card_lines(), 0.12],
    "RapidOCR 3, columns": {"boxes": BOXES, "txts": TEXTS, "scores": SCORES},
    "RapidOCR 3, to_json": [{"box": b, "txt": t, "score": s} for b, t, s in card_lines()],
    "RapidOCR server": {str(n): {"dt_boxes": b, "rec_txt": t, "score": str(s)} for n, (b, t, s) in enumerate(card_lines())},
    "PaddleOCR 2, image": [[b, [t, s]] for b, t, s in card_lines()],
    "PaddleOCR 2, images": [[[b, [t, s]] for b, t, s in card_lines()]],
    "PaddleOCR 3, result": PADDLE_3,
    "PaddleOCR 3, file": {"res": PADDLE_3},
    "PaddleOCR 3, list": [{"res": PADDLE_3}],
    "PaddleOCR 3, rectangles": {name: value for name, value in PADDLE_3.items() if name not in ("rec_polys", "dt_polys")},
    "PaddleOCR 3, server": {"errorCode": 0, "result": {"ocrResults": [{"prunedResult": PADDLE_3}], "dataInfo": {}}},
    "PaddleHub": {"status": "000", "results": [[{"text_region": b, "text": t, "confidence": s} for b, t, s in card_lines()]]},
    "PaddleOCR-json": {"code": 100, "data": [{"box": b, "text": t, "score": s} for b, t, s in card_lines()]},
}  # fmt: skip


@pytest.mark.parametrize("name", LINE_FORMATS)
def test_every_format_of_lines_gives_the_same_fields(name):
    found, _ = read_one(LINE_FORMATS[name], "lines")
    assert found == {**ON_CARD, "name": "样一"}


@pytest.mark.parametrize("name", ["RapidOCR 3, columns", "PaddleOCR 3, result", "PaddleOCR-json"])
def test_lines_without_scores_give_fields_without_scores(name):
    answer = json.loads(json.dumps(LINE_FORMATS[name]))
    for one in answer.get("data", [answer]):
        for score in ("score", "scores", "rec_scores"):
            one.pop(score, None)
    found, frame = read_one(answer, "lines")
    assert found == {**ON_CARD, "name": "样一"}
    assert frame["score"].isna().all()


def test_an_answer_with_lines_is_no_refusal():
    found, _ = read_one({"status": 200, "msg": "ok", "results": LINE_FORMATS["PaddleHub"]["results"]}, "lines")
    assert found == {**ON_CARD, "name": "样一"}


@pytest.mark.parametrize(
    "nothing",
    [
        None, [], [None], [[]], [None, None], [None, [0.1, 0.0, 0.0]], {"boxes": None, "txts": None, "scores": None},
        {"code": 101, "data": "No text found in image."}, {"code": "101", "data": "No text"}, {"code": 200, "data": "", "result": []},
        {"status": "success", "msg": "ok", "results": []}, {"status": 0, "msg": "success", "lines": []}, {"rec_texts": [], "rec_scores": [], "rec_polys": []}, {"res": []},
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", [True, False])
def test_a_picture_without_text_is_a_card_not_found(nothing, named):
    document = {"key": "1.jpg", "response": nothing} if named else nothing
    frame = ocr.read_responses(json.dumps(document).encode(), dialect="lines")
    assert frame[["state", "status"]].to_numpy().tolist() == [["Success", 0]]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"pages": []}, "no lines of a known format"),
        ([PADDLE_3, PADDLE_3], "the document has 2 images"),
        ([card_lines(), card_lines()], "the document has 2 images"),
        ([["样本"]], "a line must be"),
        ({"rec_texts": ["a"], "rec_scores": [], "rec_polys": []}, "must have the same length"),
        ([[BOXES[0][:3], "样本", 0.9]], "4 points"),
        ([[BOXES[0], "样本", 97.0]], "0 to 1"),
        ([[BOXES[0], "样本", "sure"]], "score must be a number"),
        ("text", "not JSON"),
    ],
)
def test_an_unknown_form_of_lines_is_refused_by_name(answer, said):
    with pytest.raises(DecodeError, match=said) as refused:
        read_one(answer, "lines")
    assert "样本" not in str(refused.value)
    assert "<Response>" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
@pytest.mark.parametrize(
    ("dialect", "document"), [("baidu", BAIDU_ID), ("tencent", TENCENT_LICENSE), ("lines", card_lines())]
)
def test_documents_are_read_in_every_encoding(encoding, dialect, document):
    raw = json.dumps(document, ensure_ascii=False)
    pd.testing.assert_frame_equal(
        ocr.read_responses(raw.encode(encoding), dialect=dialect), ocr.read_responses(raw.encode(), dialect=dialect)
    )


@pytest.mark.parametrize("words", ["café/Müller", "niño", "Ærø Øst"])
def test_european_words_with_a_byte_of_latin_1_are_no_gb18030(words):
    raw = json.dumps({"key": words, "response": None}, ensure_ascii=False).encode() + b" "
    with pytest.raises(DecodeError, match="broken at byte"):
        ocr.read_responses(raw.replace(b"null", b'"M\xfcller"'), dialect="lines")


@pytest.mark.parametrize("document", [TENCENT_ID, BAIDU_ID, ALIBABA_ID])
def test_a_forgotten_dialect_is_named(document):
    with pytest.raises(DecodeError, match=r"none of the service's(?s:.*)dialect='tencent' or another") as refused:
        ocr.read_responses(json.dumps(document).encode())
    assert "got 'Response'" not in str(refused.value)
    assert "样本" not in str(refused.value)


def test_a_number_is_no_document():
    with pytest.raises(DecodeError, match="must be a JSON object or list, got int"):
        ocr.read_responses(b"7 ", dialect="lines")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.sampled_from(BOXES), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*PADDLE_3, "txts", "boxes", "scores", "res", "code", "data"]), inner)
), max_leaves=12))  # fmt: skip
def test_any_json_is_lines_or_refused(answer):
    with contextlib.suppress(DecodeError):
        ocr.read_responses(json.dumps({"key": "1.jpg", "response": answer}).encode(), dialect="lines")
