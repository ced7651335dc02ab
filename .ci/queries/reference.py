"""The questions of examples/queries once more, answered from the sealed pages with Python alone.

Each function gets the records of both user logs as Graph wrote them and returns rows with columns that the query has too.
Slow and plain on purpose: it has to be right, and to share nothing with the SQL.
"""

import math
from collections import defaultdict
from datetime import datetime, timedelta, timezone


def time(record):
    text = record["createdDateTime"].rstrip("Z")
    whole, _, fraction = text.partition(".")
    microseconds = int((fraction + "000000")[:6])
    return datetime.fromisoformat(whole).replace(tzinfo=timezone.utc, microsecond=microseconds)


def code(record):
    return str(record["status"]["errorCode"])


def user(record):
    return record["userPrincipalName"]


def address(record):
    return record["ipAddress"]


def country(record):
    return record["location"]["countryOrRegion"]


def ordered(records):
    return sorted(records, key=lambda record: (time(record), record["id"]))


def ids(records):
    return [record["id"] for record in ordered(records)]


def grouped(records, *keys):
    groups = defaultdict(list)
    for record in records:
        groups[tuple(key(record) for key in keys)].append(record)
    return groups


def successes(records):
    return [record for record in records if code(record) == "0"]


def expired_credentials(people, _, results=("50173", "50132", "70008", "81010"), target="Windows Azure Active Directory", memory=timedelta(days=7)):
    attempts = [r for r in people if code(r) in results and r["resourceDisplayName"] == target]

    def explained(attempt):
        return any(
            user(s) == user(attempt) and address(s) == address(attempt) and time(attempt) - memory <= time(s) <= time(attempt)
            for s in successes(people)
        )

    groups = grouped([r for r in attempts if not explained(r)], user, address, country)
    return [
        {"UserPrincipalName": u, "IPAddress": a, "Country": c, "Attempts": len(found), "FirstAttempt": min(map(time, found))}
        for (u, a, c), found in groups.items()
    ]


def sign_in_burst(people, _, application="GitLab", countries=2):
    found = [r for r in successes(people) if r["appDisplayName"] == application and country(r)]
    rows = []
    for (name,), group in grouped(found, lambda r: r["userDisplayName"]).items():
        places = sorted(set(map(country, group)))
        if len(places) >= countries:
            rows.append({"Identity": name, "Countries": places, "SignIns": len(group), "Ids": ids(group)})
    return rows


