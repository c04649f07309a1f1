"""The page without a server, published with networks of different classes: they are not compared, as on the live page."""

import shutil
from dataclasses import replace

import own_pictures
import pytest
import torch
from languages import WORDS
from stage import frame
from static_site import ASK, Host, shows

from stn_demo import checkpoints
from stn_demo.checkpoints import default_folder
from stn_demo.model import build_model
from stn_demo.ui.local.site import publish

OWN = "shapes"  # an untrained network of three classes


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    top = tmp_path_factory.mktemp("classes")
    networks = top / "networks"
    networks.mkdir()
    for name in ("seed-affine", "seed-cnn"):
        shutil.copy(default_folder() / f"{name}.safetensors", networks)
    torch.manual_seed(1)
    names = own_pictures.NAMES
    config = replace(checkpoints.load("seed-cnn").config, classes=len(names), class_names=names)
    checkpoints.save(networks / f"{OWN}.safetensors", build_model(config), {"distortion": "pose"})
    publish(top / "site", checkpoints_folder=networks, scenes=1)
    host = Host(top / "site")
    yield host.url
    host.close()


def test_the_worker_leaves_out_a_network_of_other_classes(open_page, site):
    page = open_page(site)
    pairs = [("seed-affine", OWN), (OWN, "seed-cnn"), ("seed-affine", "seed-cnn"), (OWN, OWN), (OWN, None)]
    asked = [{"id": index, "model": one, "twin": other} for index, (one, other) in enumerate(pairs)]
    found = page.evaluate(ASK, asked)
    assert [(one["twin"], one["incomparable"]) for one in found] == [
        (None, OWN),
        (None, "seed-cnn"),
        ("seed-cnn", None),
        (OWN, None),
        (None, None),
    ]
    assert [one["twin_probs"] and len(one["twin_probs"]) for one in found] == [None, None, 10, 3, None]


@pytest.mark.parametrize("locale, tag", [("en-US", "en"), ("zh-CN", "zh-CN")])
def test_the_page_refuses_to_compare_networks_of_other_classes(open_page, site, locale, tag):
    page = open_page(site, bypass_csp=True, locale=locale)
    shows(page, "window.stn.store.frame.twin === 'seed-cnn'")
    page.evaluate("(name) => window.stn.setModel(name)", OWN)
    shows(page, f"window.stn.store.frame.model === {OWN!r} && window.stn.store.get().twin === null")
    said = page.evaluate("document.querySelector('#toast').textContent")
    assert WORDS[tag]["picker.incomparable"].split("{name}")[1] in said
    shows(page, "window.stn.store.frame.twin === null && window.stn.idle()")
    assert frame(page, "twin_probs") is None and frame(page, "names") == list(own_pictures.NAMES)
    page.click("#twin-picker input")
    barred = page.locator("#twin-list .network[aria-disabled=true]").first
    assert WORDS[tag]["picker.barred"] in barred.inner_text()
    barred.click(force=True)
    assert page.evaluate("window.stn.store.get().twin") is None
