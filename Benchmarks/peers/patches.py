# SPDX-License-Identifier: Apache-2.0
"""Training patches as one would write it by hand: patches.py FOLDER FILE.h5. Ends with 3 where a library is missing.

20 copies of each image, luma, LR by bicubic, pairs of 11x11 and 19x19 (placed as the FSRCNN authors do) at stride 4.
"""
import os
import sys

try:
    import h5py
    import numpy as np
    from PIL import Image
except ImportError as error:
    print(error)
    sys.exit(3)

SCALE, INPUT, LABEL, STRIDE, START = 3, 11, 19, 4, 7
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
    luma = np.rint(np.asarray(image, np.float64) @ LUMA + 16).astype(np.float32) / 255
    height, width = (extent - extent % SCALE for extent in luma.shape)
    high = luma[:height, :width]
    small = Image.fromarray(high).resize((width // SCALE, height // SCALE), Image.Resampling.BICUBIC)
    return np.asarray(small), high


def windows(plane, size, start, step, rows, columns):
    view = np.lib.stride_tricks.sliding_window_view(plane[start:, start:], (size, size))
    return view[: step * rows : step, : step * columns : step].reshape(-1, 1, size, size)


def append(dataset, values):
    dataset.resize(len(dataset) + len(values), 0)
    dataset[-len(values):] = values


def main(folder, file):
    with h5py.File(file, "w") as output:
        sets = [
            output.create_dataset(
                name, (0, 1, size, size), np.float32, maxshape=(None, 1, size, size), chunks=(512, 1, size, size))
            for name, size in (("input", INPUT), ("label", LABEL))
        ]
        for name in sorted(os.listdir(folder)):
            for copy in copies(Image.open(os.path.join(folder, name)).convert("RGB")):
                low, high = pair(copy)
                rows, columns = ((extent - INPUT) // STRIDE + 1 for extent in low.shape)
                append(sets[0], windows(low, INPUT, 0, STRIDE, rows, columns))
                append(sets[1], windows(high, LABEL, START, STRIDE * SCALE, rows, columns))


main(*sys.argv[1:])
