import csv
import logging
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageOps
from shapely.geometry import Polygon

import cardocr_nb as ocr
from cardocr_nb import _images as images
from cardocr_nb import cards, errors
from cardocr_nb._fonts import pil_font
from cardocr_nb.specimen import degrade, draw

DATA = Path(__file__).parents[3] / "data"
TYPES = ["IDCard", "DriverLicense"]


def paired(values):
    """Each value with one card type in turn; with the other one under the marker ``slow``."""
    return [
        pytest.param(value, kind, marks=[] if (n + turn) % 2 == 0 else pytest.mark.slow)
        for n, value in enumerate(values)
        for turn, kind in enumerate(TYPES)
    ]


def truth():
    found = defaultdict(dict)
    with (DATA / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["key"], row["card_type"]][row["field"]] = row["text"]
    return found


def named(engine, image, kind):
    return {cards.field_name(f.label): f for f in engine.read(np.asarray(image.convert("RGB")), kind)}


def read_texts(engine, image, kind):
    return {name: field.text for name, field in named(engine, image, kind).items()}


@pytest.mark.parametrize(("key", "kind"), list(truth()))
def test_every_field_of_the_stored_cards_is_exact(engine, key, kind):
    fields = engine.read(images.load_upright(DATA / "cards" / key), kind)
    assert {cards.field_name(f.label): f.text for f in fields} == truth()[key, kind]
    assert [f.label for f in fields] == [f.label for f in cards.FIELDS[cards.CardType(kind)]]
    assert all(isinstance(f.score, int) and 0 <= f.score <= 100 for f in fields)


@pytest.mark.parametrize(("condition", "kind"), paired(["rotation", "phone"]))
def test_polygons_lie_on_the_ink_in_wire_order(engine, kind, condition):
    card = degrade(draw(kind, 31), {condition: 1.0}, 31)
    found = named(engine, card.image, kind)
    assert found.keys() == card.texts.keys()
    overlaps = []
    for name, field in found.items():
        true, got = Polygon(card.polygons[name]), Polygon(field.polygon)
        overlaps.append(true.intersection(got).area / true.union(got).area)
        off = np.linalg.norm(np.array(field.polygon) - card.polygons[name], axis=1)
        assert off.max() < 0.5 * np.linalg.norm(card.polygons[name][2] - card.polygons[name][0])
    assert np.mean(overlaps) > 0.75


@pytest.mark.parametrize("kind", TYPES)
def test_a_card_upside_down_is_read(engine, kind):
    card = draw(kind, 32)
    assert read_texts(engine, card.image.rotate(180), kind) == card.texts


@pytest.mark.parametrize("kind", TYPES)
def test_the_other_card_gives_nothing(engine, kind):
    other = TYPES[1 - TYPES.index(kind)]
    assert engine.read(np.asarray(draw(other, 33).image), kind) == []


@pytest.mark.parametrize("kind", TYPES)
def test_a_mirrored_card_gives_nothing_invented(engine, kind):
    card = draw(kind, 34)
    found = read_texts(engine, ImageOps.mirror(card.image), kind)
    assert found.items() <= card.texts.items()


def two_cards(one, two):
    desk = Image.new("RGB", (1200, 1600), (90, 80, 70))
    desk.paste(one.image, (60, 40))
    desk.paste(two.image, (60, 820))
    return desk


@pytest.mark.parametrize("kind", TYPES)
def test_two_cards_give_one_of_them_no_mixture_and_a_message(engine, kind):
    one, two = draw(kind, 35), draw(kind, 36)
    read = engine.recognize(np.asarray(two_cards(one, two)), kind)
    assert {cards.field_name(f.label): f.text for f in read.fields} in (one.texts, two.texts)
    assert "more than one card" in read.message
    assert engine.recognize(np.asarray(one.image), kind).message == ""


@pytest.mark.parametrize("ledger", [None, "run.sqlite"])
def test_the_message_of_two_cards_is_in_the_frame_of_a_run(tmp_path, ledger):
    photos = tmp_path / "photos"
    photos.mkdir()
    two_cards(draw("IDCard", 35), draw("IDCard", 36)).save(photos / "two.png")
    draw("IDCard", 37).image.save(photos / "one.png")
    with ocr.Client.local(photos) as client:
        frame = ocr.run(photos, card_type="IDCard", client=client, ledger=ledger and tmp_path / ledger, progress=False)
    messages = frame.groupby("key")["message"].first()
    assert "more than one card" in messages["two.png"]
    assert messages["one.png"] is None or pd.isna(messages["one.png"])
    assert frame["code"].isna().all()


