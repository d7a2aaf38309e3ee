# The workflow with all pinned packages; the demo inside needs no network:
#   docker build -t climate-indicators .
#   docker run --rm -v "$PWD/results:/opt/climate-indicators/results" climate-indicators
# An own study: mount the folder of its files, and name the configuration, for example
#   docker run --rm -v "$PWD:/data" -w /data climate-indicators \
#     snakemake --snakefile /opt/climate-indicators/Snakefile --cores all --configfile /data/my_study.yaml --config data_dir=/data
FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/climate-indicators
# the packages first: they change less often than the code
COPY requirements.lock Makefile ./
RUN make packages
COPY . .
RUN make install
ENV PATH="/opt/climate-indicators/.venv/bin:$PATH"
CMD ["make", "demo"]
