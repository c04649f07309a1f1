"""The states of a run, as ``Runs.status`` gives them. Imports nothing."""

AT_WORK = ("starting", "running", "paused")  # a process trains it, or holds it paused
RESUMABLE = ("stopped", "failed", "lost")  # a new process can go on from the last saved state; "done" is the end
