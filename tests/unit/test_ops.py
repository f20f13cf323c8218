"""What operations are given agrees with what the program is: settings, ports, versions."""

import re
from pathlib import Path
from typing import Any

import yaml

from streams.pages.settings_page import describe
from streams.settings import Settings

REPO = Path(__file__).resolve().parents[2]


def compose() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    services = yaml.safe_load((REPO / "docker-compose.yml").read_text())["services"]
    assert isinstance(services, dict)
    return services


def versions(lock: str) -> set[str]:
    """The packages of a lock, each at its version."""
    return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", (REPO / lock).read_text(), re.MULTILINE))


def test_compose_sets_only_what_is_a_setting() -> None:
    known = {row.variable for row in describe()}
    told = {name for service in compose().values() for name in service.get("environment", {}) if name.startswith("TIERWATCH")}
    assert told
    assert told <= known


def test_the_image_sets_only_what_is_a_setting() -> None:
    told = set(re.findall(r"\b(TIERWATCH_[A-Z_]+)=", (REPO / "Dockerfile").read_text()))
    assert told
    assert told <= {row.variable for row in describe()}


def test_every_server_of_compose_says_whether_it_is_well() -> None:
    without = {name for name, service in compose().items() if "healthcheck" not in service}
    assert without == {"topics", "simulate"}


def test_a_worker_can_be_multiplied() -> None:
    worker = compose()["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker


def test_compose_opens_ports_on_this_machine_only() -> None:
    ports = [port for service in compose().values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_prometheus_asks_workers_on_the_port_of_the_settings() -> None:
    jobs = yaml.safe_load((REPO / "ops" / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = [job for job in jobs if job["job_name"] == "tierwatch"]
    assert found["dns_sd_configs"][0]["names"] == ["worker"]
    assert found["dns_sd_configs"][0]["port"] == Settings.model_fields["metrics_port"].default


def test_the_image_holds_the_versions_that_are_tested() -> None:
    assert versions("requirements-runtime.lock") <= versions("requirements.lock")
