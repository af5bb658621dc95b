"""Deployment files, held against the code they start."""

import json
import re
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from deploy.rehearse import steps
from tests.house.generated import metric_families
from tests.house.repository import read

SETTINGS = {name.upper() for name in Settings.model_fields}
PROBES = {"/healthz", "/readyz"}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(read("compose.yaml"))["services"]
    return found


def container() -> dict[str, Any]:
    deployment, _service = yaml.safe_load_all(read("deploy/kubernetes/parley.yaml"))
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(found)


def dockerfile(what: str) -> list[str]:
    return [rest for step, rest in steps(read("Dockerfile")) if step == what]


def test_every_setting_that_is_set_exists() -> None:
    named = {*compose()["parley"]["environment"], *(one["name"] for one in container()["env"])}
    image = {one.partition("=")[0] for one in dockerfile("ENV")} - {"PATH", "PYTHONUNBUFFERED", "MPLCONFIGDIR"}
    assert named | image <= SETTINGS


def test_the_image_is_built_with_the_same_uv() -> None:
    version = re.search(r"^UV_VERSION := (.+)$", read("Makefile"), re.MULTILINE)
    assert version
    assert any(f"uv=={version[1]}" in one for one in dockerfile("RUN"))


def test_nobody_runs_as_root_and_nothing_but_data_is_written() -> None:
    assert dockerfile("USER") == ["10001"]
    assert compose()["parley"]["read_only"]
    assert container()["securityContext"]["readOnlyRootFilesystem"]


def test_probes_ask_for_what_is_served() -> None:
    probes = (container()[f"{one}Probe"]["httpGet"]["path"] for one in ("liveness", "readiness", "startup"))
    asked = re.search(r"8080(/\w+)", dockerfile("HEALTHCHECK")[0])
    assert asked
    assert {*probes, asked[1]} <= PROBES


def test_what_ends_gets_the_time_that_running_answers_get() -> None:
    """Twenty seconds for answers, and as many for connections to close."""
    assert compose()["parley"]["stop_grace_period"] == "45s"
    assert "TimeoutStopSec=45" in read("deploy/parley.service")
    assert "terminationGracePeriodSeconds: 45" in read("deploy/kubernetes/parley.yaml")


@pytest.mark.parametrize("path", ["/telegram", "/slack/events"])
def test_the_proxy_lets_platforms_in_and_nobody_else(path: str) -> None:
    (allowed,) = re.findall(r"@platforms path (.+)", read("deploy/Caddyfile"))
    assert path in allowed.split()
    assert PROBES.isdisjoint(allowed.split())


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yaml"])
def test_what_is_watched_is_measured(file: str) -> None:
    measured = {family.name for family in metric_families()}
    text = read(f"deploy/monitoring/{file}")
    watched = set(re.findall(r"\b(parley_[a-z_]+)", text))
    assert watched
    assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in watched} <= measured


def test_the_dashboard_stays_inside_until_somebody_lets_it_in() -> None:
    let_in = [line.strip() for line in read("deploy/Caddyfile").splitlines() if "dashboard" in line.lower()]
    assert let_in
    assert all(line.startswith("#") for line in let_in)


def test_what_the_image_starts_is_a_command() -> None:
    assert [json.loads(one) for one in (*dockerfile("ENTRYPOINT"), *dockerfile("CMD"))] == [["parley"], ["serve"]]
