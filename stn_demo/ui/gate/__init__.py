"""Checks in front of every route of the app: which requests are allowed, and how large, slow and frequent they may be."""
