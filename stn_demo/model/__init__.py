"""The model of the paper: localization network, grid generator, sampler, transformer, and the networks that contain
them.
"""

from .config import ModelConfig
from .grids import AffineGrid, AttentionGrid, ProjectiveGrid, SimilarityGrid, ThinPlateSplineGrid
from .network import Network, Trace, build_model, build_transformer
from .sampler import Sampler
from .transformer import SpatialTransformer, Transform

__all__ = [
    "AffineGrid",
    "AttentionGrid",
    "ModelConfig",
    "Network",
    "ProjectiveGrid",
    "Sampler",
    "SimilarityGrid",
    "SpatialTransformer",
    "ThinPlateSplineGrid",
    "Trace",
    "Transform",
    "build_model",
    "build_transformer",
]
