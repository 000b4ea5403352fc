"""The folder of a cluster run: the list of its sounds, and the parts that are finished."""

import io
import itertools
import json
import os
from collections.abc import Callable

from drumclf.batch.skipped import Skipped
from drumclf.cluster.remote import file_system, join, list_sounds, names_in, or_say, put
from drumclf.threads import in_batches, map_ahead

try:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile, ParquetWriter
except ImportError:  # drumclf.cluster.run reports it
    pa = None

# Lists the files of the run. Readers of a folder of Parquet files skip names that begin with "_" or ".".
LIST = "_paths.parquet"
_COUNTERS = 16  # finished files that are checked at once


def open_list(paths: list[str], out: str, settings: dict, report_skipped: Callable[[list[Skipped]], object]):
    """The list of a run as a ParquetFile, with a row group for each partition: written, or checked if it exists."""
    names = names_in(out)
    if LIST in names:
        return _check_list(paths, out, settings, report_skipped)
    if any(name.endswith(".parquet") for name in names):
        raise ValueError(f"{out} holds other Parquet files: give an empty folder.")
    schema, file = pa.schema({"path": pa.binary()}, {"drumclf": json.dumps(settings)}), io.BytesIO()
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in in_batches(list_sounds(paths, report_skipped), settings["partition_size"]):
            table = pa.table({"path": [os.fsencode(path) for path in batch]}, schema)
            writer.write_table(table, row_group_size=len(batch))
    listed = ParquetFile(file)
    if not listed.num_row_groups:
        raise ValueError("There are no sound files here.")
    with or_say(f"{out} cannot be written: check the address and your right to write there."):
        put(out, LIST, file.getvalue())
    return listed


def read_list(listed, partition: int) -> list[str]:
    """The paths of one partition."""
    return [os.fsdecode(path) for path in listed.read_row_group(partition)["path"].to_pylist()]


def count_finished(out: str, sizes: list[int]) -> dict[int, int]:
    """Number of refused files for each partition that is there and complete."""
    fs, root = file_system(out)
    names = names_in(out)

    def count(partition: int) -> int | None:
        try:
            file = io.BytesIO(fs.cat_file(join(root, part_name(partition))))
            errors = ParquetFile(file).read(["error"])["error"]
        except Exception:  # not complete: it is made again
            return None
        return len(errors) - errors.null_count if len(errors) == sizes[partition] else None

    there = [i for i in range(len(sizes)) if part_name(i) in names]
    return {i: n for i, n in zip(there, map_ahead(count, there, _COUNTERS), strict=True) if n is not None}


def part_name(partition: int) -> str:
    """The file of a partition's answers."""
    return f"part-{partition:06}.parquet"


def _check_list(paths: list[str], out: str, settings: dict, report_skipped: Callable[[list[Skipped]], object]):
    fs, root = file_system(out)
    with or_say(f"{out} holds a list of sounds that cannot be read: give an empty folder."):
        listed = ParquetFile(io.BytesIO(fs.cat_file(join(root, LIST))))
        begun = json.loads(listed.metadata.metadata[b"drumclf"])
        model, size = begun["model"], begun["partition_size"]
    if model != settings["model"]:
        raise ValueError(f"{out} holds another model's answers: give an empty folder.")
    if size != settings["partition_size"]:
        raise ValueError(f"{out} was begun with {size} files in a partition: give the same number.")
    recorded = (read_list(listed, i) for i in range(listed.num_row_groups))
    found = in_batches(list_sounds(paths, report_skipped), size)
    if any(then != now for then, now in itertools.zip_longest(recorded, found)):
        raise ValueError(f"{out} holds the answers for another list of sounds: give an empty folder.")
    return listed
