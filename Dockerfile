# What the tests need, and nothing of this machine: docker build -t mhc . && docker run --rm mhc make test
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -q -y --no-install-recommends chromium chromium-driver git make \
    && rm -rf /var/lib/apt/lists/*

# Tests start browsers and write records; none of that needs root.
RUN useradd --create-home mhc
USER mhc
WORKDIR /home/mhc/project
COPY --chown=mhc . .

# make installs again only when one of these two files has changed.
RUN make pretrained
CMD ["make", "test"]
