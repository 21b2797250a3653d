"""Every text that the package shows in plots, reports and the review panel, in English and Chinese.

``en.toml`` and ``zh.toml`` have the same sections and names. `Messages` fills values in and writes numbers, rates, dates
and durations as the language does. Texts from cards and names from users are never looked up here.
"""

from cardocr_nb._i18n._messages import Messages, messages

__all__ = ["Messages", "messages"]
