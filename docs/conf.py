"""Settings of the documentation: ``make docs`` builds it without network, with warnings as errors."""

import sys
import types
from importlib.metadata import version as installed_version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from command_help import write_help  # noqa: E402
from run_notebooks import run_all  # noqa: E402

import cardocr_nb  # noqa: E402 - the modules of this folder are found through the line above
from cardocr_nb._accessors._card_accessor import CardAccessor  # noqa: E402
from cardocr_nb._accessors._polygon_accessor import PolygonAccessor  # noqa: E402

project = "cardocr_nb"
author = copyright = "The cardocr_nb developers"  # noqa: A001 - Sphinx's name
release = version = installed_version("cardocr_nb")
language = "en"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
templates_path = ["_templates"]
exclude_patterns = ["_templates", "reference/_commands.md"]
default_role = "autolink"  # `name` in a docstring is a link where there is such an object
nitpicky = True
# Types of other libraries are written as words in docstrings; their inventories are not loaded, so that builds need no network.
nitpick_ignore_regex = [
    (r"py:.*", r"(pandas|numpy|matplotlib|pathlib|PIL|collections|typing|dask)\..*"),
    (r"py:obj", r"(\w+\.)*_\w+(\.\w+)*"),  # private objects, for readers of the code
    (r"py:obj", r"cardocr_nb\.\w+\.[A-Z_]+"),  # constants, which have no pages
    (r"py:obj", r"cardocr_nb\.wire\.\w+"),  # the pages are those of the short names
    (r"py:obj", r"\w+"),  # names of columns and parameters that are names of modules and functions as well
]

autosummary_generate = True
# Names of `cardocr_nb` that a sub-package lists as well: the page of the short name is the one that links lead to.
autosummary_context = {
    "repeated": [
        f"cardocr_nb.{part}.{name}"
        for part in ("frame", "wire")
        for name in cardocr_nb.__all__
        if hasattr(getattr(cardocr_nb, part), name)
    ]
}
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # the numpydoc sections name the types
autodoc_default_options = {"members": True, "member-order": "bysource"}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # run_notebooks.py executes them, in the folder where they are
nb_ipywidgets_js = {}  # no scripts from other hosts
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "pydata_sphinx_theme"
html_title = f"cardocr_nb {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_js_files = ["labels.js"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

# The accessors appear under the names that users type.
for variable, attribute, accessor in (("df", "cardocr", CardAccessor), ("series", "polygon", PolygonAccessor)):
    module = types.ModuleType(variable)
    described = {"__doc__": accessor.__doc__, "__module__": variable}
    setattr(module, attribute, type(attribute, (accessor,), described))
    sys.modules[variable] = module

run_all(HERE.parent / "notebooks", HERE / "gallery")
write_help(HERE / "reference" / "_commands.md")
