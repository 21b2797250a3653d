from __future__ import annotations

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import shapely

from cardocr_nb import _accessors as accessors
from cardocr_nb import polygon, privacy, quality
from cardocr_nb.errors import MissingExtraError
from cardocr_nb.frame import Polygon, empty, to_frame, wide
from cardocr_nb.wire._records import CardResult, Field

BOX = ((10, 20), (10, 60), (210, 60), (210, 20))
TILTED = ((110, 20), (210, 120), (200, 130), (100, 30))


@pytest.fixture
def cards():
    fields = (Field("姓名", "样本一", 98, BOX), Field("性别", "男", 91, TILTED), Field("民族", "汉", 80))
    return to_frame(CardResult(fields, key="1.jpg"))


@pytest.fixture
def column(cards):
    return cards.set_index(pd.Index([5, 6, 7])).polygon


class TestFrameAccessor:
    def test_it_gives_what_the_functions_give(self, cards):
        truth = pd.DataFrame({"key": ["1.jpg"], "field": ["name"], "text": ["样本一"]})
        pd.testing.assert_frame_equal(cards.cardocr.wide(scores=True), wide(cards, scores=True))
        pd.testing.assert_frame_equal(cards.cardocr.check(), quality.check(cards))
        pd.testing.assert_frame_equal(cards.cardocr.check(["number_length"]), quality.check(cards, ["number_length"]))
        pd.testing.assert_frame_equal(cards.cardocr.mask(), privacy.mask(cards))
        assert cards.cardocr.summary().fields.equals(quality.summary(cards).fields)
        evaluated = cards.cardocr.evaluate(truth, complete=False)
        assert evaluated.fields.equals(quality.evaluate(cards, truth, complete=False).fields)

    def test_scores_and_runs_are_judged_likewise(self, cards):
        truth = pd.DataFrame({"key": "1.jpg", "field": ["name", "gender", "ethnicity"], "text": ["样本一", "男", "汉"]})
        with pytest.warns(quality.FewScoresWarning):
            assert cards.cardocr.calibration(truth, bins=2).fields.cases.tolist() == [1, 1, 1]
        assert cards.cardocr.threshold(truth, precision=0.9).fields.threshold.isna().all()
        assert cards.cardocr.compare(cards, truth=truth).fields.share.tolist() == [1, 1, 1]
        calibrator = cards.cardocr.calibrate(truth)
        assert calibrator.fields.equals(quality.calibrate(cards, truth).fields)
        costs = quality.cost(cards, truth, review=1, error=9)
        assert cards.cardocr.cost(truth, review=1, error=9).curve.equals(costs.curve)
        queue = quality.review_queue(cards, budget=2, calibrator=calibrator)
        assert cards.cardocr.review_queue(budget=2, calibrator=calibrator).equals(queue)
        assert cards.cardocr.estimate_accuracy().equals(quality.estimate_accuracy(cards))
        assert cards.cardocr.tally(["gender_is_known"]).cases.tolist() == [1]

    def test_plots_and_report_are_those_of_their_rooms(self, cards, tmp_path):
        from matplotlib.figure import Figure

        ax = Figure().subplots()
        assert cards.cardocr.plot_scores(ax=ax) is ax
        assert cards.cardocr.plot_overlay(np.full((200, 300, 3), 255, dtype=np.uint8), ax=Figure().subplots()).images
        assert cards.cardocr.report(tmp_path / "report.html").stat().st_size > 0

    def test_it_works_on_a_frame_without_rows(self):
        assert empty().cardocr.summary().cards == 0

    @pytest.mark.parametrize("wrong", [pd.DataFrame(), pd.DataFrame({"key": ["a"], "text": ["b"]})])
    def test_another_frame_has_no_such_attribute_and_keeps_its_completion(self, wrong):
        assert not hasattr(wrong, "cardocr")
        assert "shape" in dir(wrong)
        with pytest.raises(AttributeError, match=r"no column .*field"):
            wrong.cardocr  # noqa: B018 - reaching for it is the test

    def test_it_holds_nothing_but_the_frame(self, cards):
        assert list(vars(cards.cardocr)) == ["_data"]
        assert cards.cardocr._data is cards

    def test_methods_complete_and_are_documented(self, cards):
        public = [n for n in dir(cards.cardocr) if not n.startswith("_")]
        assert public == [
            "audit_sample", "calibrate", "calibration", "card_frame", "card_positions", "check", "compare", "complete", "correct", "cost", "drift", "estimate_accuracy", "estimate_errors", "evaluate", "from_coco",
            "from_excel", "from_label_studio", "mask", "plain", "plot_compare", "plot_confusions", "plot_gallery", "plot_overlay", "plot_regions",
            "plot_reliability", "plot_risk_coverage", "plot_scores", "plot_timeline", "pseudonym", "redact", "report", "review",
            "review_queue", "second_opinion", "show", "summary", "tally", "threshold", "to_coco", "to_csv", "to_dask", "to_excel", "to_feather", "to_label_studio", "to_long", "to_parquet", "to_training_data", "validate", "wide",
        ]  # fmt: skip

    @pytest.mark.parametrize("kind", [accessors.CardAccessor, accessors.DaskCardAccessor, accessors.PolygonAccessor])
    def test_help_shows_what_the_function_shows_but_for_the_data(self, kind):
        for name in (n for n in dir(kind) if not n.startswith("_")):
            method, doc = getattr(kind, name), inspect.getdoc(getattr(kind, name))
            assert doc, name
            assert not re.search(r"^(df|column)(,| :)", doc, re.MULTILINE), name
            if callable(method):
                parameters = inspect.signature(method).parameters
                assert not {"df", "column", "args", "options"} & set(parameters), name
                assert len(parameters) <= 2 or "Parameters\n---" in doc, name

    def test_a_method_takes_the_arguments_of_its_function(self, cards):
        assert str(inspect.signature(cards.cardocr.wide)).startswith("(*, scores: 'bool' = False")
        with pytest.raises(TypeError, match="unexpected keyword argument 'score'"):
            cards.cardocr.wide(score=True)

    def test_every_method_is_documented(self):
        for kind in (accessors.CardAccessor, accessors.DaskCardAccessor, accessors.PolygonAccessor):
            for name in (n for n in dir(kind) if not n.startswith("_")):
                assert inspect.getdoc(getattr(kind, name))


