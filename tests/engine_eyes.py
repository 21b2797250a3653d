"""What can be read on a picture by the embedded engine, looking everywhere."""

import numpy as np


def everything_on(image, engine):
    """All characters that the engine finds anywhere on a picture, whether or not they make a field."""
    import cv2

    from cardocr_nb.local.engine._detection import find
    from cardocr_nb.local.engine._line_crops import ImagePyramid
    from cardocr_nb.local.engine._recognition import read

    pixels = np.asarray(image)
    boxes = find(np.ascontiguousarray(pixels[:, :, 0]), engine.loaded(), side=960).boxes
    lines, _ = read(ImagePyramid(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)), boxes, engine.loaded())
    return "\n".join("".join(char.text for char in line.chars) for line in lines)


def scraps(text, length):
    """All runs of characters of a length in a text."""
    plain = "".join(text.split())
    return {plain[n : n + length] for n in range(len(plain) - length + 1)}
