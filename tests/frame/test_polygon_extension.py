"""The polygon dtype under pandas' own test suite for extension arrays."""

from __future__ import annotations

import numpy as np
import pytest
from pandas.tests.extension import base
from pandas.tests.extension.conftest import (  # noqa: F401 - pytest finds fixtures by their names in the module
    all_arithmetic_operators,
    all_boolean_reductions,
    all_data,
    all_numeric_accumulations,
    all_numeric_reductions,
    all_reductions,
    as_array,
    as_frame,
    as_series,
    box_in_series,
    comparison_op,
    data_for_twos,
    data_repeated,
    fillna_method,
    groupby_apply_op,
    invalid_scalar,
    na_cmp,
    na_value,
    use_numpy,
    using_nan_is_na,
)

from cardocr_nb.frame._polygon_array import PolygonArray
from cardocr_nb.frame._polygon_dtype import PolygonDtype

A, B, C = ([[k, 0], [k, 10], [k + 30, 10], [k + 30, 0]] for k in range(3))


def column(*polygons):
    return PolygonArray._from_sequence(polygons)


@pytest.fixture
def dtype():
    return PolygonDtype()


@pytest.fixture
def data():
    return PolygonArray.from_numpy(np.arange(80, dtype=np.int32).reshape(10, 4, 2))


@pytest.fixture
def data_missing():
    return column(None, A)


@pytest.fixture
def data_for_sorting():
    return column(B, C, A)


@pytest.fixture
def data_missing_for_sorting():
    return column(B, None, A)


@pytest.fixture
def data_for_grouping():
    return column(B, B, None, None, A, A, B, C)


class TestPolygon(
    base.BaseAccumulateTests,
    base.BaseArithmeticOpsTests,
    base.BaseCastingTests,
    base.BaseComparisonOpsTests,
    base.BaseConstructorsTests,
    base.BaseDtypeTests,
    base.BaseGetitemTests,
    base.BaseGroupbyTests,
    base.BaseIndexTests,
    base.BaseInterfaceTests,
    base.BaseMethodsTests,
    base.BaseMissingTests,
    base.BaseParsingTests,
    base.BasePrintingTests,
    base.BaseReduceTests,
    base.BaseReshapingTests,
    base.BaseSetitemTests,
    base.BaseUnaryOpsTests,
):
    # Left out: BasePlottingTests (a polygon cannot be a coordinate of a line plot), Dim2CompatTests and
    # NDArrayBacked2DTests (pandas' own arrays may have two axes, others need not).

    @pytest.mark.xfail(reason="pandas cannot know that to_numpy makes new objects, and marks them read-only")
    def test_readonly_propagates_to_numpy_array_method(self, data):
        super().test_readonly_propagates_to_numpy_array_method(data)
