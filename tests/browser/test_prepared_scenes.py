"""Prepared scenes, the verdict about them, and the looks, as a visitor sees them."""

from stage import settle, slide


def press(page, scene):
    page.wait_for_selector(f"[data-scene={scene}]")
    page.click(f"[data-scene={scene}]")
    page.wait_for_function("(id) => location.hash.includes(id)", arg=scene)
    settle(page)


def test_click_shows_a_scene_and_states_which_network_is_right(page):
    press(page, "small-digit")
    assert page.evaluate("window.stn.store.get().pose.scale") == 0.6
    page.wait_for_selector("#conclusion[data-judged=right]")
    assert "✓" in page.inner_text("#conclusion") and "✗" in page.inner_text("#conclusion")
    press(page, "both-right")
    page.wait_for_function("!document.querySelector('#conclusion').textContent.includes('✗')")


def test_the_looks_are_shown_one_by_one(page):
    press(page, "turned-digit")
    page.wait_for_selector("#looks:not([hidden])")
    assert page.locator("#looks li:visible").count() == 4
    painted = "[...document.querySelectorAll('#looks canvas')].map((one) => one.toDataURL()).filter((a, i, all) => all.indexOf(a) === i)"
    assert len(page.evaluate(painted)) >= 2, "each look reads another picture"


def test_pose_outside_the_training_range_is_reported(page):
    press(page, "both-right")
    assert "±90" not in page.inner_text("#verdict")
    slide(page, "pose-rotation", 130)
    page.wait_for_function("document.querySelector('#verdict').textContent.includes('±90')")
