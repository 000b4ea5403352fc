# The page in a container: on port 8501, as user 1000, as a Hugging Face Docker Space runs it.
# How to run it: docs/deploy.md. `make image-check` walks these steps where there is no Docker.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt .
# Left out: what trains a network (LiteRT answers here), what others ask for and no page imports, the packages' own
# tests, pip. The list is complete, so nothing is resolved; `make image-check` proves that nothing is missed.
RUN grep -vE '^(tensorflow_cpu|keras|h5py|libclang|grpcio|librosa|numba|llvmlite|pydeck)==' requirements.txt > serving.txt \
 && /opt/venv/bin/pip install --no-deps -r serving.txt \
 && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
 && /opt/venv/bin/pip uninstall --yes setuptools pip

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 user
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
# All of it belongs to root: the user reads it and cannot change it.
COPY app.py ./
COPY page page
COPY drumclf drumclf
COPY model model
COPY example_samples example_samples
COPY .streamlit .streamlit
COPY deploy/warm_up.py deploy/
# Bytecode is made here because the user cannot write it later; the base image has none of the standard library.
RUN python -m compileall -q /usr/local/lib/python3.11 .

ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/user \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/home/user/.cache/matplotlib \
    # Nothing changes in an image that could be watched.
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none \
    # Without an address, Streamlit asks a server in the internet for its own.
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost
USER user
# Fills the cache above, so that no visitor waits for a list of fonts; and stops the build if a package is missed.
RUN python -m deploy.warm_up

EXPOSE 8501
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
