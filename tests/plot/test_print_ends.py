"""Print beyond the ends of two places is that of another card; beyond one it may be an owner's watermark."""

import numpy as np
import pytest

from cardocr_nb.plot._print_ends import goes_on

ROWS = np.array([[(20, 20 + y), (20, 40 + y), (200, 40 + y), (200, 20 + y)] for y in (0, 80, 160)], float)


@pytest.mark.parametrize(("longer", "found"), [(0, False), (1, False), (2, True), (3, True)])
def test_two_places_with_longer_texts_are_those_of_another_card(longer, found):
    page = np.full((260, 320, 3), 255, np.uint8)
    for n in range(3):
        page[20 + 80 * n : 40 + 80 * n, 20 : (260 if n < longer else 200) : 4] = 0
    assert goes_on(page, ROWS) is found


def test_a_watermark_across_one_end_is_no_other_card():
    page = np.full((260, 320, 3), 255, np.uint8)
    for n in range(3):
        page[20 + 80 * n : 40 + 80 * n, 20:200:4] = 0
    for n in range(0, 130, 4):
        page[60 + n : 62 + n, 150 + n : 210 + n] = 60
    assert not goes_on(page, ROWS)
