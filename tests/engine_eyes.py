"""Texts that the embedded engine reads anywhere on a picture."""

import numpy as np


def read_all_text(image, engine):
    """Return all characters that the engine reads on a picture, one detected line per line of text."""
    import cv2

    from cardocr_nb.local.engine._detection import detect
    from cardocr_nb.local.engine._line_crops import ImagePyramid, ink_channel
    from cardocr_nb.local.engine._recognition import recognize_upright

    pixels = np.asarray(image)
    red, green = (np.ascontiguousarray(pixels[:, :, channel]) for channel in (0, 1))
    boxes = detect(ink_channel(red, green), engine.loaded(), side=960).boxes
    lines, _ = recognize_upright(ImagePyramid(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)), boxes, engine.loaded())
    return "\n".join("".join(char.text for char in line.chars) for line in lines)


def substrings(text, length):
    """Return all substrings of a given length, white space removed."""
    plain = "".join(text.split())
    return {plain[n : n + length] for n in range(len(plain) - length + 1)}
