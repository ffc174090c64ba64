#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images and colours as Pillow and OpenCV make them, for the tests of Imaging.

    make-resampling-oracle.py FOLDER            writes pillow.txt, opencv.txt and colours.txt into FOLDER
    make-resampling-oracle.py LIBRARY SEED N    prints N random cases, LIBRARY being pillow or opencv
    make-resampling-oracle.py versions          prints what is here, one library a line
    make-resampling-oracle.py colours FILE      writes all 2^24 colours as L, as YCbCr and from YCbCr to RGB

A line is one of

    # Pillow 13.0.0
    image NAME CHANNELS HEIGHT WIDTH PIXELS
    resized NAME KERNEL HEIGHT WIDTH PIXELS
    colours NAME PIXELS PIXELS

with pixels in base64, row by row, channels side by side. `opencv-cubic` is OpenCV's own code: Intel's IPP, which the
wheels for x86-64 call by default, is switched off for it.
"""
import base64
import os
import random
import sys


def pillow_kernels():
    from PIL import Image

    filters = Image.Resampling
    return {
        "pillow-nearest": filters.NEAREST,
        "pillow-box": filters.BOX,
        "pillow-bilinear": filters.BILINEAR,
        "pillow-hamming": filters.HAMMING,
        "pillow-bicubic": filters.BICUBIC,
        "pillow-lanczos": filters.LANCZOS,
    }


def resized_by_pillow(pixels, channels, height, width, kernel, new_height, new_width):
    from PIL import Image

    image = Image.frombytes("RGB" if channels == 3 else "L", (width, height), pixels)
    return image.resize((new_width, new_height), pillow_kernels()[kernel]).tobytes()


def resized_by_opencv(pixels, channels, height, width, kernel, new_height, new_width):
    import cv2
    import numpy

    cv2.ipp.setUseIPP(False)
    image = numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, channels)
    return cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_CUBIC).tobytes()


def versions():
    """Name and version of each library that can be imported."""
    found = {}
    try:
        import PIL

        found["Pillow"] = PIL.__version__
    except ImportError:
        pass
    try:
        import cv2

        found["OpenCV"] = cv2.__version__
    except ImportError:
        pass
    return found


LIBRARIES = {
    "pillow": ("Pillow", resized_by_pillow, lambda: list(pillow_kernels())),
    "opencv": ("OpenCV", resized_by_opencv, lambda: ["opencv-cubic"]),
}


def text(pixels):
    return base64.b64encode(bytes(pixels)).decode()


def pixels_of(kind, generator, channels, height, width):
    """Bytes of an image: random ones, extremes alone, a ramp over both extents, or one bright pixel."""
    count = channels * height * width
    if kind == "random":
        return generator.randbytes(count)
    if kind == "extremes":
        return bytes(255 if value > 127 else 0 for value in generator.randbytes(count))
    if kind == "ramp":
        steps = max(1, height + width - 2)
        return bytes(
            255 * (row + column) // steps if channel != 1 else 255 - 255 * (row + column) // steps
            for row in range(height)
            for column in range(width)
            for channel in range(channels)
        )
    middle = (height // 2 * width + width // 2) * channels
    return bytes(255 if middle <= index < middle + channels else 0 for index in range(count))


def write_case(out, library, name, kind, generator, shape, sizes):
    channels, height, width = shape
    _, resized, kernels = LIBRARIES[library]
    pixels = pixels_of(kind, generator, channels, height, width)
    print("image", name, channels, height, width, text(pixels), file=out)
    for new_height, new_width in sizes:
        for kernel in kernels():
            result = resized(pixels, channels, height, width, kernel, new_height, new_width)
            print("resized", name, kernel, new_height, new_width, text(result), file=out)


# Channels, height, width, kind, and the sizes they are brought to: x2, x3, x4, 1/2, 1/3, 2/3, 3/4, odd ones, one pixel.
STORED = [
    (1, 1, 1, "random", [(1, 4), (3, 1), (5, 7)]),
    (3, 1, 1, "random", [(2, 2)]),
    (1, 1, 9, "random", [(1, 3), (1, 18), (2, 13)]),
    (3, 9, 1, "random", [(6, 1), (27, 1), (1, 1)]),
    (1, 12, 12, "random", [(4, 4), (8, 8), (9, 9), (6, 6), (3, 3), (24, 24)]),
    (1, 7, 5, "random", [(14, 10), (21, 15), (7, 3), (5, 5)]),
    (3, 8, 6, "random", [(4, 3), (6, 4), (12, 9), (3, 7), (16, 12)]),
    (3, 5, 11, "extremes", [(10, 22), (2, 5), (11, 5)]),
    (1, 13, 13, "extremes", [(5, 5), (17, 19), (13, 6), (6, 13)]),
    (1, 40, 3, "random", [(3, 4), (11, 2), (39, 3)]),
    (3, 30, 4, "random", [(7, 3), (2, 8)]),
    (1, 3, 40, "random", [(4, 3), (2, 11)]),
    (1, 16, 16, "ramp", [(5, 5), (12, 12), (31, 7)]),
    (3, 10, 10, "ramp", [(7, 7), (15, 15)]),
    (1, 9, 9, "point", [(27, 27), (4, 4)]),
]


def write_stored(folder):
    for library, (title, _, _) in LIBRARIES.items():
        generator = random.Random(1)
        with open(os.path.join(folder, library + ".txt"), "w") as out:
            print("#", title, versions()[title], file=out)
            for number, (channels, height, width, kind, sizes) in enumerate(STORED):
                write_case(out, library, f"{kind}{number}", kind, generator, (channels, height, width), sizes)
    generator = random.Random(2)
    pixels = pixels_of("random", generator, 3, 1, 600) + pixels_of("extremes", generator, 3, 1, 40)
    with open(os.path.join(folder, "colours.txt"), "w") as out:
        print("#", "Pillow", versions()["Pillow"], file=out)
        for mode in ("L", "YCbCr"):
            print("colours", mode, text(pixels), text(converted(pixels, mode)), file=out)
        print("colours", "RGB", text(pixels), text(converted(pixels, "RGB", source="YCbCr")), file=out)


def converted(pixels, mode, source="RGB"):
    from PIL import Image

    return Image.frombytes(source, (len(pixels) // 3, 1), pixels).convert(mode).tobytes()


def write_random(library, seed, count):
    generator = random.Random(seed)
    for number in range(count):
        shape = (generator.choice((1, 3)), generator.randint(1, 48), generator.randint(1, 48))
        size = (generator.randint(1, 80), generator.randint(1, 80))
        if number % 5 == 0:
            size = (shape[1] * (number % 4 + 1), shape[2] * (number % 4 + 1))
        if number % 7 == 0:
            size = (shape[1], size[1]) if number % 2 else (size[0], shape[2])
        kind = "extremes" if number % 3 == 0 else "random"
        write_case(sys.stdout, library, f"{kind}{number}", kind, generator, shape, [size])


def write_all_colours(path):
    """Colours in the order of 65536 red + 256 green + blue; as YCbCr the same triples are read back as RGB."""
    rows = []
    for red in range(256):
        row = bytearray(3 * 65536)
        row[0::3] = bytes([red]) * 65536
        row[1::3] = bytes(green for green in range(256) for _ in range(256))
        row[2::3] = bytes(range(256)) * 256
        rows.append(bytes(row))
    with open(path, "wb") as out:
        for mode, source in (("L", "RGB"), ("YCbCr", "RGB"), ("RGB", "YCbCr")):
            for row in rows:
                out.write(converted(row, mode, source))


def main(arguments):
    match arguments:
        case ["versions"]:
            for title, version in versions().items():
                print(title, version)
        case ["colours", path]:
            write_all_colours(path)
        case [library, seed, count] if library in LIBRARIES:
            write_random(library, int(seed), int(count))
        case [folder] if os.path.isdir(folder):
            write_stored(folder)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
