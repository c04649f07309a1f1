"""The Train page: its routes, and what runs in the browser (``static``)."""
