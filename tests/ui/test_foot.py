"""What the foot of the page leads to."""

import io
import zipfile

from stn_demo.ui import foot


def test_the_source_is_the_program_that_serves_the_page_and_no_more():
    with zipfile.ZipFile(io.BytesIO(foot.packed())) as archive:
        names = archive.namelist()
        assert {"app.py", "LICENSE", "README.md", "stn_demo/ui/foot.py", "stn_demo/ui/explore/explore.html"} <= set(
            names
        )
        assert archive.read("stn_demo/ui/foot.py").decode() == (foot.ROOT / "stn_demo/ui/foot.py").read_text("utf-8")
    assert not any(name.endswith((".safetensors", ".pyc")) or name.startswith("tests") for name in names)
    assert len(foot.packed()) < 4_000_000
