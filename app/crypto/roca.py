"""Recognises RSA keys made by chips with the ROCA flaw (CVE-2017-15361), whose private half can be computed.

Nemec et al., "The Return of Coppersmith's Attack" (CCS 2017), section 3: their primes are k·M + (65537^a mod M) with M
the product of small primes. So the modulus, too, is a power of 65537 modulo each of these. A sound key is so modulo all
of them with a probability of about 2⁻²⁸.
"""

_GENERATOR = 65537
_SMALL_PRIMES = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109),
    *(113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


def _powers(prime: int) -> frozenset[int]:
    found = {1}
    power = _GENERATOR % prime
    while power not in found:
        found.add(power)
        power = power * _GENERATOR % prime
    return frozenset(found)


_POWERS = {prime: _powers(prime) for prime in _SMALL_PRIMES}


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether an RSA modulus looks as those chips make them."""
    return all(modulus % prime in powers for prime, powers in _POWERS.items())
