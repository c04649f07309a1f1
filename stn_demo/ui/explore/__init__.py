"""The Explore page: its routes, the API for programs, and its browser files (``static``)."""
