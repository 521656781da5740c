# The image in which the docker sandbox runs student code: an interpreter and its packages, nothing of the grader
# (the runner is mounted at each run, so a new grader needs no new image).
#
#   grade image build                     what most people type
#   docker build -t deep-grader-sandbox . the same by hand
#
# Any base will do that has Python 3.11 or an apt-get that can install it.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}

RUN if ! python3 -c "import ensurepip" 2>/dev/null; then \
        apt-get update && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates && \
        rm -rf /var/lib/apt/lists/*; \
    fi

# `ca-bundle.crt` is optional (hence the pattern): certificates to trust while packages are fetched, for networks with
# a registry or a proxy of their own. `grade image build --ca-bundle FILE` puts it into the build context.
COPY requirements-sandbox.txt ca-bundle.cr[t] /opt/build/

# A virtual environment, because Debian's own interpreter refuses packages. No pip cache: it would double the layer.
RUN python3 -m venv /opt/grader && \
    if [ -s /opt/build/ca-bundle.crt ]; then export PIP_CERT=/opt/build/ca-bundle.crt; fi && \
    /opt/grader/bin/pip install --no-cache-dir --disable-pip-version-check -r /opt/build/requirements-sandbox.txt

# What programs write to /tmp by name goes to the scratch folder, which is mounted at each run.
RUN rm -rf /tmp && ln -s /scratch /tmp

# `python` is found by PATH. The user is nobody, who owns no file of the image.
ENV PATH=/opt/grader/bin:/usr/local/bin:/usr/bin:/bin
USER 65534:65534
