#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Draws the validation PSNR of trainings over their steps, as SVG. Needs h5py.
#
#     draw-curves.py TITLE=LOG.h5 ... > curves.svg
#
# LOG.h5 is the output 'log' of a stage of tool 'train', as 'reprise export' copies it out of the cache.
import sys

import h5py

COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 56, 120, 16, 44


def read(argument):
    title, path = argument.split("=", 1)
    with h5py.File(path) as file:
        return title, file["step"][:].tolist(), file["validation-psnr"][:].tolist()


def main():
    curves = [read(argument) for argument in sys.argv[1:]]
    if not curves:
        sys.exit("usage: draw-curves.py TITLE=LOG.h5 ... > curves.svg")
    last = max(steps[-1] for _, steps, _ in curves)
    low = int(min(min(psnr) for _, _, psnr in curves))
    high = int(max(max(psnr) for _, _, psnr in curves)) + 1

    def x(step):
        return LEFT + (WIDTH - LEFT - RIGHT) * step / last

    def y(psnr):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - psnr) / (high - low)

    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">')
    print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    for level in range(low, high + 1):
        print(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(level):.1f}" y2="{y(level):.1f}" stroke="#dddddd"/>')
        print(f'<text x="{LEFT - 8}" y="{y(level) + 4:.1f}" text-anchor="end">{level}</text>')
    for part in range(5):
        step = last * part // 4
        print(f'<text x="{x(step):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{step:,}</text>')
    print(f'<text x="{x(last / 2):.1f}" y="{HEIGHT - 6}" text-anchor="middle">steps</text>')
    print(f'<text x="14" y="{y((low + high) / 2):.1f}" text-anchor="middle" '
          f'transform="rotate(-90 14 {y((low + high) / 2):.1f})">validation PSNR in dB</text>')
    for (title, steps, psnr), colour in zip(curves, COLOURS):
        points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in zip(steps, psnr))
        print(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        print(f'<text x="{x(steps[-1]) + 6:.1f}" y="{y(psnr[-1]) + 4:.1f}" fill="{colour}">{title} {psnr[-1]:.2f}</text>')
    print("</svg>")


main()
