"""Allowed names: of checkpoints, training runs, devices, samplers, paddings and languages."""

from __future__ import annotations

import re
from typing import Literal, get_args

LONGEST_CHECKPOINT = 100  # characters
CHECKPOINT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_CHECKPOINT - 1}}}")
LONGEST_RUN = 80  # characters, on one line
RUN_ID = "[a-z0-9-]{1,40}"  # of a run, which is also the name of its folder, and of a preset
DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?|mps")
SamplerName = Literal["bilinear", "nearest", "bicubic", "deconvolution"]
PaddingName = Literal["zeros", "border", "reflection"]
Language = Literal["en", "zh-CN"]
SAMPLERS: tuple[str, ...] = get_args(SamplerName)
PADDINGS: tuple[str, ...] = get_args(PaddingName)
LANGUAGES: tuple[str, ...] = get_args(Language)  # of the page
