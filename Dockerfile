# one-adapter in a container: docker build -t one-adapter:0.1.0 .
#
# The base is named by its tag, so that a build today has today's fixes. Who builds for others pins it:
#   docker build --build-arg PYTHON=python:3.13-slim@sha256:… .
# with the digest that `docker buildx imagetools inspect python:3.13-slim` prints. No digest stands here, as it
# would be an old one most of the time. Everything else is held by the hashes of requirements.lock, but for
# the build backend that packs one-adapter itself, which stays in the first stage, and for Prisma in the
# target `database`.
#
# No init process (tini, --init): `run` sets its own handlers of signals, which the first process of a
# container has to, starts no process that leaves orphans behind, and its parent of workers collects them.
#
# Run it read-only: docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges …
# `one-adapter export CONFIG --deploy compose DIR` writes all of that.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
# A mirror: --build-arg PIP_INDEX_URL=…; the hashes hold there too.
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/one-adapter
WORKDIR /build
# Alone, so that a change of the code does not install a hundred packages again.
COPY requirements.lock ./
RUN /opt/one-adapter/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY one_adapter one_adapter
RUN /opt/one-adapter/bin/pip install --no-deps .

FROM ${PYTHON} AS base
# Nothing is written beside /tmp: bytecode was made above, and what wants a home gets that.
ENV PATH=/opt/one-adapter/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /etc/one-adapter
EXPOSE 9090
STOPSIGNAL SIGTERM
# In exec form: slim has no curl, and no shell is needed.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 9090, timeout=5); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["one-adapter"]
CMD ["run", "/etc/one-adapter/config.json", "--host", "0.0.0.0", "--port", "9090", "--watch", "--grace", "30"]

# docker build --target database: with what LiteLLM needs to keep requests and spend in PostgreSQL. Prisma
# fetches its engine while this is built, and nothing when it runs.
FROM build AS build-database
ENV PRISMA_BINARY_CACHE_DIR=/opt/one-adapter/prisma
RUN /opt/one-adapter/bin/pip install prisma==0.15.0 \
 && PATH=/opt/one-adapter/bin:$PATH /opt/one-adapter/bin/prisma generate \
    --schema "$(/opt/one-adapter/bin/python -c 'import importlib.util as u; print(u.find_spec("litellm").submodule_search_locations[0])')/proxy/schema.prisma"

FROM base AS database
ENV PRISMA_BINARY_CACHE_DIR=/opt/one-adapter/prisma
COPY --from=build-database /opt/one-adapter /opt/one-adapter
USER 10001:10001

# The last one is what is built without --target. Its user has a number, which Kubernetes asks for.
FROM base AS proxy
COPY --from=build /opt/one-adapter /opt/one-adapter
USER 10001:10001
