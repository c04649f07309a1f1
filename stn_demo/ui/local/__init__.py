"""The page without a server: a folder of static files (``site``), whose networks run in a web worker (``static``).

No mathematics is implemented twice: the worker runs the graphs that ``analysis.graph`` exports.
"""
