"""The filter as MLflow stores it: one folder with model, code, requirements and signature.

The adapter of MLflow's model format.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import stages
from stages.registry.mlflow.requirements import scoring_requirements

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel

# Where the model folder is inside the packed filter.
FOLDER = "data/model"


def pack(model_folder: Path, target: Path, model: LoggedModel, run_id: str) -> None:
    """Write the whole filter to `target` as one pyfunc, with code, signature and example."""
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec("string", "text"), ColSpec("string", "subject", required=False)]),
        outputs=Schema([ColSpec("double", "probability"), ColSpec("string", "verdict")]),
    )
    example = {"text": ["You have won. Reply with your bank details."], "subject": ["Urgent"]}
    with tempfile.TemporaryDirectory() as temporary:
        # MLflow names the stored folder after the one it is given; we look for `FOLDER` later.
        link = Path(temporary) / Path(FOLDER).name
        link.symlink_to(model_folder.resolve())
        mlflow.pyfunc.save_model(
            target,
            loader_module="stages.registry.mlflow.pyfunc_filter",
            data_path=str(link),
            code_paths=[str(Path(stages.__file__).parent)],
            pip_requirements=scoring_requirements(model_folder),
            signature=signature,
            input_example=pd.DataFrame(example),
            mlflow_model=Model(run_id=run_id, model_uuid=model.model_id, model_id=model.model_id),
        )


def adopt(packed: Path, target: Path, model: LoggedModel, run_id: str) -> None:
    """Copy a filter that is packed already to `target`, as the one of `model` and `run_id`.

    Its own code and requirements come along: today's might not load a model of last year.
    """
    from mlflow.models import Model

    shutil.copytree(packed, target)
    described = Model.load(str(target))
    described.run_id = run_id
    described.model_uuid = described.model_id = model.model_id
    described.save(str(target / "MLmodel"))
