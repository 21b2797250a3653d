import io
from itertools import permutations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageDraw, ImageOps

from cardocr_nb.errors import ImageError, NotFoundError
from cardocr_nb.plot import plot_overlay
from cardocr_nb.plot._style import score_colors, score_norm
from cardocr_nb.privacy import redact

WIDTH, HEIGHT = 600, 380
PLACES = {"name": (80, 40, 200, 70), "gender": (80, 100, 110, 130), "id_number": (200, 320, 520, 350)}
TEXTS = {"name": "样本一", "gender": "女", "id_number": "990101197412010000"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quad(x0, y0, x1, y1):
    return np.array([(x0, y0), (x0, y1), (x1, y1), (x1, y0)], dtype=int)


def card(key="front/1.jpg", **columns):
    df = pd.DataFrame({"key": key, "field": [*PLACES], "text": [*TEXTS.values()], "score": [99, 40, None]})
    df["score"] = df["score"].astype("Int16")
    df["polygon"] = [quad(*p) for p in PLACES.values()]
    return df.assign(**columns)


def picture():
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for place in PLACES.values():
        ImageDraw.Draw(image).rectangle(place, fill="black")
    return image


def saved(orientation):
    """The picture as a camera stores it that was held otherwise."""
    image = picture()
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    return file.getvalue()


def fields(ax):
    return next(c for c in ax.collections if isinstance(c, PolyCollection) and c.get_label() == "fields")


def outlines(collection):
    return [p.vertices[:4] for p in collection.get_paths()]


@pytest.mark.parametrize(("how", "orientation"), [*(("bytes", o) for o in range(1, 9)), ("path", 6), ("pil", 6)])
def test_polygons_sit_on_the_text_of_a_photo_in_any_exif_orientation(how, orientation, ax, tmp_path):
    data = saved(orientation)
    (tmp_path / "1.png").write_bytes(data)
    source = {"bytes": data, "path": tmp_path / "1.png", "pil": Image.open(io.BytesIO(data))}[how]
    plot_overlay(card(), source, ax=ax)
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (HEIGHT, WIDTH, 3)
    for outline in outlines(fields(ax)):
        (x0, y0), (x1, y1) = outline.min(axis=0).astype(int), outline.max(axis=0).astype(int)
        shown[y0 : y1 + 1, x0 : x1 + 1] = 255
    assert (shown == 255).all()
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.mark.parametrize("array", [np.zeros((400, 600), np.uint8), np.zeros((400, 600, 4), np.uint8)])
def test_an_array_is_drawn_as_it_is(array, ax):
    plot_overlay(card(), array, ax=ax)
    assert np.asarray(ax.images[0].get_array()).shape == array.shape


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(height, width\[, 3 or 4\]\), got \(5,\)"):
        plot_overlay(card(), np.zeros(5, np.uint8))


def test_a_new_figure_in_the_shape_of_the_picture_is_made_for_a_frame_of_one_card_without_keys():
    figure = plot_overlay(card().drop(columns="key"), picture()).figure
    assert figure.number in plt.get_fignums()
    assert figure.get_size_inches().tolist() == pytest.approx([8, 7.2 * HEIGHT / WIDTH])


def test_labels_for_which_there_is_no_room_are_counted_below(ax):
    many = pd.DataFrame({"field": [f"f{i}" for i in range(400)], "score": [90] * 390 + [10] * 10})
    many["polygon"] = [quad(0, 0, WIDTH, HEIGHT)] * len(many)
    plot_overlay(many, picture(), lang="en", ax=ax)
    assert 10 <= len(ax.texts) <= 40
    assert ax.get_xlabel() == f"no room for {400 - len(ax.texts)} more labels"
    assert sum(t.get_text().endswith(" 10") for t in ax.texts) == 10


def test_a_polygon_is_drawn_round_its_edge_for_any_order_of_its_corners(ax):
    expected = {(80, 40), (80, 70), (200, 70), (200, 40)}
    for order in [(0, *rest) for rest in permutations((1, 2, 3))] + [(3, 2, 1, 0)]:
        df = card().iloc[:1].copy()
        df["polygon"] = [df["polygon"].iloc[0][list(order)]]
        ax.clear()
        plot_overlay(df, picture(), ax=ax)
        (outline,) = outlines(fields(ax))
        assert {tuple(p) for p in outline} == expected
        sides = np.abs(np.roll(outline, -1, axis=0) - outline)
        assert (sides.min(axis=1) == 0).all()


def test_colors_follow_the_scores_of_the_run_with_gray_for_none(ax):
    plot_overlay(card(), picture(), ax=ax)
    boxes = fields(ax)
    colors = [to_hex(c) for c in boxes.to_rgba(boxes.get_array())]
    scale = score_colors()
    assert colors[1:] == [to_hex(scale(0.0)), to_hex(scale.get_bad())]
    (bar,) = ax.child_axes
    assert bar.get_ylabel() == "score"
    assert bar.get_ylim()[1] == 100


@pytest.mark.parametrize(
    "scores", [[99] * 90 + [89] * 5 + [60] * 5, [100] * 100, [97] * 50 + [89] * 50, [80] * 60 + [95] * 40, []]
)
def test_89_and_100_have_colors_that_people_distinguish(scores):
    """CIE76 in CIELAB; 2.3 is a just noticeable difference (Mahy et al., 1994)."""
    norm, colors = score_norm(pd.Series(scores, dtype=float)), score_colors()
    good, worse = (lab(colors(norm(score))[:3]) for score in (100, 89))
    assert np.linalg.norm(good - worse) > 25


def lab(rgb):
    linear = np.where(np.array(rgb) <= 0.04045, np.array(rgb) / 12.92, ((np.array(rgb) + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / (0.9505, 1.0, 1.089))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_a_picture_smaller_than_the_one_that_was_read_is_refused():
    with pytest.raises(ValueError, match=r"reach to \(520, 350\) but the picture is 60 x 40"):
        plot_overlay(card(), np.zeros((40, 60, 3), np.uint8))


@pytest.mark.parametrize("how", ["folder", "files", "mapping", "client"])
def test_images_are_taken_from_a_folder_files_a_mapping_and_a_client(how, tmp_path, ax):

    picture().save(tmp_path / "1.png")

    class Client:
        def download(self, key, path):
            path.write_bytes((tmp_path / key).read_bytes())
            return path

    images = {"folder": tmp_path, "files": [tmp_path / "1.png"], "mapping": {"1.png": picture()}, "client": Client()}
    drawn = plot_overlay(card().assign(key="1.png"), images[how], ax=[ax] if how in ("files", "mapping") else ax)
    assert np.ravel(np.array(drawn, dtype=object))[0].images[0].get_array().shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "webp", "jpg"])
def test_a_saved_figure_has_no_file_name_and_no_text_in_its_metadata(kind, tmp_path):

    path = tmp_path / "张样本的照片-secret.png"
    picture().save(path)
    axes = plot_overlay(card().assign(key=path.name, text="范样本"), str(path), text=True)
    axes.figure.savefig(tmp_path / f"figure.{kind}")
    content = (tmp_path / f"figure.{kind}").read_bytes()
    for secret in ("secret", "张样本", "范样本"):
        for encoding in ("utf-8", "utf-16-be", "utf-16-le"):
            assert secret.encode(encoding) not in content


def test_a_large_photo_is_thinned_out_and_keeps_its_coordinates(ax):
    photo = np.zeros((3000, 6001, 3), np.uint8)
    photo[300:331, 900:1201] = 255
    df = card().iloc[:1].copy()
    df["polygon"] = [quad(900, 300, 1200, 330)]
    plot_overlay(df, photo, ax=ax)
    image = ax.images[0]
    shown = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    assert max(shown.shape) <= 2400
    assert (left, right, bottom, top) == (-0.5, 6000.5, 2999.5, -0.5)
    rows, columns = np.nonzero(shown[..., 0])
    white = [columns.min() / shown.shape[1] * 6001, rows.min() / shown.shape[0] * 3000]
    (outline,) = outlines(fields(ax))
    assert np.allclose(outline.min(axis=0), white, atol=3)


def test_labels_name_field_and_score(ax):
    plot_overlay(card(), picture(), ax=ax)
    assert sorted(t.get_text() for t in ax.texts) == ["Gender 40", "ID number –", "Name 99"]


def test_texts_are_masked_unless_they_are_revealed(ax):
    plot_overlay(card(), picture(), text=True, ax=ax)
    written = " ".join(t.get_text() for t in ax.texts)
    assert not any(t in written for t in ("样本一", "990101197412010000", "19741201"))
    assert "*" in written
    ax.clear()
    plot_overlay(card(), picture(), text=True, reveal=True, ax=ax)
    written = " ".join(t.get_text() for t in ax.texts)
    assert all(t in written for t in TEXTS.values())


def test_labels_cover_neither_fields_nor_one_another(ax):
    plot_overlay(card(), picture(), text=True, ax=ax)
    ax.figure.canvas.draw()
    boxes = [Text.get_window_extent(t).padded(0.3 * t.get_fontsize() * ax.figure.dpi / 72) for t in ax.texts]
    assert len(boxes) == 3
    for i, mine in enumerate(boxes):
        assert not any(mine.overlaps(other) for other in boxes[:i])
        for outline in outlines(fields(ax)):
            low, high = ax.transData.transform([outline.min(axis=0), outline.max(axis=0)])
            left, right = sorted((low[0], high[0]))
            bottom, top = sorted((low[1], high[1]))
            assert mine.x1 <= left or mine.x0 >= right or mine.y1 <= bottom or mine.y0 >= top


def test_labels_are_next_to_a_picture_without_room(ax):
    whole = card().iloc[:2].copy()
    whole["polygon"] = [quad(0, 0, WIDTH, HEIGHT // 2), quad(0, HEIGHT // 2, WIDTH, HEIGHT)]
    plot_overlay(whole, picture(), ax=ax)
    assert [t.get_position()[0] > WIDTH for t in ax.texts] == [True, True]
    assert ax.get_xlim()[1] > 1.3 * WIDTH


def test_a_field_without_a_place_is_named_below(ax):
    df = card()
    df.loc[1, "polygon"] = None
    plot_overlay(df, picture(), lang="en", ax=ax)
    assert len(outlines(fields(ax))) == 2
    assert ax.get_xlabel() == "without a position: Gender"


def test_a_card_on_which_nothing_was_found_shows_the_picture_and_warns(ax):
    df = pd.DataFrame({"key": ["front/1.jpg"], "field": [None], "score": [None], "polygon": [None]})
    with pytest.warns(UserWarning, match="no polygon to draw"):
        plot_overlay(df, picture(), ax=ax)
    assert len(ax.images) == 1
    assert not ax.collections


def test_true_places_are_drawn_dashed_and_only_those_of_the_card(ax):
    truth = pd.concat([card(), card("other.jpg")])
    plot_overlay(card(), picture(), truth=truth, lang="en", ax=ax)
    (dashed,) = [c for c in ax.collections if c.get_label() == "truth"]
    assert len(outlines(dashed)) == 3
    assert dashed.get_linestyle()[0][1] is not None
    assert ax.get_xlabel() == "dashed: ground truth"


def test_the_card_is_found_by_the_end_of_the_path(ax, tmp_path):
    (tmp_path / "back").mkdir()
    path = tmp_path / "back" / "1.jpg"
    picture().save(path)
    df = pd.concat([card("front/1.jpg"), card("back/1.jpg", score=7), card("1.jpg")])
    plot_overlay(df, path, ax=ax)
    assert fields(ax).get_array().tolist() == [7, 7, 7]


def test_the_card_is_chosen_by_its_key(ax):
    plot_overlay(pd.concat([card("a.jpg"), card("b.jpg", score=7)]), picture(), key="b.jpg", ax=ax)
    assert fields(ax).get_array().tolist() == [7, 7, 7]


@pytest.mark.parametrize(
    ("df", "key", "message"),
    [
        (
            pd.concat([card("a.jpg"), card("b.jpg")]),
            None,
            "2 cards and the image has no path; pass key=, one of 'a.jpg'",
        ),
        (
            pd.concat([card("a.jpg"), card("b.jpg")]),
            "c.jpg",
            "no row has the key 'c.jpg'; the frame has 'a.jpg', 'b.jpg'",
        ),
        (
            pd.concat([card(job_id="j1"), card(job_id="j2")]),
            None,
            r"read by 2 jobs; choose one, as in df\[df\['job_id'\]",
        ),
        (card().drop(columns="polygon"), None, "no column polygon"),
        (card().drop(columns="key"), "a.jpg", "no column .key"),
    ],
)
def test_an_unclear_card_is_refused_with_the_way_out(df, key, message):
    with pytest.raises(ValueError, match=message):
        plot_overlay(df, picture(), key=key)


def test_a_path_that_fits_no_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="0 of them fit the path"):
        plot_overlay(pd.concat([card("a.jpg"), card("b.jpg")]), tmp_path / "c.jpg")


def test_a_file_that_is_no_picture_is_refused():
    with pytest.raises(ImageError):
        plot_overlay(card(), b"no picture")


def test_keyword_arguments_reach_the_polygons(ax):
    plot_overlay(card(), picture(), linewidth=5, cmap="viridis", ax=ax)
    assert (fields(ax).get_linewidth()[0], fields(ax).get_cmap().name) == (5, "viridis")


def test_a_mapping_is_drawn_as_a_grid_with_one_color_bar():
    pair = {"a.jpg": picture(), "b.jpg": picture()}
    axes = plot_overlay(pd.concat([card("a.jpg"), card("b.jpg", score=7)]), pair, lang="en")
    assert axes.shape == (2,)
    assert [ax.get_title() for ax in axes] == ["a.jpg", "b.jpg"]
    assert fields(axes[1]).get_array().tolist() == [7, 7, 7]
    assert [ax.get_ylabel() for ax in axes[0].figure.axes if ax not in axes] == ["score"]


def test_a_list_of_paths_is_drawn_on_the_axes_given(tmp_path):
    from matplotlib.figure import Figure

    for name in ("a.png", "b.png", "c.png"):
        picture().save(tmp_path / name)
    given = Figure().subplots(2, 2).ravel()[:3]
    df = pd.concat([card(k) for k in ("a.png", "b.png", "c.png")])
    axes = plot_overlay(df, [tmp_path / n for n in ("a.png", "b.png", "c.png")], ax=given, colorbar=False)
    assert [*axes] == [*given]
    assert all(len(outlines(fields(ax))) == 3 for ax in axes)


def test_spare_places_of_a_grid_are_blank():
    df = pd.concat([card(k) for k in "abc"])
    axes = plot_overlay(df, {k: picture() for k in "abc"}, colorbar=False)
    every = axes[0].figure.axes
    assert len(every) == 4
    assert [ax.axison for ax in every if ax not in axes] == [False]


def test_a_key_is_fetched_through_a_client(tmp_path, ax):
    from cardocr_nb._client import Client

    (tmp_path / "front").mkdir()
    picture().save(tmp_path / "front" / "1.jpg")
    client = Client.local(tmp_path)
    plot_overlay(pd.concat([card("front/1.jpg"), card("other.jpg")]), "front/1.jpg", client=client, ax=ax)
    assert np.asarray(ax.images[0].get_array()).shape == (HEIGHT, WIDTH, 3)
    axes = plot_overlay(card("front/1.jpg"), ["front/1.jpg"], client=client)
    assert axes[0].get_title() == "front/1.jpg"
    with pytest.raises(NotFoundError):
        plot_overlay(card("gone.jpg"), "gone.jpg", client=client)


def test_axes_must_be_as_many_as_pictures(ax):
    with pytest.raises(ValueError, match="2 pictures and 1 axes"):
        plot_overlay(card(), {"a": picture(), "b": picture()}, ax=np.array([ax]))
    with pytest.raises(TypeError, match="one picture is drawn on one Axes, got 3"):
        plot_overlay(card(), picture(), ax=np.array([ax] * 3))


def test_the_halo_is_clipped_to_the_outside_of_the_fields(ax):
    """By the rule of non-zero winding: the fields run round the other way than all that surrounds them."""
    plot_overlay(card(), picture(), ax=ax)
    (halo,) = [c for c in ax.collections if c.get_label() == "halo"]
    clip, _ = halo.get_clip_path().get_transformed_path_and_affine()
    rings = clip.vertices.reshape(-1, 5, 2)[:, :4]
    x, y = rings[..., 0], rings[..., 1]
    turns = np.sign((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))
    assert turns.tolist() == [1, -1, -1, -1]
    assert (
        np.sort(rings[1:].reshape(-1, 2), axis=0).tolist() == np.sort(np.vstack(outlines(fields(ax))), axis=0).tolist()
    )
    assert rings[0].min() < -WIDTH / 2
    assert rings[0].max() > WIDTH


def read_card(specimens, data, key="id/0002.jpg"):
    rows = specimens[specimens["key"] == key].drop(columns="image", errors="ignore")
    return rows, Image.open(data / "cards" / key).convert("RGB")


COPIES = {
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "nine tenths": lambda image: image.resize((image.width * 9 // 10, image.height * 9 // 10)),
    "larger": lambda image: image.resize((image.width * 3 // 2, image.height * 3 // 2)),
    "turned": lambda image: image.rotate(180),
    "cropped": lambda image: image.crop((60, 40, image.width, image.height)),
    "mirrored": ImageOps.mirror,
}


@pytest.mark.parametrize("how", COPIES)
def test_fields_are_never_drawn_on_another_version_of_the_picture(specimens, data, how):
    rows, image = read_card(specimens, data)
    with pytest.raises(ValueError, match="pass the picture that was read"):
        plot_overlay(rows, COPIES[how](image), ax=Figure().subplots())


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_the_picture_itself_is_drawn_in_every_mode_and_after_redaction(specimens, data, mode):
    rows, image = read_card(specimens, data)
    assert plot_overlay(rows, np.asarray(image.convert(mode)), ax=Figure().subplots()).images
    assert plot_overlay(rows, redact(image, rows), ax=Figure().subplots()).images


def test_the_size_of_the_file_that_was_read_counts(specimens, data):
    rows, image = read_card(specimens, data)
    rows = rows.assign(image=str(data / "cards/id/0002.jpg"))
    assert plot_overlay(rows, image, ax=Figure().subplots()).images
    with pytest.raises(ValueError, match="the one that was read"):
        plot_overlay(rows, image.crop((0, 0, image.width - 9, image.height)), ax=Figure().subplots())
