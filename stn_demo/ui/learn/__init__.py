"""The Learn page: scenes as data, what they claim, measured, and what plays them in the browser (``static``)."""
