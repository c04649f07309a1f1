"""The page without a server: a folder of static files (``site``), whose networks run in a worker of the browser (``static``).

Nothing of the mathematics is written a second time: the worker runs the graphs that ``analysis.graph`` exports.
"""
