# The page in a container: on port 8501, as user 1000, as a Hugging Face Docker Space runs it.
# How to run it: docs/deploy.md. `make image-check` follows these steps without Docker.

# The full image, because it has `strip`; only /opt/venv of this stage is kept.
FROM python:3.11 AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# TensorFlow is 0.9 GB that the page needs only if LiteRT cannot run; `--build-arg WITH_TENSORFLOW=1` includes it.
ARG WITH_TENSORFLOW=
RUN python -m venv /opt/venv
COPY requirements.txt .
# Other packages require libclang, grpcio and pydeck, but the page never imports them. The list is complete, so pip
# resolves nothing. What the page never reads is removed: headers, tests of packages, symbols for debuggers, pip.
RUN sed -i -E '/^(libclang|grpcio|pydeck)==/d' requirements.txt \
 && if [ -z "$WITH_TENSORFLOW" ]; then sed -i '/^# TensorFlow/,$d' requirements.txt; fi \
 && /opt/venv/bin/pip install --no-deps -r requirements.txt \
 && rm -rf /opt/venv/lib/python3.11/site-packages/tensorflow/include \
 && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
 && find /opt/venv '(' -name 'libtensorflow_cc.so*' -o -name libllvmlite.so ')' -exec strip --strip-unneeded {} + \
 && /opt/venv/bin/pip uninstall --yes setuptools pip

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 user
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
# All of it belongs to root: the user can read it but not change it.
COPY app.py ./
COPY page page
COPY drumclf drumclf
COPY model model
COPY example_samples example_samples
COPY static static
COPY .streamlit .streamlit
# Bytecode is compiled here because the user cannot write it later; the base image has none for the standard library.
RUN python -m compileall -q /usr/local/lib/python3.11 .

ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/user \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/home/user/.cache/matplotlib \
    NUMBA_CACHE_DIR=/home/user/.cache/numba \
    # All freed memory can go back to the system, with the sounds that were in it (drumclf/memory.py).
    MALLOC_ARENA_MAX=1 \
    # Without this, Streamlit asks a server on the internet for its own address.
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost
USER user
# Fills the caches above, so that no visitor waits for them, and stops the build if a package is missing.
RUN python -m page.warm_up

EXPOSE 8501
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
