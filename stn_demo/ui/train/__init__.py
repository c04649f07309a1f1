"""The Train page: its routes, and its browser files (``static``)."""
