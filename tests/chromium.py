"""Chromium for tests and benchmarks: how it is started, and when the stage has answered."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The last three are hidden pages of the address bar; each browser context opens two of them, which takes about 1 s of CPU time.
# Playwright disables the others too, but Chromium reads only one such list, the last one.
WITHOUT = (
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
)
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(WITHOUT)}",
]
# Every change is answered, twice in a row: what is drawn for one answer may ask for another.
SETTLED = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (let calm = 0; calm < 3; calm = window.stn.idle() ? calm + 1 : 0) await drawn();
}"""
