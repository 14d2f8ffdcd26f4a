"""The configuration: the sections of `params.yaml`, its loader, and its composition from `conf/`.

People write `conf/`; `params.yaml` is its composition (`make params`), which DVC tracks.
"""

from stages.config.classifier import Classifier, GradientBoosting, Linear, RandomForest
from stages.config.composition import (
    CONF,
    HEADER,
    check_composition,
    compose,
    flat,
    option_file,
    params_text,
)
from stages.config.compute import Compute
from stages.config.drift import Drift
from stages.config.duplicates import Duplicates
from stages.config.encoder import Encoder
from stages.config.evaluation import Evaluation, Gate
from stages.config.features import Features
from stages.config.guards import Guards
from stages.config.inference import Inference
from stages.config.loader import DVC, PARAMS, declarations, declared_sections, load, read, sections
from stages.config.params import Params
from stages.config.registry import Registry
from stages.config.source import (
    Clock,
    Columns,
    FilesSource,
    HuggingFaceSource,
    LabelValues,
    Source,
    SpamAssassinSource,
)
from stages.config.stores import Stores
from stages.config.training import OperatingPoint, Search
from stages.config.validation import validate
from stages.config.window import Window
from stages.config.yaml_text import parse

__all__ = [
    "CONF",
    "DVC",
    "HEADER",
    "PARAMS",
    "Classifier",
    "Clock",
    "Columns",
    "Compute",
    "Drift",
    "Duplicates",
    "Encoder",
    "Evaluation",
    "Features",
    "FilesSource",
    "Gate",
    "GradientBoosting",
    "Guards",
    "HuggingFaceSource",
    "Inference",
    "LabelValues",
    "Linear",
    "OperatingPoint",
    "Params",
    "RandomForest",
    "Registry",
    "Search",
    "Source",
    "SpamAssassinSource",
    "Stores",
    "Window",
    "check_composition",
    "compose",
    "declarations",
    "declared_sections",
    "flat",
    "load",
    "option_file",
    "params_text",
    "parse",
    "read",
    "sections",
    "validate",
]