class TestSeriesAccessor:
    @pytest.mark.parametrize("name", ["area", "perimeter", "width", "height", "angle"])
    def test_measures_are_those_of_the_points(self, column, name):
        series = getattr(column.polygon, name)
        assert series.index.tolist() == [5, 6, 7]
        assert series.name == name
        assert series[:2].tolist() == pytest.approx(getattr(polygon, name)([BOX, TILTED]).tolist())
        assert np.isnan(series[7])

    def test_boxes_and_centers_are_frames(self, column):
        assert column.polygon.bbox.columns.tolist() == ["xmin", "ymin", "xmax", "ymax"]
        assert column.polygon.bbox.loc[5].tolist() == [10, 20, 210, 60]
        assert column.polygon.centroid.loc[5].to_dict() == {"x": 110, "y": 40}
        assert column.polygon.centroid.loc[7].isna().all()

    @pytest.mark.parametrize("name", ["is_convex", "is_simple", "is_degenerate"])
    def test_what_is_missing_is_neither_true_nor_false(self, column, name):
        series = getattr(column.polygon, name)
        assert series.dtype == "boolean"
        assert series[:2].tolist() == getattr(polygon, name)([BOX, TILTED]).tolist()
        assert series[7] is pd.NA

    def test_points_can_be_looked_for(self, column):
        assert column.polygon.contains(150, 40)[:2].tolist() == [True, False]
        assert column.polygon.contains([0, 155, 0], [0, 75, 0])[:2].tolist() == [False, True]

    def test_overlap_pairs_by_position(self, column):
        same = column.polygon.iou(column.reset_index(drop=True))
        assert same[:2].tolist() == pytest.approx([1, 1])
        assert np.isnan(same[7])
        with pytest.raises(ValueError, match="got 3 and 2 rows"):
            column.polygon.iou(column[:2])

    def test_moved_polygons_are_polygons_in_whole_pixels(self, column):
        assert column.polygon.shift(1, -1)[5] == Polygon([(11, 19), (11, 59), (211, 59), (211, 19)])
        assert column.polygon.scale(0.25)[5].points[0] == (2, 5)
        assert column.polygon.scale(1, 2)[5].points[1] == (10, 120)
        assert column.polygon.ordered()[6].points == ((110, 20), (100, 30), (200, 130), (210, 120))
        for moved in (column.polygon.shift(1, 1), column.polygon.scale(2), column.polygon.ordered()):
            assert moved.dtype == "polygon"
            assert moved.name == "polygon"
            assert pd.isna(moved[7])

    def test_numpy_goes_out_and_comes_in(self, column):
        points = column.polygon.to_numpy()
        assert points.shape == (3, 4, 2)
        back = pd.Series.polygon.from_numpy(points, index=column.index)
        pd.testing.assert_series_equal(back, column)

    def test_shapely_gets_its_own(self, column):
        shapes = column.polygon.to_shapely()
        assert shapes[5].equals(shapely.Polygon(BOX))
        assert shapes[7] is None

    def test_without_shapely_the_extra_is_named(self, column, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "shapely", None)
        with pytest.raises(MissingExtraError, match=r"to_shapely needs the extra"):
            column.polygon.to_shapely()

    def test_another_column_has_no_such_attribute(self, cards):
        assert not hasattr(cards.score, "polygon")
        with pytest.raises(AttributeError, match="dtype 'polygon', got Int16"):
            cards.score.polygon  # noqa: B018 - reaching for it is the test

    def test_no_rows_give_no_rows(self):
        nothing = empty().polygon.polygon
        assert nothing.area.shape == (0,)
        assert nothing.bbox.shape == (0, 4)
        assert nothing.is_convex.shape == (0,)
        assert nothing.ordered().dtype == "polygon"
