"""What must hold of compose.yaml, as what does not: a test can then see each rule fire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stages.stack.settings import ADDRESSES, PORTS, SECRETS

# They end, or start only when asked for.
JOBS = {"score"}
# `make env` writes these and no others.
KNOWN = {*PORTS, *SECRETS, *ADDRESSES}
SECRET = re.compile("PASSWORD|SECRET|KEY|TOKEN")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:\?[^}]+)?")
PINNED = re.compile(r".+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")


def problems(compose: dict[str, Any], text: str) -> list[str]:
    """Return what is wrong with a Compose file, `text` read as `compose`."""
    services = compose["services"]
    found = [problem for name in services for problem in _service(name, services)]
    named = {name for name, _ in VARIABLE.findall(text)}
    required = {name for name, message in VARIABLE.findall(text) if message}
    found += [f"{name} is not of `make env`" for name in sorted(named - KNOWN)]
    found += [f"{name} may be empty" for name in sorted(named - required)]
    return found


def _service(name: str, services: dict[str, Any]) -> Iterator[str]:
    service = services[name]
    if "healthcheck" not in service and name not in JOBS:
        yield f"{name} has no health check"
    if name in JOBS and not service.get("profiles"):
        yield f"{name} starts with everything else"
    if "build" not in service and not PINNED.fullmatch(service["image"]):
        yield f"{name} runs {service['image']}"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"{name} publishes {port}"
    for needed, how in service.get("depends_on", {}).items():
        if how != {"condition": "service_healthy"}:
            yield f"{name} does not wait for {needed} to be healthy"
    for variable, value in service.get("environment", {}).items():
        if SECRET.search(variable) and not re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)):
            yield f"{name} has {variable} in the file"
        if re.search(r"://[^/@]*:[^$/@]+@", re.sub(r"\$\{[^}]*\}", "$", str(value))):
            yield f"{name} has the password of {variable} in the file"
    arguments = " ".join(map(str, service.get("command", [])))
    for variable, _ in VARIABLE.findall(arguments):
        if SECRET.search(variable):
            yield f"{name} has {variable} among its arguments, which every user sees"
