"""The Results page: its routes and figures, and what runs in the browser (``static``)."""
