#!/usr/bin/env bash
# Checks what the tools of operations read: Prometheus, Alertmanager, Compose, Grafana. Nothing is skipped: a tool that
# is missing fails the check and is named with the package that holds it.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { # command, Debian package
  command -v "$1" >/dev/null || { echo "$1 is missing: apt-get install $2" >&2; exit 1; }
}

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

need promtool prometheus
need amtool prometheus-alertmanager
need python3 python3
docker compose version >/dev/null 2>&1 || need docker-compose docker-compose

promtool check config ops/prometheus.yml
promtool test rules ops/alerts_test.yml
amtool check-config ops/alertmanager.yml
compose -f docker-compose.yml --profile simulate config --quiet
echo "docker-compose.yml: well"
for dashboard in ops/grafana/dashboards/*.json; do
  python3 -m json.tool "$dashboard" /dev/null
  echo "$dashboard: well"
done
