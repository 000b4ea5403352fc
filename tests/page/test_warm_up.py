import subprocess
import sys

from conftest import ROOT


def test_the_warm_up_that_make_app_and_the_image_run_goes_through():
    done = subprocess.run([sys.executable, "-m", "page.warm_up"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
