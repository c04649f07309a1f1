"""The Learn page: scenes as data, and what they claim, measured."""
