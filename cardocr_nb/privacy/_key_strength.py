"""An upper limit of the random bits of a secret key, from patterns that people type.

A byte counts as many bits as its alphabet gives, except where it follows from what is before it: the next of a sequence
(``0123``, ``aaaa``, ``range(32)``), a part that occurred already, or a word of `_WORDS`. Keys of programs lose a few bits by
chance; sentences and unknown words count in full, since a list of all of them would be larger than this package.

The package zxcvbn 4.5.0 is made for passwords: it counts each character without a pattern as 10 guesses, so 16 random bytes have 53
bits there, and the Base64 form of ``range(16)`` has 79.
"""

from __future__ import annotations

import base64
import binascii
from itertools import pairwise
from math import log2

LEAST_BITS = 64
"""Fewer are tried out in months on rented machines; `secrets.token_bytes(16)` has 128."""

_WORDS = (
    *("password", "passw0rd", "passwd", "secret", "changeme", "change", "default", "private", "admin", "root", "user", "login"),
    *("welcome", "letmein", "master", "test", "demo", "example", "sample", "specimen", "dummy", "hello", "world", "qwerty"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx", "3edc4rfv", "iloveyou", "dragon", "monkey", "sunshine", "football"),
    *("token", "pseudonym", "cardocr", "company", "china", "beijing", "shanghai", "woaini", "mima", "lorem", "ipsum"),
    *("correct", "horse", "battery", "staple", "deadbeef", "cafebabe", "foobar", "key", "my", "the"),
)  # fmt: skip
_WORD_BITS = 8.0
_LEAST_REPEAT = 3
_MEASURED = 256
"""Bytes from the start that are measured."""
_CLASSES = (
    (b"0123456789", 10),
    (b"abcdefghijklmnopqrstuvwxyz", 26),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 26),
    (bytes({*range(32, 127)} - {*b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}), 33),
)


def key_bits(key: bytes) -> float:
    """Return how many random bits a key has at most, as far as its patterns show.

    Parameters
    ----------
    key : bytes
        Its differences from byte to byte are measured too, and the bytes that it is the hexadecimal or Base64 form of; the least counts.

    Examples
    --------
    >>> [round(key_bits(key)) for key in (bytes(range(32)), b"passwordpassword1234", b"0123456789abcdef")]
    [16, 26, 13]
    >>> key_bits(bytes.fromhex("8f3a0c57e1d94b62a7105ecb39f4862d"))
    120.0
    """
    forms = [key]
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            forms.append(decode(key.decode("ascii")))
        except (ValueError, binascii.Error):
            continue
    forms += [bytes((b - a) % 256 for a, b in pairwise(one[: _MEASURED + 1])) for one in forms]
    return min(_bits(one[:_MEASURED]) for one in forms if one)


def _bits(key: bytes) -> float:
    each = log2(_alphabet(key))
    bits, at, plain = 0.0, 0, key.lower()
    while at < len(key):
        word = max((len(word) for word in _WORDS if plain.startswith(word.encode(), at)), default=0)
        repeat = _repeated(plain, at)
        if max(word, repeat) >= 2:
            bits += min(_WORD_BITS, max(word, repeat) * each)
            at += max(word, repeat)
            continue
        if at < 2 or key[at] - key[at - 1] != key[at - 1] - key[at - 2]:
            bits += each
        at += 1
    return bits


def _alphabet(key: bytes) -> int:
    used = set(key)
    if used <= set(b"0123456789abcdef") or used <= set(b"0123456789ABCDEF"):
        return 10 if used <= set(b"0123456789") else 16
    if used - {*range(32, 127)}:
        return 256
    return sum(size for signs, size in _CLASSES if used & set(signs))


def _repeated(key: bytes, at: int) -> int:
    """Return the length of the longest part at a place that occurred before it; 0 below `_LEAST_REPEAT`."""
    length = 0
    while at + length < len(key) and key[at : at + length + 1] in key[: at + length]:
        length += 1
    return length if length >= _LEAST_REPEAT else 0
