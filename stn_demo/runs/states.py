"""The states of a run in ``Runs.status``. Imports nothing."""

AT_WORK = ("starting", "running", "paused")  # a process trains the run or holds it paused
RESUMABLE = (
    "stopped",
    "failed",
    "lost",
)  # can continue from the last saved state
