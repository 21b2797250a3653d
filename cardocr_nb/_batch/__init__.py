"""Many images through one client: every image gives an outcome, whatever happens to it."""
