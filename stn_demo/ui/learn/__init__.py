"""The Learn page: its scenes as data, the measurements behind their claims, and its browser files (``static``)."""
