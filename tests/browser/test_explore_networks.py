"""Networks are chosen and opened, and theta is read and changed; on the live page and without a server."""

import re

import pytest
import torch
from conftest import wait_for_frame
from stage import frame, inspected, link, pixels, settle, shows_text, slide, winner

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model

WHERE = ("live", "static")


def test_another_network_is_chosen(page):
    page.click("#model-picker input")
    page.locator("#model-list [role=option]", has_text="seed-cnn").click()
    page.wait_for_function("window.stn.store.frame.model === 'seed-cnn'")
    settle(page)
    assert page.is_visible("#no-transformer") and winner(page)
    words = " ".join(page.locator("#status, .panel .caption").all_inner_texts())
    assert not re.search("frame|grid|predicts θ", words), "there is none to watch"
    page.evaluate("window.stn.setModel('turn-affine')")
    page.wait_for_function("window.stn.store.frame.transform === 'affine'")
    assert "grid" in page.inner_text("#warped-caption") and "predicts θ" in page.inner_text("#theta-caption")


def test_pickers_have_groups_and_search_and_set_the_twin(page):
    page.click("#model-picker input")
    groups = page.locator("#model-list .group-title").all_inner_texts()
    assert len(groups) >= 6 and "digits up" in groups[0]
    first = page.locator("#model-list [role=option]").first.inner_text()
    assert "transformer" in first and "test error" in first and "±90°" in first
    page.keyboard.type("rts thin")
    options = page.locator("#model-list [role=option]")
    assert all("rts-stcnn-tps" in text for text in options.all_inner_texts()) and options.count() == 2
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.model.startsWith('rts-stcnn-tps')")
    page.wait_for_function("window.stn.store.get().twin === 'rts-cnn'")
    page.wait_for_function("document.querySelector('#model-picker input').value.includes('spline')")
    page.click("#model-picker input")
    page.keyboard.type("elastic")  # the title of a group
    page.wait_for_function("document.querySelectorAll('#model-list [role=option]').length >= 3")
    assert all(" · e-" in text for text in page.locator("#model-list [role=option]").all_inner_texts())
    page.keyboard.type("xyz")
    shows_text(page, "#model-list", "No network matches “elasticxyz”.")
    page.keyboard.press("Enter")
    assert page.evaluate("window.stn.store.get().model").startswith("rts-stcnn-tps")


def test_numbers_of_theta_are_explained_and_editable(page):
    cells = page.locator("#theta .cell")
    for index in range(cells.count()):
        cells.nth(index).focus()
        assert page.is_visible("#theta-says") and len(page.inner_text("#theta-says")) > 20
        assert page.inner_text("#theta-says") == cells.nth(index).get_attribute("title")
    before = pixels(page, "#view-input")
    cells.nth(2).click()
    page.keyboard.type("-0.5")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.overruled")
    settle(page)
    assert frame(page, "theta")[2] == pytest.approx(-0.5) and pixels(page, "#view-input") != before
    cells.nth(2).press("ArrowUp")
    page.wait_for_function("Math.abs(window.stn.store.frame.theta[2] + 0.45) < 1e-4")
    cells.nth(0).press("Enter")
    page.keyboard.type("much")
    page.keyboard.press("Enter")
    shows_text(page, "#toast", "from −20 to 20")
    page.keyboard.press("Escape")
    page.click("#give-back")
    page.wait_for_function("!window.stn.store.frame.overruled")
    page.evaluate("window.stn.setModel('seed-affine')")
    page.wait_for_function("window.stn.store.frame.transform === 'affine'")
    page.locator("#theta .cell >> nth=4").press("Enter")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.theta[4] === 2")


def test_spline_points_can_be_dragged_and_typed(page):
    page.evaluate("window.stn.setModel('e-stcnn-tps')")
    page.wait_for_function("window.stn.store.frame.transform === 'tps'")
    settle(page)
    assert page.locator("#theta circle").count() == 16 and len(re.findall(r"\d\.\d", page.inner_text("#theta"))) == 2
    box = page.locator("#theta circle >> nth=5").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    was = frame(page, "theta")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y, steps=4)
    page.mouse.up()
    page.wait_for_function("window.stn.store.frame.overruled")
    settle(page)
    now = frame(page, "theta")
    assert now[10] > was[10] + 0.1 and now[:10] == pytest.approx(was[:10], abs=1e-3)
    page.keyboard.press("n")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("(y) => window.stn.store.frame.theta[13] > y + 0.04", arg=was[13])
    page.locator(".chosen-point .cell >> nth=0").press("Enter")
    page.keyboard.type("0.25")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.theta[12] === 0.25")


@pytest.mark.parametrize(
    ("name", "size", "shift"), [("rts-stcnn-projective", 42, 6), ("tc-stcnn-affine", 60, 12), ("e-stcnn-tps", 28, 2)]
)
def test_networks_of_every_size_and_family_work_on_explore(page, visit, name, size, shift):
    page.evaluate("(name) => window.stn.setModel(name)", name)
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=name)
    page.click("#pose-reset")  # the first pose is small; a network of clutter has seen no small digits
    slide(page, "pose-rotation", 20)
    slide(page, "pose-shift-x", shift)
    assert page.evaluate("document.querySelector('#pose-shift-x input').max") == str(size // 2)
    assert frame(page, "applied.shift_x") == pytest.approx(shift, abs=0.1)
    if size > 28:  # trained on digits that were moved
        assert frame(page, "undone.shift_x") > shift / 2, "the region does not follow the digit"
    assert winner(page) and winner(page, "#probs-plain")
    inspected(page)
    page.mouse.move(1, 1)
    same = visit(link(page))
    same.wait_for_function("(name) => window.stn.store.frame.model === name", arg=name)
    settle(same)
    assert (frame(same, "model"), frame(same, "theta")) == (name, frame(page, "theta"))


@pytest.mark.needs_server("the server reads checkpoints and runs them in torch")
def test_a_checkpoint_is_uploaded_and_used(page, tmp_path):
    torch.manual_seed(3)
    checkpoints.save(tmp_path / "mine.safetensors", build_model(ModelConfig(transform="tps")), {})
    page.locator("#upload-checkpoint input[type=file], input[type=file][accept*=safetensors]").first.set_input_files(
        tmp_path / "mine.safetensors"
    )
    page.wait_for_function("window.stn.store.frame.transform === 'tps'", timeout=15_000)
    assert frame(page, "model").startswith("upload-")
    for _ in range(2):
        page.wait_for_function("document.querySelector('#model-picker input').value === 'mine'")
        page.wait_for_function("document.querySelector('#probs-stn-title').innerText.includes('mine')")
        page.reload()  # the browser keeps the name of the file
        wait_for_frame(page)


@pytest.mark.needs_server("the server reads checkpoints")
def test_file_that_is_not_a_checkpoint_is_refused(page, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    page.locator("#upload-checkpoint input[type=file], input[type=file][accept*=safetensors]").first.set_input_files(
        tmp_path / "bad.safetensors"
    )
    page.get_by_text("not a checkpoint").first.wait_for(timeout=15_000)
    slide(page, "pose-rotation", 10)
    assert frame(page, "applied.rotation") == pytest.approx(10, abs=0.1)
