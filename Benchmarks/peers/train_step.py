# SPDX-License-Identifier: Apache-2.0
"""One training step of FSRCNN(56,12,4) x3 in another framework: train_step.py FRAMEWORK THREADS.

Says 'ready NAME VERSION' or 'absent REASON', then answers each line 'BATCH EXTENT STEPS' with the seconds that so many
steps took. The first question about a shape builds the network and warms it up before the clock starts. Zero padding,
labels of 3n pixels, one PReLU slope a layer, Adam, mean squared error, float32.
"""
import os
import sys
import time

framework, threads = sys.argv[1], int(sys.argv[2])
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(threads)
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if framework == "jax" and threads == 1 and hasattr(os, "sched_setaffinity"):
    # XLA has no other way to be told.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

D, S, M, SCALE = 56, 12, 4, 3
WARM_UP = 3


def torch_step(batch, extent):
    import torch

    torch.set_num_threads(threads)

    def make(memory_format):
        torch.manual_seed(1)
        layers = [torch.nn.Conv2d(1, D, 5, padding=2), torch.nn.PReLU(), torch.nn.Conv2d(D, S, 1), torch.nn.PReLU()]
        for _ in range(M):
            layers += [torch.nn.Conv2d(S, S, 3, padding=1), torch.nn.PReLU()]
        layers += [torch.nn.Conv2d(S, D, 1), torch.nn.PReLU()]
        layers += [torch.nn.ConvTranspose2d(D, 1, 9, stride=SCALE, padding=4, output_padding=SCALE - 1)]
        network = torch.nn.Sequential(*layers).to(memory_format=memory_format)
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        inputs = torch.rand(batch, 1, extent, extent).to(memory_format=memory_format)
        labels = torch.rand(batch, 1, SCALE * extent, SCALE * extent).to(memory_format=memory_format)

        def step():
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(network(inputs), labels).backward()
            optimizer.step()

        return step

    # Which layout is the faster one depends on the shape and the processor: the peer gets its better one.
    steps = [make(torch.contiguous_format), make(torch.channels_last)]
    return min(steps, key=lambda step: (run(step, WARM_UP), run(step, WARM_UP))[1])


def jax_step(batch, extent):
    import jax
    import jax.numpy as jnp
    from jax import lax

    def convolution(x, w, b):
        y = lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + b

    def prelu(x, slope):
        return jnp.where(x > 0, x, slope * x)

    shapes = [(5, 5, 1, D), (1, 1, D, S)] + [(3, 3, S, S)] * M + [(1, 1, S, D)]
    keys = jax.random.split(jax.random.key(1), len(shapes) + 1)
    parameters = [
        (jax.random.normal(key, shape) * (2 / (shape[0] * shape[1] * shape[3])) ** 0.5, jnp.zeros(shape[3]),
         jnp.float32(0.25))
        for key, shape in zip(keys, shapes)
    ] + [(jax.random.normal(keys[-1], (9, 9, D, 1)) * 0.001, jnp.zeros(1))]

    def forward(parameters, x):
        for w, b, slope in parameters[:-1]:
            x = prelu(convolution(x, w, b), slope)
        w, b = parameters[-1]
        # A transposed convolution of stride 3: padding 4 of 9 taps, one output padding less than the stride.
        return b + lax.conv_general_dilated(
            x, w, (1, 1), [(4, 4 + SCALE - 1)] * 2, lhs_dilation=(SCALE, SCALE),
            dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def loss(parameters, x, y):
        return jnp.mean((forward(parameters, x) - y) ** 2)

    def update(state, x, y):
        parameters, first, second, count = state
        count = count + 1
        gradient = jax.grad(loss)(parameters, x, y)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        parameters = jax.tree.map(
            lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8),
            parameters, first, second)
        return parameters, first, second, count

    compiled = jax.jit(update, donate_argnums=0)
    inputs = jax.random.uniform(keys[0], (batch, extent, extent, 1))
    labels = jax.random.uniform(keys[1], (batch, SCALE * extent, SCALE * extent, 1))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = [(parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))]

    def step():
        state[0] = jax.block_until_ready(compiled(state[0], inputs, labels))

    return step


def tensorflow_step(batch, extent):
    import tensorflow as tf

    keras = tf.keras

    def prelu():
        # One slope a layer: shared over rows, columns and channels.
        return keras.layers.PReLU(shared_axes=[1, 2, 3], alpha_initializer=keras.initializers.Constant(0.25))

    layers = [keras.Input((extent, extent, 1)), keras.layers.Conv2D(D, 5, padding="same"), prelu()]
    layers += [keras.layers.Conv2D(S, 1), prelu()]
    for _ in range(M):
        layers += [keras.layers.Conv2D(S, 3, padding="same"), prelu()]
    layers += [keras.layers.Conv2D(D, 1), prelu(), keras.layers.Conv2DTranspose(1, 9, strides=SCALE, padding="same")]
    network = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(1e-3)
    inputs = tf.random.uniform((batch, extent, extent, 1))
    labels = tf.random.uniform((batch, SCALE * extent, SCALE * extent, 1))

    @tf.function
    def compiled():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(network(inputs, training=True) - labels))
        variables = network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return lambda: compiled().numpy()


def version():
    if framework == "torch":
        import torch

        return f"PyTorch {torch.__version__.split('+')[0]}"
    if framework == "jax":
        import jax

        return f"JAX {jax.__version__}"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return f"TensorFlow {tf.__version__}"


def run(step, count):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def main():
    try:
        print("ready", version(), flush=True)
    except ImportError as error:
        print("absent not installed" if isinstance(error, ModuleNotFoundError) else f"absent {error}", flush=True)
        return
    make = {"torch": torch_step, "jax": jax_step, "tensorflow": tensorflow_step}[framework]
    steps = {}
    for line in sys.stdin:
        batch, extent, count = map(int, line.split())
        try:
            if (batch, extent) not in steps:
                steps[batch, extent] = make(batch, extent)
                run(steps[batch, extent], WARM_UP)
            print(run(steps[batch, extent], count), flush=True)
        except Exception as error:  # whatever a framework throws is told, and the benchmark goes on
            print("error", " ".join(str(error).split())[:200], flush=True)


main()
