"""Checks the keys, the uniform values and the integers of random_values.txt, from the written definitions alone.

    python3 tests/golden/check_random_values.py tests/golden/random_values.txt

Philox4x32-10 is as Salmon et al. (2011) give it; keys, counters and uniform values are as
tensor/rng_key.h and kernels/distributions.h describe them. Arithmetic is exact (Fraction) and is
rounded to f32 once, so nothing here depends on how a compiler treats floating point.
"""

import re
import struct
import sys
from fractions import Fraction

MASK = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def halves(number):
    return [number & MASK, number >> 32]


def child(key, name):
    fnv = 0xCBF29CE484222325
    for byte in name.encode():
        fnv = ((fnv ^ byte) * 0x100000001B3) % 2**64
    low, high = philox(halves(fnv) + [len(name), 1], halves(key))[:2]
    return low | high << 32


def named(key, path):
    for name in path.split("."):
        key = child(key, name)
    return key


def word(key, generation, element):
    return philox(halves(element // 4) + [generation, 0], halves(key))[element % 4]


def f32_bits(exact):
    """The bits of a Fraction, which must be an f32 already or is rounded to even."""
    double = exact.numerator / exact.denominator  # correctly rounded to 53 bits
    assert Fraction(double) == exact, "would round twice"
    return struct.unpack("<I", struct.pack("<f", double))[0]


def main(path):
    checked = 0
    for line in open(path):
        if match := re.match(r"key (\d+) (\S+): (\w+)$", line):
            seed, name, bits = int(match[1]), match[2], int(match[3], 16)
            assert named(seed, name) == bits, line
            checked += 1
        elif match := re.match(r"uniform \[(\S+), (\S+)\), (\w+) generation (\d+):(( \w{8})+)", line):
            low, high, key, generation = Fraction(match[1]), Fraction(match[2]), int(match[3], 16), int(match[4])
            for element, bits in enumerate(match[5].split()):
                u = Fraction(word(key, generation, element) >> 8, 2**24)
                assert f32_bits(low + u * (high - low)) == int(bits, 16), line
                checked += 1
        elif match := re.match(r"bernoulli (\S+), (\w+) generation (\d+):(( \w{8})+)", line):
            p, key, generation = float(match[1]), int(match[2], 16), int(match[3])
            ones = round(p * 2**32)
            for element, bits in enumerate(match[4].split()):
                assert int(word(key, generation, element) >= 2**32 - ones) == int(bits, 16), line
                checked += 1
        elif match := re.match(r"randint \[(\d+), (\d+)\), (\w+) generation (\d+):(( \w{8})+)", line):
            low, high, key, generation = int(match[1]), int(match[2]), int(match[3], 16), int(match[4])
            for element, bits in enumerate(match[5].split()):
                words = [word(key, generation, 2 * element + i) for i in range(2)]
                n = words[0] | words[1] << 32
                assert low + (n * (high - low) >> 64) == int(bits, 16), line
                checked += 1
    assert checked >= 12 + 8 * 8, "the file has not the lines that were expected"
    print(f"{checked} keys and values are as defined")


if __name__ == "__main__":
    main(sys.argv[1])
