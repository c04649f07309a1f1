"""The routes of the footer's links."""

import io
import zipfile

from stn_demo.ui import foot


def test_source_zip_contains_only_the_program():
    with zipfile.ZipFile(io.BytesIO(foot.packed())) as archive:
        names = archive.namelist()
        assert {"app.py", "LICENSE", "README.md", "stn_demo/ui/foot.py", "stn_demo/ui/explore/explore.html"} <= set(
            names
        )
        assert archive.read("stn_demo/ui/foot.py").decode() == (foot.ROOT / "stn_demo/ui/foot.py").read_text("utf-8")
    assert not any(name.endswith((".safetensors", ".pyc")) or name.startswith("tests") for name in names)
    assert len(foot.packed()) < 4_000_000
