"""Image files: their format, size and upright pixels.

The limits are the service's: JPG, PNG, BMP, GIF or WebP of one frame, at most 20 MB, 250 million pixels in all and
30,000 a side (the vendor's page for ``POST /jobs`` with Tag ``ImageLicenseRec``). A size is taken from the header, so a
picture that is too large is refused before its pixels are decoded.
"""

from cardocr_nb._images._decoding_memory import MAX_MEMORY
from cardocr_nb._images._image_headers import MAX_BYTES, MAX_PIXELS, MAX_SIDE, ImageInfo, image_format, inspect
from cardocr_nb._images._upright_pixels import load_gray, load_reduced, load_upright

__all__ = [
    "MAX_BYTES",
    "MAX_MEMORY",
    "MAX_PIXELS",
    "MAX_SIDE",
    "ImageInfo",
    "image_format",
    "inspect",
    "load_gray",
    "load_reduced",
    "load_upright",
]