@pytest.mark.parametrize(("condition", "kind"), paired(["papers", "sleeve", "hand"]))
def test_a_card_among_papers_in_a_sleeve_or_in_a_hand_is_read(engine, kind, condition):
    card = degrade(draw(kind, 51), {condition: 1.0}, 51)
    assert read_texts(engine, card.image, kind) == card.texts


def test_a_small_card_on_a_page_of_dense_text_in_another_direction_is_read(engine):
    card = draw("IDCard", 54)
    page = Image.new("RGB", (2600, 2600), "white")
    pen = ImageDraw.Draw(page)
    text = 2 * "本协议自双方签字之日起生效，甲方应当按照第三条的约定支付租金与押金，合同编号与附件清单由双方各执一份。"
    for row, y in enumerate(range(0, 2600, 47)):
        pen.text((-20 * (row % 9), y), text, (20, 20, 20), pil_font(34, 500))
    page = page.rotate(-40).crop((400, 500, 2200, 1900))
    page.paste(card.image.resize((480, 480 * card.image.height // card.image.width)), (600, 480))
    assert read_texts(engine, page, "IDCard") == card.texts


@pytest.mark.parametrize("kind", TYPES)
def test_faint_print_is_read(engine, kind):
    card = draw(kind, 52)
    faint = Image.fromarray((np.asarray(card.image) * 0.22 + 190).astype(np.uint8))
    assert read_texts(engine, faint, kind) == card.texts


def test_a_watermark_of_the_user_makes_no_surely_wrong_field(engine):
    for kind in TYPES:
        card = degrade(draw(kind, 53), {"watermark": 1.0}, 53)
        found = named(engine, card.image, kind)
        assert len(found) >= len(card.texts) - 2
        assert [n for n, f in found.items() if f.score >= 90 and f.text != card.texts[n]] == []


def web_form(rows, title="实名认证"):
    from cardocr_nb._fonts import pil_font

    page = Image.new("RGB", (1080, 1500), (245, 246, 248))
    pen = ImageDraw.Draw(page)
    pen.text((440, 40), title, font=pil_font(48), fill="black")
    for row, (label, value) in enumerate(rows):
        pen.text((70, 260 + 130 * row), label, font=pil_font(36), fill=(90, 90, 90))
        pen.text((330, 260 + 130 * row), value, font=pil_font(36), fill="black")
    return page


@pytest.mark.parametrize("filled", [True, False])
def test_a_form_with_the_labels_of_a_card_is_no_card(engine, filled):
    truth = draw("IDCard", 54).texts
    rows = [
        (f.label, truth[f.name][:16] if filled else "请输入" + f.label) for f in cards.FIELDS[cards.CardType.ID_CARD]
    ]
    form = np.asarray(web_form([*rows[:-1], (rows[-1][0], truth["id_number"])] if filled else rows))
    assert [f.label for f in engine.read(form, "IDCard") if f.score >= 50] == []


def test_a_list_with_all_values_of_a_license_on_a_table_is_no_license(engine):
    texts = draw("DriverLicense", 55).texts
    rows = [(f.label, texts[f.name][:16]) for f in cards.FIELDS[cards.CardType.DRIVER_LICENSE]]
    page = web_form([(a, texts["licence_number"] if "号" in a else b) for a, b in rows], "完善资料").resize((540, 750))
    y, _ = np.mgrid[:900, :1400]
    table = np.stack([40 + 0 * y, 150 + 50 * np.sin(y / 9), 140 + 50 * np.sin(y / 9)], 2).astype(np.uint8)
    scene = Image.fromarray(table)
    scene.paste(page, (60, 75))
    assert [f.label for f in engine.read(np.asarray(scene), "DriverLicense") if f.score >= 50] == []


@pytest.mark.parametrize(("turn", "kind"), paired([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270]))
def test_a_card_on_its_side_is_read(engine, kind, turn):
    card = draw(kind, 41)
    assert read_texts(engine, card.image.transpose(turn), kind) == card.texts


@pytest.mark.parametrize("kind", TYPES)
def test_a_card_with_printed_labels_and_no_values_gives_nothing_invented(engine, kind):
    card = draw(kind, 42, without=list(draw(kind, 42).texts))
    assert read_texts(engine, card.image, kind) == {}


def test_a_card_on_a_screen_is_read_among_other_words(engine):
    from cardocr_nb._fonts import pil_font

    card = draw("IDCard", 43)
    screen = Image.new("RGB", (1600, 1000), (245, 245, 248))
    pen = ImageDraw.Draw(screen)
    for row, words in enumerate(("文件  编辑  查看  帮助", "姓名 性别 住址", "上传身份证正面", "公民身份号码 请输入")):
        pen.text((30, 20 + 60 * row), words, font=pil_font(30), fill="black")
    screen.paste(card.image, (420, 280))
    assert read_texts(engine, screen, "IDCard") == card.texts
    assert engine.read(np.asarray(screen), "DriverLicense") == []


def test_lone_characters_are_read_where_most_words_on_the_desk_run_otherwise(engine):
    card = degrade(draw("IDCard", 500005), {"clutter": 1.0}, 500005)
    assert card.texts["address"].endswith("1703室")
    found = named(engine, card.image, "IDCard")
    assert {name: field.text for name, field in found.items()} == card.texts
    true, got = Polygon(card.polygons["gender"]), Polygon(found["gender"].polygon)
    assert true.intersection(got).area / true.union(got).area > 0.75


def test_both_cards_on_one_picture_are_distinguished(engine):
    one, two = draw("IDCard", 44), draw("DriverLicense", 44)
    desk = Image.new("RGB", (1250, 1600), (90, 80, 70))
    desk.paste(one.image, (60, 40))
    desk.paste(two.image, (60, 820))
    assert read_texts(engine, desk, "IDCard") == one.texts
    assert read_texts(engine, desk, "DriverLicense") == two.texts


def test_pictures_without_a_card_give_nothing(engine):
    from cardocr_nb._fonts import pil_font

    form = Image.new("RGB", (900, 900), "white")
    pen = ImageDraw.Draw(form)
    for row, line in enumerate(
        ("用户登记表", "姓名", "性别", "出生日期", "住址", "联系电话 13800000000", "备注 由申请人填写")
    ):
        pen.text((60, 40 + 90 * row), line, font=pil_font(36), fill="black")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8))
    for picture in (form, noise, Image.new("RGB", (1, 1)), Image.new("RGB", (5000, 3), "white")):
        for kind in TYPES:
            assert engine.read(np.asarray(picture), kind) == []


@pytest.mark.parametrize("missing", ["name", "gender", "id_number", "address"])
def test_a_blank_value_is_left_out_and_the_others_stay(engine, missing):
    card = draw("IDCard", 37, without=[missing])
    assert read_texts(engine, card.image, "IDCard") == card.texts


def test_an_unknown_card_type_is_refused(engine):
    with pytest.raises(errors.InvalidRequestError):
        engine.read(np.zeros((10, 10, 3), np.uint8), "Passport")


def test_several_threads_read_the_same(engine):
    pictures = [np.asarray(draw("IDCard", seed).image) for seed in (38, 39)]
    alone = [engine.read(picture, "IDCard") for picture in pictures]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda picture: engine.read(picture, "IDCard"), pictures)) == alone


def test_nothing_is_logged(engine, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        engine.read(np.asarray(draw("IDCard", 40).image), "IDCard")
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_making_an_engine_loads_no_network_and_no_library():
    code = (
        "import sys; from cardocr_nb.local.engine import Engine; Engine();"
        "print([m for m in ('cv2', 'onnxruntime', 'rapidocr', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - own code
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("absent", ["onnxruntime", "cv2", "rapidocr"])
def test_a_missing_part_names_the_extra(absent):
    code = (
        f"import sys; sys.modules[{absent!r}] = None\n"
        "import numpy as np; from cardocr_nb import errors; from cardocr_nb.local.engine import Engine\n"
        "try: Engine().read(np.zeros((9, 9, 3), np.uint8), 'IDCard')\n"
        "except errors.MissingExtraError as error: print(error.extra)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - own code
    assert done.stdout.strip() == "local"
