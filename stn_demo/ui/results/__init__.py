"""The Results page: its routes and figures, and its browser files (``static``)."""
