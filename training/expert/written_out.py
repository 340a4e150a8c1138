"""The base model with its weights written out in 32 bits, so that an engine has nothing to round."""

from __future__ import annotations

from pathlib import Path

ARCHITECTURE = "general.architecture"
OWN = "GGUF."
"""What the reader tells of the file itself; the writer tells that by itself."""


def write_out(base: Path, target: Path) -> None:
    """Write the model in the GGUF file `base` into `target`, all tensors in 32 bits and everything else as it is."""
    import gguf
    import numpy as np

    reader = gguf.GGUFReader(base)
    writer = gguf.GGUFWriter(target, str(reader.fields[ARCHITECTURE].contents()))
    for field in reader.fields.values():
        if field.name != ARCHITECTURE and not field.name.startswith(OWN):
            kind, *parts = field.types
            writer.add_key_value(field.name, field.contents(), kind, parts[-1] if parts else None)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