def half(people):
    """14 days, and no more than half of what the records span."""
    seen = list(map(time, people))
    return min(timedelta(days=14), (max(seen) - min(seen)) // 2) if seen else None


def first_seen(records, place, memory, beginning):
    """Those whose place their user was not seen at for a span of memory, which has to have passed since the beginning."""
    found = []
    for record in records:
        if time(record) < beginning + memory:
            continue
        before = (o for o in records if user(o) == user(record) and place(o) == place(record))
        if not any(time(record) - memory <= time(o) < time(record) for o in before):
            found.append(record)
    return found


def single_factor_from_new_country(people, _, applications=(), memory=None):
    memory = memory or half(people)
    good = successes(people)
    if not good:
        return []
    new = first_seen(good, country, memory, min(map(time, good)))
    return [
        {"Id": r["id"], "UserPrincipalName": user(r), "Location": country(r)}
        for r in new
        if r["authenticationRequirement"] == "singleFactorAuthentication"
        and country(r)
        and (not applications or r["appId"] in applications)
        and not any(n["networkType"] == "trustedNamedLocation" for n in r["networkLocationDetails"])
    ]


def high_risk_sessions(people, _, levels=("high",)):
    found = [r for r in successes(people) if r["riskLevelDuringSignIn"] in levels]
    return [{"Id": r["id"], "UserId": r["userId"], "OriginalRequestId": r["originalRequestId"]} for r in found]


def mfa_rejected(people, _, result="500121", words="MFA denied; user declined the authentication"):
    def details(record):
        return record["status"]["additionalDetails"]

    found = [r for r in people if code(r) == result and (details(r) == words or "fraud" in (details(r) or "").lower())]
    return [
        {"UserPrincipalName": u, "IPAddress": a, "Details": d, "Refusals": len(group), "Ids": ids(group)}
        for (u, a, d), group in grouped(found, user, address, details).items()
    ]


def mfa_spam_then_success(people, _, refusals=3, within=timedelta(hours=1)):
    denials = [
        r
        for r in people
        if any((step["authenticationStepResultDetail"] or "").lower().startswith("mfa denied") for step in r["authenticationDetails"])
    ]
    rows = []
    for success in successes(people):
        if success["authenticationRequirement"] == "multiFactorAuthentication":
            before = [d for d in denials if user(d) == user(success) and time(success) - within <= time(d) < time(success)]
            if len(before) >= refusals:
                first = min(map(time, before))
                rows.append({"Id": success["id"], "Refusals": len(before), "FirstRefusal": first, "Success": time(success), "Ids": ids(before)})
    return rows


def risky_users_by_application(people, _, share=0.01, listed=100):
    risky = [r for r in people if r["riskState"] == "atRisk"]
    groups = grouped(risky, user, lambda r: r["appDisplayName"], country)
    return [
        {"UserPrincipalName": u, "AppDisplayName": a, "Location": c, "SignIns": len(group), "Ids": ids(group)[:listed]}
        for (u, a, c), group in groups.items()
        if len(group) / len(risky) >= share
    ]


def portal_brute_force(people, _, application="Azure Portal", failures=5):
    found = [r for r in people if r["appDisplayName"] == application and code(r) != "0"]
    groups = grouped(found, lambda r: time(r).replace(second=0, microsecond=0), address, lambda r: r["userAgent"])
    return [
        {"Minute": minute, "IPAddress": a, "Failures": len(group), "Ids": ids(group)}
        for (minute, a, _), group in groups.items()
        if len(group) >= failures
    ]


def high_risk_users(people, machines, levels=("high",), tables=("SigninLogs", "AADNonInteractiveUserSignInLogs")):
    asked = (people if "SigninLogs" in tables else []) + (machines if "AADNonInteractiveUserSignInLogs" in tables else [])
    found = [r for r in successes(asked) if r["riskLevelAggregated"] in levels and r["riskLevelDuringSignIn"] in levels]
    return [
        {"UserPrincipalName": u, "IPAddress": a, "SignIns": len(group), "Ids": ids(group)}
        for (u, a), group in grouped(found, user, address).items()
    ]


def legacy_authentication(people, _, modern=("Browser", "Mobile Apps and Desktop clients"), memory=timedelta(days=14)):
    legacy = [r for r in successes(people) if r["clientAppUsed"] and r["clientAppUsed"] not in modern]
    client = lambda r: (r["clientAppUsed"], r["appDisplayName"], address(r))
    new = first_seen(legacy, client, memory, datetime.min.replace(tzinfo=timezone.utc) + timedelta(days=1))
    return [{"Id": r["id"], "UserPrincipalName": user(r), "ClientAppUsed": r["clientAppUsed"]} for r in new]


def new_locations(people, _, memory=None, accounts=2):
    memory = memory or half(people)

    def place(record):
        location, coordinates = record["location"], record["location"]["geoCoordinates"]
        return (country(record), location["state"], location["city"], coordinates["latitude"], coordinates["longitude"])

    rows = []
    beginning = min(map(time, people), default=None)
    for (key,), group in grouped(people, place).items():
        seen = list(map(time, group))
        new = [
            r
            for r in group
            if time(r) >= beginning + memory and not any(time(r) - memory <= t < time(r) - timedelta(days=1) for t in seen)
        ]
        users = sorted({user(r).lower() for r in new})
        if new and len(users) >= accounts:
            rows.append({"Country": key[0], "City": key[2], "Accounts": users, "SignIns": len(new), "Ids": ids(new)})
    return rows


def non_compliant_device(people, _, known_devices=True):
    def device(record):
        return record["deviceDetail"].get("deviceId") or ""

    found = [r for r in successes(people) if r["deviceDetail"]["isCompliant"] is False and (device(r) or not known_devices)]
    return [
        {"UserPrincipalName": u, "IPAddress": a, "SignIns": len(group), "Ids": ids(group)}
        for (u, a, _, _, _), group in grouped(
            found, user, address, device, lambda r: r["deviceDetail"].get("displayName"), lambda r: r["deviceDetail"].get("trustType")
        ).items()
    ]


def unusual_hours(people, _, most=25, share=0.1, weekdays=None):
    if weekdays is None:
        weekdays = max(map(time, people)) - min(map(time, people)) >= timedelta(days=28)
    found = [r for r in people if r["isInteractive"] and country(r)]
    # Sunday is 0.
    weekday = lambda r: time(r).isoweekday() % 7
    hour = lambda r: (country(r), weekday(r) if weekdays else None, time(r).hour)
    users = {key: len(set(map(user, group))) for (key,), group in grouped(found, hour).items()}
    busiest = {c: max(count for key, count in users.items() if key[0] == c) for c in map(country, found)}
    return [
        {"Id": r["id"], "Location": country(r), "Weekday": weekday(r), "Hour": time(r).hour, "Users": users[hour(r)], "Busiest": busiest[country(r)]}
        for r in found
        if users[hour(r)] <= min(most, share * busiest[country(r)])
    ]


def pairs(records):
    for (_,), group in grouped(records, user).items():
        group = ordered(group)
        yield from zip(group, group[1:])


def teleportation(people, _, within=timedelta(minutes=10), rare=None):
    rare = rare or max(0.0001, 5 / len(people))
    found = [r for r in people if r["conditionalAccessStatus"] != "failure" and country(r)]
    share = {c: len(group) / len(found) for (c,), group in grouped(found, country).items()}
    return [
        {"FromId": a["id"], "ToId": b["id"], "FromCountry": country(a), "ToCountry": country(b)}
        for a, b in pairs(found)
        if country(a) != country(b) and time(b) - time(a) <= within and min(share[country(a)], share[country(b)]) < rare
    ]


def disabled_accounts(people, _, sentence=None):
    found = [r for r in people if code(r) == "50057" and sentence in (None, r["status"]["failureReason"])]
    return [
        {"UserPrincipalName": u, "AppDisplayName": a, "Attempts": len(group), "Addresses": len(set(map(address, group))), "Ids": ids(group)}
        for (u, a), group in grouped(found, user, lambda r: r["appDisplayName"]).items()
    ]


def disabled_accounts_by_address(people, _, sentence=None):
    found = [r for r in people if code(r) == "50057" and sentence in (None, r["status"]["failureReason"])]
    return [
        {
            "IPAddress": a,
            "Attempts": len(group),
            "Users": sorted(set(map(user, group))),
            "SuccessesFromThere": sum(address(r) == a for r in successes(people)),
            "Ids": ids(group),
        }
        for (a,), group in grouped(found, address).items()
    ]


def user_agents_locked_out(people, _, locked=10, ratio=0.2):
    rows = []
    for (agent,), group in grouped(people, lambda r: r["userAgent"]).items():
        out = [r for r in group if code(r) == "50053"]
        good = sum(code(r) == "0" for r in group)
        if agent and len(out) > locked and good / len(out) < ratio:
            rows.append({"UserAgent": agent, "Locked": len(out), "Successes": good, "Ids": ids(out)})
    return rows


def networks_locked_out(people, _, share=1.0, sign_ins=1):
    rows = []
    for (number,), group in grouped(people, lambda r: r["autonomousSystemNumber"]).items():
        out = [r for r in group if code(r) == "50053"]
        if number and out and len(out) / len(group) >= share and len(group) >= sign_ins:
            row = {"AutonomousSystemNumber": str(number), "SignIns": len(group), "Locked": len(out)}
            rows.append({**row, "Addresses": sorted(set(map(address, group))), "Ids": ids(out)})
    return rows


def addresses_with_failed_logons(people, _, results=("50125", "50140", "70043", "70044"), times=10):
    found = [r for r in people if code(r) in results and address(r)]
    return [
        {"IPAddress": a, "Failures": len(group), "Users": len(set(map(user, group))), "Ids": ids(group)}
        for (a,), group in grouped(found, address).items()
        if len(group) >= times
    ]


def password_spray(
    people,
    machines,
    results=("50053", "50055", "50056", "50126"),
    users=10,
    within=timedelta(hours=1),
    after=timedelta(days=1),
    tables=("SigninLogs", "AADNonInteractiveUserSignInLogs"),
    listed=100,
):
    asked = (people if "SigninLogs" in tables else []) + (machines if "AADNonInteractiveUserSignInLogs" in tables else [])
    good = successes(people + machines)
    rows = []
    for (a,), group in grouped([r for r in asked if code(r) in results and address(r) and user(r)], address).items():
        sprays = []
        for failure in ordered(group):
            if not sprays or time(failure) - time(sprays[-1][-1]) > after:
                sprays.append([])
            sprays[-1].append(failure)
        for failures in sprays:
            bursts = {time(r): len({user(o) for o in failures if time(r) <= time(o) <= time(r) + within}) for r in failures}
            if max(bursts.values()) < users:
                continue
            first, last = min(t for t, count in bursts.items() if count >= users), time(failures[-1])
            failures = [r for r in failures if time(r) >= first]
            let_in = []
            for (u,), tried in grouped(failures, user).items():
                inside = [s for s in good if user(s) == u and address(s) == a and min(map(time, tried)) <= time(s) <= last + after]
                let_in += ordered(inside)[:1]
            rows.append({
                "IPAddress": a,
                "UsersAtOnce": max(bursts.values()),
                "FirstBurst": first,
                "LastFailure": last,
                "Failures": len(failures),
                "Users": len(set(map(user, failures))),
                "Succeeded": len({user(s) for s in good if address(s) == a and first <= time(s) <= last}),
                "LetIn": [{"UserPrincipalName": user(s), "Time": time(s), "Id": s["id"]} for s in ordered(let_in)] or None,
                "Ids": ids(failures)[:listed],
            })
    return rows


def token_replay(people, machines, within=timedelta(days=1)):
    rows = []
    for begun in successes(people):
        if begun["sessionId"] and country(begun):
            used = [
                r
                for r in successes(machines)
                if r["sessionId"] == begun["sessionId"]
                and r["userId"] == begun["userId"]
                and country(r) not in ("", country(begun))
                and time(begun) <= time(r) <= time(begun) + within
            ]
            if used:
                rows.append({"SessionId": begun["sessionId"], "BegunId": begun["id"], "Uses": len(used), "Ids": ids(used)})
    return rows


def impossible_travel(people, _, speed=900, distance=500):
    def place(record):
        coordinates = record["location"]["geoCoordinates"]
        return coordinates["latitude"], coordinates["longitude"]

    def kilometres(a, b):
        (north, east), (other_north, other_east) = (tuple(map(math.radians, place(r))) for r in (a, b))
        # The law of cosines: another formula than the query's.
        cosine = math.sin(north) * math.sin(other_north) + math.cos(north) * math.cos(other_north) * math.cos(east - other_east)
        return 6371 * math.acos(max(-1.0, min(1.0, cosine)))

    placed = [r for r in successes(people) if None not in place(r)]
    return [
        {"FromId": a["id"], "ToId": b["id"], "Kilometres": float(round(kilometres(a, b)))}
        for a, b in pairs(placed)
        if kilometres(a, b) >= distance and kilometres(a, b) > speed * (time(b) - time(a)).total_seconds() / 3600
    ]


STEPS = tuple("16001 50058 50072 50074 50076 50078 50079 50097 50125 50140 50168 50199 70016 70018".split())


def failures(groups, steps, top, listed, describe):
    """The groups with most failures; `describe` adds to the name of each what it counts."""
    rows = []
    for key, group in groups.items():
        failed = [r for r in group if code(r) != "0" and code(r) not in steps]
        if failed:
            results = defaultdict(int)
            for r in failed:
                results[code(r)] += 1
            row = {"Failures": len(failed), "Results": dict(results), "Successes": len(successes(group))}
            row |= {"FirstFailure": min(map(time, failed)), "LastFailure": max(map(time, failed)), "Ids": ids(failed)[:listed]}
            rows.append((-len(failed), key, {**row, **describe(key, group, failed)}))
    return [row for _, _, row in sorted(rows, key=lambda row: row[:2])[:top]]


def different(values):
    return len(set(values) - {"", None})


def failures_by_user(people, machines, steps=STEPS, tables=("SigninLogs", "AADNonInteractiveUserSignInLogs"), top=50, listed=100):
    asked = (people if "SigninLogs" in tables else []) + (machines if "AADNonInteractiveUserSignInLogs" in tables else [])

    def describe(key, _, failed):
        counts = {"Addresses": different(map(address, failed)), "Applications": different(r["appDisplayName"] for r in failed)}
        return {"UserPrincipalName": key[0], "UserId": key[1], **counts}

    return failures(grouped(asked, user, lambda r: r["userId"]), steps, top, listed, describe)


def accounts(people, machines, principals, identities):
    """All records, each with its account."""
    return [(r, r["userId"]) for r in people + machines] + [(r, r.get("servicePrincipalId")) for r in principals + identities]


def failures_by_address(people, machines, principals, identities, steps=STEPS, top=50, listed=100):
    who = {id(r): account for r, account in accounts(people, machines, principals, identities)}
    asked = [r for r in people + machines + principals + identities if address(r)]

    def describe(key, group, failed):
        return {"IPAddress": key[0], "Locations": sorted(set(map(country, group))), "Accounts": different(who[id(r)] for r in failed)}

    return failures(grouped(asked, address), steps, top, listed, describe)


def failures_by_application(people, machines, principals, identities, steps=STEPS, top=50, listed=100):
    who = {id(r): account for r, account in accounts(people, machines, principals, identities)}
    names = {id(r): r["appDisplayName"] for r in people + machines}
    names |= {id(r): r.get("servicePrincipalName") or "" for r in principals + identities}
    asked = people + machines + principals + identities

    def describe(key, _, failed):
        counts = {"Accounts": different(who[id(r)] for r in failed), "Addresses": different(map(address, failed))}
        return {"Application": key[0], "AppId": key[1], **counts}

    return failures(grouped(asked, lambda r: names[id(r)], lambda r: r["appId"]), steps, top, listed, describe)


def legacy_authentication_by_user(
    people,
    machines,
    modern=("Browser", "Mobile Apps and Desktop clients"),
    tables=("SigninLogs", "AADNonInteractiveUserSignInLogs"),
    listed=100,
):
    asked = (people if "SigninLogs" in tables else []) + (machines if "AADNonInteractiveUserSignInLogs" in tables else [])
    legacy = [r for r in asked if r["clientAppUsed"] and r["clientAppUsed"] not in modern]
    return [
        {
            "UserPrincipalName": u,
            "UserId": i,
            "ClientAppUsed": c,
            "SignIns": len(group),
            "Successes": len(successes(group)),
            "Addresses": different(map(address, group)),
            "Ids": ids(group)[:listed],
        }
        for (u, i, c), group in grouped(legacy, user, lambda r: r["userId"], lambda r: r["clientAppUsed"]).items()
    ]


def timeline(people, machines, principals, identities, *, who, since=None, until=None):
    named = [(r, ("userPrincipalName", "userId")) for r in people + machines]
    named += [(r, ("servicePrincipalName", "servicePrincipalId")) for r in principals + identities]
    found = [r for r, names in named if who.lower() in [(r.get(name) or "").lower() for name in names]]
    return [
        {"TimeGenerated": time(r), "Id": r["id"], "ResultType": code(r), "IPAddress": address(r) or ""}
        for r in ordered(found)
        if (since is None or time(r) >= since) and (until is None or time(r) < until)
    ]
