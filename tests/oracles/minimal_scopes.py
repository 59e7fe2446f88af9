#!/usr/bin/env python3
"""Smallest grants on Microsoft Graph, by an integer program and HiGHS: the expected values of tests/minimal_scopes.rs.

    pip install highspy
    python3 tests/oracles/minimal_scopes.py DATA/msgraph/permissions.json > tests/oracles/minimal_scopes.tsv

Knows nothing of Sprag: it reads the permissions, draws the same calls with the same generator (SplitMix64), and
minimises grade after grade, each time with the sums of the grades before held at their minimum.
"""

import json
import sys

import highspy

APPS, CALLS = 200, 9
SCHEMES = ["DelegatedWork", "DelegatedPersonal", "Application"]
MASK = (1 << 64) - 1


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % end


def operations(permissions, scheme):
    """Operation -> its alternatives, each a set of permissions."""
    found = {}
    for name, permission in permissions.items():
        if scheme not in permission["schemes"]:
            continue
        for paths in permission.get("pathSets", []):
            if scheme not in paths["schemeKeys"]:
                continue
            for path, marks in paths["paths"].items():
                also = [m.partition("=")[2].split(",") for m in marks.split(";") if m.startswith("AlsoRequires=")]
                if also:
                    with_ = [a for a in also[0] if scheme in permissions.get(a, {"schemes": {}})["schemes"]]
                    alternatives = [frozenset([name, a]) for a in with_]
                else:
                    alternatives = [frozenset([name])]
                for method in paths["methods"]:
                    found.setdefault(f"{method} {path}", set()).update(alternatives)
    return {operation: alternatives for operation, alternatives in found.items() if alternatives}


def calls(operations, random):
    families = {}
    for operation in sorted(operations, key=lambda o: o.encode()):
        families.setdefault(operation.split(" ")[1].split("/")[1], []).append(operation)
    names = sorted(families, key=lambda n: n.encode())
    needed = set()
    while len(needed) < CALLS:
        family = families[names[random.below(len(names))]]
        for _ in range(3):
            call = family[random.below(len(family))]
            if len(needed) < CALLS:
                needed.add(call)
    return needed


def optimum(operations, needed, grades, operation_grade, scope_grade):
    scopes = sorted({s for o in needed for a in operations[o] for s in a})
    number = {s: i for i, s in enumerate(scopes)}
    beyond = {}  # alternatives that these scopes can hold, and grade -> how many operations have just these
    for operation, alternatives in operations.items():
        if operation not in needed:
            inside = frozenset(a for a in alternatives if a <= number.keys())
            if inside:
                key = (inside, operation_grade(operation))
                beyond[key] = beyond.get(key, 0) + 1
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("mip_rel_gap", 0.0)
    h.setOptionValue("mip_abs_gap", 0.0)
    held = [h.addBinary() for _ in scopes]
    amounts = [[] for _ in range(grades)]
    for s in scopes:
        amounts[scope_grade(s)].append(held[number[s]])
    for operation in needed:
        chosen = []
        for alternative in operations[operation]:
            z = h.addBinary()
            for s in alternative:
                h.addConstr(z <= held[number[s]])
            chosen.append(z)
        h.addConstr(sum(chosen) >= 1)
    for (inside, grade), count in beyond.items():
        y = h.addVariable(0, 1)
        for alternative in inside:
            h.addConstr(y >= sum(held[number[s]] for s in alternative) - (len(alternative) - 1))
        amounts[grade].append(count * y)
    values = []
    for amount in amounts:
        if not amount:
            values.append(0)
            continue
        total = sum(amount)
        h.minimize(total)
        assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
        value = round(h.getInfo().objective_function_value)
        values.append(value)
        h.addConstr(total <= value)
    return values


def access(operation):
    """0 never, 1 delete, 2 write, 3 read: as the catalogs' classes, the heaviest first."""
    return {"GET": 3, "DELETE": 1}.get(operation.split(" ")[0], 2)


def main():
    permissions = json.load(open(sys.argv[1]))["permissions"]
    print("scheme\tapp\tcost\tunits")
    for number, scheme in enumerate(SCHEMES):
        table = operations(permissions, scheme)

        def level(scope):
            """Not said first, then from 5 down to 1."""
            said = permissions[scope]["schemes"][scheme].get("privilegeLevel")
            return 0 if said is None else 6 - said

        for app in range(APPS):
            needed = calls(table, Random(number * 1000 + app))
            costs = {
                "surface": optimum(table, needed, 2, lambda o: 0, lambda s: 1),
                "access": optimum(table, needed, 5, access, lambda s: 4),
                "level": optimum(table, needed, 7, lambda o: 6, level),
            }
            for cost, units in costs.items():
                print(scheme, app, cost, ",".join(map(str, units)), sep="\t", flush=True)


main()
