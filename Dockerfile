# Built in one stage, run in another: the image holds neither compiler nor package manager's cache.
# `deploy/rehearse.py` goes through these steps without a container engine.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --quiet uv==0.13.9
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN /opt/uv/bin/uv export --quiet --frozen --no-dev --no-emit-project --output-file requirements.txt
RUN python -m venv /opt/parley && /opt/uv/bin/uv pip install --quiet --python /opt/parley/bin/python --require-hashes --requirements requirements.txt
COPY bot ./bot
COPY adapters ./adapters
RUN /opt/uv/bin/uv build --quiet --wheel --out-dir dist
RUN /opt/uv/bin/uv pip install --quiet --python /opt/parley/bin/python --no-deps --compile-bytecode dist/*.whl

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home parley
COPY --from=build /opt/parley /opt/parley
ENV PATH=/opt/parley/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1
ENV LOG_FORMAT=json
ENV HTTP_HOST=0.0.0.0
# Everything else is read-only: matplotlib, which draws charts, wants to write somewhere.
ENV MPLCONFIGDIR=/tmp
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["parley"]
CMD ["serve"]
