"""A training run on disk and in a process: its folder, its journal, its worker process, its locks."""
