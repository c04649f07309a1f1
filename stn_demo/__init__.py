"""Spatial transformer networks (Jaderberg et al. 2015) to learn from, to train and to touch.

The engine (``model``, ``data``, ``training``, ``analysis``, ``checkpoints``) needs torch, torchvision, numpy and
safetensors only; ``ui`` is the one place that knows of a screen.
"""
