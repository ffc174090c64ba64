# SPDX-License-Identifier: Apache-2.0
"""Trains FSRCNN-s with PyTorch on patches of Reprise and writes the network as a model of Reprise.

usage: train.py PATCHES.h5 MODEL.h5 --steps N --seed N
"""

import argparse

import h5py
import torch
from torch import nn


def network(scale):
    """FSRCNN-s: 32 features, 5 after shrinking, one mapping layer (arXiv 1608.00367, 3.4)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.PReLU(32),
        nn.Conv2d(32, 5, 1), nn.PReLU(5),
        nn.Conv2d(5, 5, 3, padding=1), nn.PReLU(5),
        nn.Conv2d(5, 32, 1), nn.PReLU(32),
        nn.ConvTranspose2d(32, 1, 9, stride=scale, padding=4, output_padding=scale - 1))


def line(name, layer):
    """A layer as a model file describes it (docs/WEIGHTS.md)."""
    if isinstance(layer, nn.Conv2d):
        return (f'convolution name={name} inputs={layer.in_channels} outputs={layer.out_channels} '
                f'kernel={layer.kernel_size[0]} padding=zero')
    if isinstance(layer, nn.PReLU):
        return f'prelu name={name} channels={layer.num_parameters} sharing=per-channel'
    return (f'transposed-convolution name={name} inputs={layer.in_channels} outputs={layer.out_channels} '
            f'kernel={layer.kernel_size[0]} stride={layer.stride[0]} padding={layer.padding[0]} '
            f'output-padding={layer.output_padding[0]}')


def save(path, model, scale):
    with h5py.File(path, 'w') as file:
        file.attrs['format'] = 'model'
        file.attrs['name'] = 'FSRCNN-s by PyTorch'
        file.attrs['layers'] = [line(name, layer) for name, layer in model.named_children()]
        file.attrs['scale'] = scale
        file.attrs['output-shift'] = 0
        file.attrs['label-convention'] = 'scaled'
        file.attrs['padding'] = 'zero'
        file.attrs['shortened'] = 0
        for name, layer in model.named_children():
            for parameter, value in layer.named_parameters():
                ours = 'slope' if isinstance(layer, nn.PReLU) else parameter
                file[f'parameters/{name}.{ours}'] = value.detach().numpy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('patches')
    parser.add_argument('model')
    parser.add_argument('--steps', type=int, required=True)
    parser.add_argument('--seed', type=int, required=True)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.use_deterministic_algorithms(True)
    with h5py.File(arguments.patches) as file:
        # LR luma in 0...1 and HR luma in bytes, both (patches, 1, rows, columns).
        inputs, labels = torch.from_numpy(file['input'][...]), torch.from_numpy(file['label'][...]).float() / 255
        scale = int(file.attrs['scale'])
    model = network(scale)
    nn.init.normal_(model[-1].weight, std=0.001)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, arguments.steps)
    for step in range(arguments.steps):
        batch = torch.randint(len(inputs), (32,))
        loss = nn.functional.mse_loss(model(inputs[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if (step + 1) % 100 == 0:
            print(f'step {step + 1}: loss {loss.item():.6f}', flush=True)
    save(arguments.model, model, scale)


if __name__ == '__main__':
    main()
