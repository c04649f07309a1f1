"""What every test may rely on: no call to another host, and no second thread where one is faster."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import torch

torch.set_num_threads(1)
