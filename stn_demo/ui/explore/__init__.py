"""The Explore page: its routes, the API for programs, and what runs in the browser (``static``)."""
