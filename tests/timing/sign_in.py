#!/usr/bin/env python3
"""Can known and unknown addresses be told apart by how long an answer takes?

Asks a running server about a known and an unknown address in turns, in an order drawn by chance, and compares the times
by Welch's t-test. |t| of 4.5 or more fails: by chance that happens once in a hundred thousand runs.

The server has to run in the development tier with its limits off, on a machine that does nothing else:

    SIGN_IN_LIMITS=off RATE_LIMIT=off RATE_LIMIT_AUTH=off make run
    make timing            # or: tests/timing/sign_in.py --tries 1000 --what login --what otp
"""
import argparse
import http.client
import json
import math
import random
import secrets
import statistics
import sys
import time
import urllib.parse


class Server:
    def __init__(self, base):
        parts = urllib.parse.urlsplit(base)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)

    def ask(self, path, body, expected):
        text = json.dumps(body)
        began = time.perf_counter_ns()
        self.connection.request("POST", path, text, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        took = (time.perf_counter_ns() - began) / 1e6
        if answer.status != expected:
            sys.exit(f"{path} answered {answer.status}, not {expected}: are the limits off?")
        return took


def login(server, email):
    body = {"email": email, "password": "not the password of anybody"}
    return server.ask("/api/v1/auth/login", body, 401)


def otp(server, email):
    return server.ask("/api/v1/auth/otp/request", {"email": email}, 202)


def forgot(server, email):
    return server.ask("/api/v1/auth/password/forgot", {"email": email}, 202)


def unknown():
    return f"{secrets.token_hex(5)}@example.com"


def welch(a, b):
    spread = statistics.variance(a) / len(a) + statistics.variance(b) / len(b)
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(spread)


def trimmed(times, share=0.05):
    """Without the slowest: pauses of the machine, not of the server."""
    return sorted(times)[: max(2, int(len(times) * (1 - share)))]


def main():
    ways = {"login": (login, "admin@example.com"), "otp": (otp, "patient@example.com"), "forgot": (forgot, "admin@example.com")}
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--base", default="http://localhost:8080")
    options.add_argument("--tries", type=int, default=1000, help="of each kind")
    options.add_argument("--what", choices=ways, action="append")
    chosen = options.parse_args()
    server = Server(chosen.base)
    failed = False
    for what in chosen.what or ["login", "otp"]:
        ask, known = ways[what]
        for _ in range(10):
            ask(server, known), ask(server, unknown())
        times = {True: [], False: []}
        order = [True, False] * chosen.tries
        random.shuffle(order)
        for is_known in order:
            times[is_known].append(ask(server, known if is_known else unknown()))
        t = welch(times[True], times[False])
        t_trimmed = welch(trimmed(times[True]), trimmed(times[False]))
        failed |= abs(t) >= 4.5 or abs(t_trimmed) >= 4.5
        medians = [statistics.median(times[kind]) for kind in (True, False)]
        print(
            f"{what}: 2x{chosen.tries} tries, median {medians[0]:.3f} ms known, {medians[1]:.3f} ms unknown, "
            f"t = {t:+.2f}, without the slowest twentieth {t_trimmed:+.2f}"
        )
    sys.exit("they can be told apart" if failed else 0)


if __name__ == "__main__":
    main()
