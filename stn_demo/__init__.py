"""Spatial transformer networks (Jaderberg et al. 2015): a library, its training, and an interactive page.

The engine (``model``, ``data``, ``checkpoints``, ``training``, ``analysis``, ``runs``, ``cli``) needs torch, torchvision,
numpy and safetensors only; ``ui`` is the only place that knows Gradio.
"""
