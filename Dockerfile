# The page in a container: on port 8501, as user 1000, as a Hugging Face Docker Space runs it.
# How to run it: docs/deploy.md. `make image-check` walks these steps where there is no Docker.

# The full image, because it has `strip`; of this stage only /opt/venv is kept.
FROM python:3.11 AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# What others ask for and no page imports. With "|tensorflow_cpu|keras|h5py" more, the image is 0.9 GB lighter: LiteRT
# answers without them, and nothing stands in for it.
ARG LEAVE_OUT="libclang|grpcio|pydeck"
RUN python -m venv /opt/venv
COPY requirements.txt .
# The list is complete, so nothing is resolved. What no page ever reads goes: headers, tests of packages, symbols for
# debuggers, pip. `make image-check` proves that it is not missed.
RUN grep -vE "^($LEAVE_OUT)==" requirements.txt > serving.txt \
 && /opt/venv/bin/pip install --no-deps -r serving.txt \
 && rm -rf /opt/venv/lib/python3.11/site-packages/tensorflow/include \
 && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
 && find /opt/venv '(' -name 'libtensorflow_cc.so*' -o -name libllvmlite.so ')' -exec strip --strip-unneeded {} + \
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
COPY static static
COPY .streamlit .streamlit
# Bytecode is made here because the user cannot write it later; the base image has none of the standard library.
RUN python -m compileall -q /usr/local/lib/python3.11 .

ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/user \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/home/user/.cache/matplotlib \
    NUMBA_CACHE_DIR=/home/user/.cache/numba \
    # What is freed goes back to the system, with what was in it.
    MALLOC_MMAP_THRESHOLD_=131072 \
    # Without an address, Streamlit asks a server in the internet for its own.
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost
USER user
# Fills the cache above, so that no visitor waits for a list of fonts; and stops the build if a package is missed.
RUN python -m page.warm_up

EXPOSE 8501
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
