# SPDX-License-Identifier: Apache-2.0
"""Training patches as one would write it by hand: patches.py FOLDER FILE.h5 [bytes]. Ends with 3 where a library is
missing.

20 copies of each image, luma, LR by bicubic, pairs of 7x7 and 21x21 at stride 3. Labels are float32, or with 'bytes'
the 8-bit luma that they are made of. One append an image; HDF5's chunks hold about a megabyte. Prints the seconds it
took, imports left out.
"""
import os
import sys
import time

try:
    import h5py
    import numpy as np
    from PIL import Image
except ImportError as error:
    print(error)
    sys.exit(3)

SCALE, INPUT, LABEL, STRIDE = 3, 7, 21, 3
TURNS = [None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270]
SCALES = [1, 0.9, 0.8, 0.7, 0.6]
LUMA = np.array([65.481, 128.553, 24.966]) / 255


def copies(image):
    for turn in TURNS:
        turned = image if turn is None else image.transpose(turn)
        for scale in SCALES:
            size = (int(turned.width * scale), int(turned.height * scale))
            yield turned if scale == 1 else turned.resize(size, Image.Resampling.BICUBIC)


def pair(image):
    luma = np.rint(np.asarray(image, np.float64) @ LUMA + 16).astype(np.uint8)
    height, width = (extent - extent % SCALE for extent in luma.shape)
    high = luma[:height, :width]
    small = Image.fromarray(high / np.float32(255)).resize((width // SCALE, height // SCALE), Image.Resampling.BICUBIC)
    return np.asarray(small), high


def windows(plane, size, step):
    view = np.lib.stride_tricks.sliding_window_view(plane, (size, size))
    return view[::step, ::step].reshape(-1, 1, size, size)


def append(dataset, parts):
    values = np.concatenate(parts)
    start = len(dataset)
    dataset.resize(start + len(values), 0)
    dataset[start:] = values


def main(folder, file, labels="float32"):
    in_bytes = labels == "bytes"
    with h5py.File(file, "w") as output:
        inputs, labels = (
            output.create_dataset(
                name, (0, 1, size, size), kind, maxshape=(None, 1, size, size),
                chunks=((1 << 20) // (size * size * np.dtype(kind).itemsize), 1, size, size))
            for name, size, kind in (
                ("input", INPUT, np.float32), ("label", LABEL, np.uint8 if in_bytes else np.float32))
        )
        for name in sorted(os.listdir(folder)):
            pairs = [pair(copy) for copy in copies(Image.open(os.path.join(folder, name)).convert("RGB"))]
            append(inputs, [windows(low, INPUT, STRIDE) for low, _ in pairs])
            append(labels, [
                windows(high if in_bytes else high / np.float32(255), LABEL, STRIDE * SCALE) for _, high in pairs])


start = time.perf_counter()
main(*sys.argv[1:])
print(time.perf_counter() - start)
