# SPDX-License-Identifier: Apache-2.0
"""Image operations in another library, on one core: imaging.py LIBRARY HEIGHT WIDTH.

Says 'ready NAME VERSION' or 'absent REASON', then answers each operation's name with the seconds that one took, or with
'error REASON'.
"""
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

library, height, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def pillow(noise):
    import PIL
    from PIL import Image

    colour, small = Image.fromarray(noise(height, width, 3)), Image.fromarray(noise(height // 3, width // 3, 3))
    return f"Pillow {PIL.__version__}", {
        "shrink": lambda: colour.resize((width // 3, height // 3), Image.Resampling.BICUBIC),
        "enlarge": lambda: small.resize((width, height), Image.Resampling.BICUBIC),
        "luma": lambda: colour.convert("YCbCr"),
        "luma-as-pillow": lambda: colour.convert("L"),
        "shrink-as-pillow": lambda: colour.resize((width // 3, height // 3), Image.Resampling.BICUBIC),
        "enlarge-as-pillow": lambda: small.resize((width, height), Image.Resampling.BICUBIC),
    }


def opencv(noise):
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    colour, small = noise(height, width, 3), noise(height // 3, width // 3, 3)
    a, b = noise(height, width), noise(height, width)
    line = cv2.getGaussianKernel(11, 1.5)

    def windowed(plane):
        return cv2.sepFilter2D(plane, -1, line, line)[5:-5, 5:-5]

    def ssim():
        x, y = a.astype(np.float64), b.astype(np.float64)
        mx, my = windowed(x), windowed(y)
        vx, vy, vxy = windowed(x * x) - mx * mx, windowed(y * y) - my * my, windowed(x * y) - mx * my
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        return (((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean()

    return f"OpenCV {cv2.__version__}", {
        "shrink": lambda: cv2.resize(colour, (width // 3, height // 3), interpolation=cv2.INTER_CUBIC),
        "enlarge": lambda: cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC),
        "enlarge-as-opencv": lambda: cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC),
        "luma": lambda: cv2.cvtColor(colour, cv2.COLOR_RGB2YCrCb),
        "psnr": lambda: cv2.PSNR(a, b),
        "ssim": ssim,
    }


def scikit_image(noise):
    import skimage
    from skimage import color, metrics, transform

    colour, small = noise(height, width, 3), noise(height // 3, width // 3, 3)
    a, b = noise(height, width), noise(height, width)
    return f"scikit-image {skimage.__version__}", {
        "shrink": lambda: transform.resize(colour, (height // 3, width // 3), order=3, anti_aliasing=True),
        "enlarge": lambda: transform.resize(small, (height, width), order=3),
        "luma": lambda: color.rgb2ycbcr(colour),
        "psnr": lambda: metrics.peak_signal_noise_ratio(a, b, data_range=255),
        "ssim": lambda: metrics.structural_similarity(
            a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False),
    }


def main():
    try:
        import numpy as np

        random = np.random.default_rng(1)
        make = {"pillow": pillow, "opencv": opencv, "scikit-image": scikit_image}[library]
        name, operations = make(lambda *shape: random.integers(0, 256, shape, np.uint8))
    except ImportError as error:
        print("absent not installed" if isinstance(error, ModuleNotFoundError) else f"absent {error}", flush=True)
        return
    print("ready", name, flush=True)
    for line in sys.stdin:
        operation = operations.get(line.strip())
        if operation is None:
            print("error it has no such function", flush=True)
            continue
        start = time.perf_counter()
        operation()
        print(time.perf_counter() - start, flush=True)


main()
