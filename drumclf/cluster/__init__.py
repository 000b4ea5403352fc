"""Many sounds on many machines, with Dask and fsspec."""
