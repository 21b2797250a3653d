"""Many documents and many texts at once, read as bytes instead of one object each; see ``HOW_IT_WORKS.md``."""
