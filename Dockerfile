# tierwatch: the worker and every command of its command line.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/tierwatch
COPY requirements-runtime.lock requirements-build.lock ./
RUN /opt/tierwatch/bin/pip install --require-hashes --only-binary=:all: -r requirements-runtime.lock -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY online_models online_models
COPY agents agents
COPY streams streams
RUN /opt/tierwatch/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tierwatch/bin/pip uninstall --yes setuptools

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin tierwatch
COPY --from=build /opt/tierwatch /opt/tierwatch
ENV PATH=/opt/tierwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TIERWATCH_LOG_FORMAT=json \
    TIERWATCH_METRICS_HOST=0.0.0.0
USER tierwatch
WORKDIR /tmp
EXPOSE 9108
ENTRYPOINT ["tierwatch"]
CMD ["worker"]
