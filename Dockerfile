# One image for web, live stream, workers and sweep; docker-compose.yml says which one a container is.
FROM python:3.13-slim AS packages
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /bin/uv
WORKDIR /rapport
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock .python-version ./
RUN uv sync --locked --no-cache

FROM python:3.13-slim
RUN useradd --system --home-dir /rapport rapport && install -d -o rapport -m 700 /var/lib/rapport
WORKDIR /rapport
ENV PATH=/rapport/.venv/bin:$PATH VAR_DIR=/var/lib/rapport PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /rapport/.venv .venv
COPY . .
USER rapport
VOLUME /var/lib/rapport
