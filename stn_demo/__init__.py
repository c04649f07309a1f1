"""Spatial transformer networks (Jaderberg et al. 2015): a library, training, and an interactive page.

The engine (``model``, ``data``, ``checkpoints``, ``training``, ``analysis``, ``runs``, ``cli``) needs only torch, torchvision,
numpy, safetensors and Pillow; ``ui`` is the only package that imports Gradio.
"""
