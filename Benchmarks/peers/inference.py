# SPDX-License-Identifier: Apache-2.0
"""FSRCNN(56,12,4) x3 on whole images in another library: inference.py LIBRARY THREADS FOLDER.

FOLDER has extents.txt (rows and columns of each image), parameters.f32 (each layer's weights, biases and slope),
images.f32 and results.f32. Says 'ready NAME VERSION' or 'absent REASON', then answers each line with the seconds that
all images took, or with 'error REASON' where the pixels are other than the results. Zero padding, labels of 3n pixels.
"""
import os
import sys
import time

library, threads, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(threads)

D, S, M, SCALE = 56, 12, 4, 3


def network(parameters):
    """The bytes of the network in the exchange format that the libraries read."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, rest = [], [], parameters

    def tensor(name, shape, repeated=1):
        nonlocal rest
        count = int(np.prod(shape)) // repeated
        values, rest = rest[:count], rest[count:]
        tensors.append(numpy_helper.from_array(np.repeat(values, repeated).reshape(shape), name))
        return name

    shapes = [(D, 1, 5, 5), (S, D, 1, 1)] + [(S, S, 3, 3)] * M + [(D, S, 1, 1)]
    last = "image"
    for number, shape in enumerate(shapes):
        weights = [tensor(f"weight{number}", shape), tensor(f"bias{number}", shape[:1])]
        nodes.append(helper.make_node("Conv", [last, *weights], [f"sum{number}"], pads=[shape[2] // 2] * 4))
        # One slope a layer, given once a channel: not all libraries take fewer.
        slope = tensor(f"slope{number}", (shape[0], 1, 1), repeated=shape[0])
        last = f"layer{number}"
        nodes.append(helper.make_node("PRelu", [f"sum{number}", slope], [last]))
    weights = [tensor("weight", (D, 1, 9, 9)), tensor("bias", (1,))]
    nodes.append(
        helper.make_node(
            "ConvTranspose", [last, *weights], ["result"], kernel_shape=[9, 9], strides=[SCALE] * 2, pads=[4] * 4,
            output_padding=[SCALE - 1] * 2))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, f"{name} rows", f"{name} columns"])
        for name in ("image", "result")
    ]
    graph = helper.make_graph(nodes, "fsrcnn", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def onnxruntime(model, images):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])
    return f"onnxruntime {onnxruntime.__version__}", lambda image: session.run(None, {"image": image})[0]


def opencv(model, images):
    import cv2

    cv2.setNumThreads(threads)
    bytes_ = np.frombuffer(model(), np.uint8)
    # OpenCV 5 has more than one engine, OpenCV 4 has no name for its only one; the peer gets its fastest.
    engines = [(getattr(cv2.dnn, name),) for name in ("ENGINE_NEW", "ENGINE_CLASSIC") if hasattr(cv2.dnn, name)] or [()]

    def make(engine):
        # A network for each size: one that changes its size makes its plan anew.
        networks = {image.shape: cv2.dnn.readNetFromONNX(bytes_, *engine) for image in images}

        def forward(image):
            networks[image.shape].setInput(image)
            return networks[image.shape].forward()

        return forward

    ways = [make(engine) for engine in engines]
    return f"OpenCV {cv2.__version__} dnn", min(ways, key=lambda way: (run(way, images), run(way, images))[1])


def read(name):
    return np.fromfile(os.path.join(folder, name), "<f4")


def planes(values, extents, scale=1):
    start = 0
    for rows, columns in extents:
        count = rows * columns * scale * scale
        yield values[start : start + count].reshape(1, 1, rows * scale, columns * scale)
        start += count


def run(forward, images):
    start = time.perf_counter()
    for image in images:
        forward(image)
    return time.perf_counter() - start


def main():
    with open(os.path.join(folder, "extents.txt")) as file:
        extents = [tuple(map(int, line.split())) for line in file]
    images = list(planes(read("images.f32"), extents))
    results = planes(read("results.f32"), extents, SCALE)
    make = {"onnxruntime": onnxruntime, "opencv": opencv}[library]
    try:
        name, forward = make(lambda: network(read("parameters.f32")), images)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        print(f"absent not installed: {error.name}" if missing else f"absent {error}", flush=True)
        return
    except Exception as error:  # a network that the library refuses
        print("absent", " ".join(str(error).split())[:200], flush=True)
        return
    difference = max(float(abs(forward(image) - result).max()) for image, result in zip(images, results))
    print("ready", name, flush=True)
    for _ in sys.stdin:
        if difference > 1e-5:
            print(f"error its pixels differ by {difference}", flush=True)
        else:
            print(run(forward, images), flush=True)


try:
    import numpy as np
except ImportError:
    print("absent not installed: numpy", flush=True)
else:
    main()
