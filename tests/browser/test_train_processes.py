"""The Train page and its training processes: killed, stopped, started in a terminal, shared by two visitors."""

import json
import os
import re
import signal
import subprocess
import sys

from conftest import ROOT, Served
from stage import shows_text
from train_page import BRIEF, LONG, ask, open_tab, state, step, until, words


def test_second_visitor_sees_a_message_and_watches_the_run(train, visit, url):
    first = train()
    first.click("#train-start")
    state(first, "running")
    second = visit()
    open_tab(second, "train")
    second.wait_for_selector(".stn-train[data-watching=true]")
    second.click("#train-start")
    second.wait_for_function(
        "document.querySelector('#train-toast').textContent.includes('Only one run can be trained at a time')"
    )
    state(second, "running")
    assert len(ask(url, "")["runs"]) == 1


def test_killed_training_process_is_detected_and_resumed(train, url, served):
    id = ask(url, "/start", LONG)["id"]
    page = train()
    state(page, "running")
    until(page, lambda: step(page) > 20)
    pid = json.loads((served.home / "runs" / id / "status.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    state(page, "lost", seconds=10)
    at = step(page)
    page.click("#train-resume")
    state(page, "running")
    until(page, lambda: step(page) > at)


def test_faults_are_shown_in_the_page_language(train, url, served):
    id = ask(url, "/start", LONG)["id"]
    page = train(locale="zh-CN")
    state(page, "running")
    os.kill(json.loads((served.home / "runs" / id / "status.json").read_text())["pid"], signal.SIGKILL)
    state(page, "lost")
    page.wait_for_function("document.querySelector('#train-status').textContent.includes('信号 9')")
    assert not re.search("[A-Za-z]{2}", words(page).replace("STN", ""))
    folder, aside = served.home / "runs", served.home / "elsewhere"
    folder.rename(aside)
    try:
        folder.write_text("")  # where the folder of runs was, there is a file now
        page.click("#train-start")
        page.wait_for_function("document.querySelector('#train-toast').textContent.includes('该路径是一个文件')")
    finally:
        folder.unlink()
        aside.rename(folder)


def test_runs_survive_a_restart_of_the_app(train, visit, url, tmp_path_factory):
    app = Served(tmp_path_factory.mktemp("home"))
    try:
        ask(app.url, "/start", BRIEF)
        page = visit(url=app.url)
        open_tab(page, "train")
        state(page, "done")
        app.stop()
        state(page, "offline")
        app.start()
        state(page, "done")
        assert page.locator("#train-runs button").count() == 1
        assert re.search(r"\d %", page.inner_text("#train-runs"))
    finally:
        app.stop()


def test_a_training_in_a_terminal_is_watched_here(train, url, served, tmp_path):
    """The page shows it live and says that it cannot control it; after a stop, the page shows the command to resume it."""
    command = [
        sys.executable,
        "-m",
        "stn_demo",
        "train",
        "--data-set",
        "handwriting",
        "--holdout",
        "0",
        "--epochs",
        "500",
    ]
    command += ["--threads", "1", "--output", str(tmp_path / "from-terminal.safetensors")]
    environment = {**os.environ, "STN_DEMO_RUNS": str(served.home / "runs")}
    page = train()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as terminal:
        try:
            state(page, "running")
            shows_text(page, "#train-name", "from-terminal")
            until(page, lambda: points(page) > 2 and step(page) > 40)
            before = points(page), step(page), page.inner_text("#train-theta")
            until(page, lambda: points(page) > before[0] and step(page) > before[1])
            until(page, lambda: page.inner_text("#train-theta") != before[2])
            assert "terminal" in words(page)
            for button in ("pause", "step", "stop", "reset", "seed"):
                assert page.is_disabled(f"#train-{button}"), button
            assert page.is_disabled("#train-rate input") and page.is_hidden("#train-resume")
            page.click("#train-start")
            page.wait_for_function("document.querySelector('#train-toast').textContent.includes('from-terminal')")
        finally:
            terminal.send_signal(signal.SIGINT)
    state(page, "stopped")
    assert "train --resume --output" in words(page) and page.is_hidden("#train-resume")
    assert page.is_enabled("#train-reset")


def points(page):
    """How many points the longest of the curves has."""
    return page.evaluate("Math.max(0, ...(document.querySelector('#train-plot').data ?? []).map(({ x }) => x.length))")
