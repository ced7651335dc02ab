"""A tenant made by hand, served as Graph serves it: for every question what it must find, and what it must not.

Records name themselves: `QUESTION:yes:N` has to be in the answer to that question, `QUESTION:no:N` must not be. Where an answer
names users or addresses instead of records, these carry the name.
"""

import http.server
import json
import re
import threading
import urllib.parse
from datetime import datetime, timedelta, timezone

BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = BEGINNING + timedelta(days=45)
TENANT = "5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6"
PLACES = {
    "NL": ("Utrecht", "Utrecht", 52.09079360961914, 5.121419906616211),
    "DE": ("Köln", "Nordrhein-Westfalen", 50.9375, 6.9603),
    "US": ("Boise", "Idaho", 43.6135, -116.2035),
    "PT": ("Lisboa", "Lisboa", 38.7223, -9.1393),
    "SG": ("Singapore", "Central Singapore", 1.289699912071228, 103.85009765625),
    "BR": ("São Paulo", "São Paulo", -23.547500610351562, -46.636100769042969),
}


def at(day, hour=9, minute=0, second=0):
    return BEGINNING + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def sign_in(label, time, user, country="NL", address="192.0.2.1", code=0, **other):
    """A record of the beta API, interactive unless `kind` says otherwise."""
    kind = other.pop("kind", "interactiveUser")
    city, state, latitude, longitude = PLACES[country]
    record = {
        "id": label,
        "createdDateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "userDisplayName": user.title(),
        "userPrincipalName": f"{user}@contoso.example",
        "userId": f"id-of-{user}",
        "appId": "4765445b-32c6-49b0-83e6-1d93765276ca",
        "appDisplayName": "OfficeHome",
        "ipAddress": address,
        "clientAppUsed": "Browser",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        "correlationId": f"correlation-of-{label}",
        "conditionalAccessStatus": "success",
        "originalRequestId": f"request-of-{label}",
        "isInteractive": kind == "interactiveUser",
        "riskDetail": "none",
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "riskEventTypes_v2": [],
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": "00000003-0000-0000-c000-000000000000",
        "authenticationRequirement": "multiFactorAuthentication",
        "signInEventTypes": [kind],
        "userType": "member",
        "autonomousSystemNumber": 64496,
        "uniqueTokenIdentifier": f"token-of-{label}",
        "sessionId": f"session-of-{label}",
        "status": {"errorCode": code, "failureReason": "Other." if code == 0 else "Some words.", "additionalDetails": None},
        "deviceDetail": {
            "deviceId": f"device-of-{user}",
            "displayName": "",
            "operatingSystem": "Linux",
            "browser": "Firefox",
            "isCompliant": True,
            "isManaged": True,
            "trustType": "Azure AD joined",
        },
        "location": {
            "city": city,
            "state": state,
            "countryOrRegion": country,
            "geoCoordinates": {"altitude": None, "latitude": latitude, "longitude": longitude},
        },
        "networkLocationDetails": [],
        "authenticationDetails": [],
    }
    record.update(other)
    return record


def denied(label, time, user, words="MFA denied; user declined the authentication"):
    status = {"errorCode": 500121, "failureReason": "Authentication failed during strong authentication request.", "additionalDetails": words}
    step = {"authenticationStepDateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "succeeded": False, "authenticationStepResultDetail": words}
    return sign_in(label, time, user, code=500121, status=status, authenticationDetails=[step], address="198.51.100.3")


def records():
    made = []
    add = lambda *args, **other: made.append(sign_in(*args, **other))

    # What happens every day: nothing to see.
    people = ["ann", "bob", "cam", "dan", "eve"]
    for day in range(44):
        for number, user in enumerate(people):
            address = "203.0.113.9" if user == "dan" and day < 22 else f"192.0.2.{number + 1}"
            add(f"calm:{user}:{day}", at(day, 8, number), user, address=address)

    directory = {"resourceDisplayName": "Windows Azure Active Directory"}
    add("expired_credentials:yes:1", at(30), "ann", address="198.51.100.7", code=50173, **directory)
    add("expired_credentials:yes:2", at(30), "dan", address="203.0.113.9", code=81010, **directory)  # last success 9 days ago
    add("expired_credentials:no:1", at(30), "bob", address="192.0.2.2", code=70008, **directory)  # a success an hour ago
    add("expired_credentials:no:2", at(30), "cam", address="198.51.100.7", code=50132)  # another resource
    add("expired_credentials:no:3", at(30), "cam", address="198.51.100.7", code=50126, **directory)

    gitlab = {"appDisplayName": "GitLab"}
    add("sign_in_burst:yes:1", at(31, 10), "ann", **gitlab)
    add("sign_in_burst:yes:2", at(31, 18), "ann", "DE", **gitlab)
    add("sign_in_burst:no:1", at(31, 10), "bob", **gitlab)
    add("sign_in_burst:no:2", at(31, 10), "cam", **gitlab)
    add("sign_in_burst:no:3", at(31, 18), "cam", "DE", code=50126, **gitlab)

    single = {"authenticationRequirement": "singleFactorAuthentication"}
    trusted = [{"networkType": "trustedNamedLocation", "networkNames": ["HQ"]}]
    add("single_factor_from_new_country:yes:1", at(32, 20), "eve", "PT", **single)
    add("single_factor_from_new_country:no:1", at(33, 20), "eve", "PT", **single)  # known since yesterday
    add("single_factor_from_new_country:no:2", at(32, 20), "dan", "PT", networkLocationDetails=trusted, **single)
    add("single_factor_from_new_country:no:3", at(32, 20), "bob", "PT")  # two factors
    add("single_factor_from_new_country:no:4", at(3, 20), "bob", "DE", **single)  # nothing is known so early
    add("new_locations:yes:1", at(34, 20), "cam", "BR")
    add("new_locations:yes:2", at(34, 22), "eve", "BR")
    add("new_locations:no:1", at(36, 20), "bob", "BR")  # known since the day before yesterday
    add("new_locations:no:2", at(34, 20), "ann", "US")  # one account only
    add("new_locations:no:3", at(34, 21), "cam", "NL")

    add("high_risk_sessions:yes:1", at(35), "ann", riskLevelDuringSignIn="high", riskState="atRisk")
    add("high_risk_sessions:no:1", at(35), "ann", riskLevelDuringSignIn="high", code=50126)
    add("high_risk_sessions:no:2", at(35), "ann", riskLevelDuringSignIn="medium")
    both = {"riskLevelDuringSignIn": "high", "riskLevelAggregated": "high"}
    add("high_risk_users:yes:1", at(35), "bob", kind="nonInteractiveUser", riskEventTypes_v2=["anomalousToken"], **both)
    add("high_risk_users:no:1", at(35), "bob", kind="nonInteractiveUser", code=70043, **both)
    add("high_risk_users:no:2", at(35), "bob", kind="nonInteractiveUser", riskLevelDuringSignIn="high")
    add("risky_users_by_application:1", at(35), "risky_users_by_application:yes:1", riskState="atRisk")
    add("risky_users_by_application:2", at(35), "risky_users_by_application:no:1", riskState="remediated")

    made.append(denied("mfa_rejected:yes:1", at(36), "eve"))
    made.append(denied("mfa_rejected:yes:2", at(36), "eve", "Fraud code entered"))
    made.append(denied("mfa_rejected:no:1", at(36), "eve", "MFA denied; user did not respond to mobile app notification"))
    for number in range(3):
        made.append(denied(f"mfa_spam_then_success:yes:{number}", at(37, 2, 20 * number), "ann"))
        made.append(denied(f"mfa_spam_then_success:no:{number}", at(37, 2, 20 * number), "cam"))
    for number in range(2):
        made.append(denied(f"mfa_spam_then_success:no:1{number}", at(37, 2, 20 * number), "bob"))
    add("mfa_spam_then_success:yes:4", at(37, 2, 44), "ann", address="198.51.100.3")
    add("mfa_spam_then_success:no:4", at(37, 2, 44), "bob", address="198.51.100.3")  # two only
    add("mfa_spam_then_success:no:5", at(37, 3, 1), "cam", address="198.51.100.3")  # too late for one of them

    for number in range(5):
        portal = {"appDisplayName": "Azure Portal", "code": 50126}
        add(f"portal_brute_force:yes:{number}", at(38, 3, 0, 10 * number), "dan", address="198.51.100.8", **portal)
        if number < 4:
            add(f"portal_brute_force:no:{number}", at(38, 3, 0, 10 * number), "dan", address="198.51.100.9", **portal)

    imap = {"clientAppUsed": "IMAP4"}
    add("legacy_authentication:yes:1", at(20), "eve", **imap)
    add("legacy_authentication:no:1", at(21), "eve", **imap)
    add("legacy_authentication:no:2", at(21), "bob", code=50126, **imap)
    add("legacy_authentication:no:3", at(21), "bob", clientAppUsed="")
    add("legacy_authentication:yes:2", at(36), "eve", **imap)  # forgotten after 14 days

    unknown = {"deviceId": "", "isCompliant": False}
    strange = {"deviceId": "d-1", "isCompliant": False}
    add("non_compliant_device:yes:1", at(39), "ann", deviceDetail=strange)
    add("non_compliant_device:no:1", at(39), "ann", deviceDetail=unknown)
    add("non_compliant_device:no:2", at(39), "ann", deviceDetail=strange, code=50126)

    for number in range(26):
        add(f"unusual_hours:no:{number}", at(5, 13, number), f"user-{number}")
    add("unusual_hours:yes:1", at(6, 3), "ann")
    for number in range(3):
        add(f"unusual_hours:no:3{number}", at(12, 13, number), f"user-{number}")  # the same hour of another week
        add(f"unusual_hours:no:4{number}", at(5, 22, number), f"user-{number}")  # few, and more than a tenth

    add("teleportation:yes:1", at(40, 12), "bob", "NL")
    add("teleportation:yes:2", at(40, 12, 9), "bob", "SG", address="203.0.113.77")
    add("teleportation:no:1", at(41, 12), "cam", "NL")
    add("teleportation:no:2", at(41, 12, 11), "cam", "SG", address="203.0.113.77")
    add("impossible_travel:yes:1", at(42, 12), "dan", "NL")
    add("impossible_travel:yes:2", at(42, 12, 30), "dan", "SG", address="203.0.113.77")
    add("impossible_travel:no:1", at(42, 13), "eve", "NL")
    add("impossible_travel:no:2", at(42, 13, 1), "eve", "DE")  # across the border
    add("impossible_travel:no:3", at(42, 13, 2), "eve", "SG", code=50126)

    words = {"failureReason": "User account is disabled. The account has been disabled by an administrator.", "additionalDetails": None}
    disabled = {"status": {"errorCode": 50057, **words}, "code": 50057}
    add("disabled_accounts:yes:1", at(10), "gone", address="198.51.100.20", **disabled)
    add("disabled_accounts:no:1", at(10), "gone", address="198.51.100.21", code=50126)
    add("disabled_accounts_by_address:yes:1", at(11), "gone", address="198.51.100.20", **disabled)
    add("disabled_accounts_by_address:no:1", at(11), "gone", address="198.51.100.20", code=50055)

    for number in range(11):
        locked = {"code": 50053, "address": "198.51.100.30"}
        add(f"user_agents_locked_out:yes:{number}", at(12, 1, number), f"user-{number}", userAgent="sprayer/1.0", **locked)
        add(f"user_agents_locked_out:no:{number}", at(12, 2, number), f"user-{number}", userAgent="office/1.0", **locked)
        if number < 3:
            add(f"success:{number}", at(12, 3, number), f"user-{number}", userAgent="office/1.0")
    network = {"code": 50053, "address": "198.51.100.40"}
    add("networks_locked_out:yes:1", at(13, 1), "ann", autonomousSystemNumber=64999, **network)
    add("networks_locked_out:no:1", at(13, 2), "ann", autonomousSystemNumber=64998, **network)
    add("networks_locked_out:no:2", at(13, 3), "ann", autonomousSystemNumber=64998, address="198.51.100.41")
    add("networks_locked_out:no:3", at(13, 4), "ann", autonomousSystemNumber=0, **network)

    for number in range(10):
        add(f"addresses_with_failed_logons:yes:{number}", at(14, number), "bob", address="198.51.100.50", code=50140)
        if number < 9:
            add(f"addresses_with_failed_logons:no:{number}", at(14, number), "bob", address="198.51.100.51", code=70044)

    for number in range(10):
        add(f"spray:{number}", at(15, 4, number), f"user-{number}", address="password_spray:yes:1", code=50126)
        add(f"slow:{number}", at(15, 4 + number), f"user-{number}", address="password_spray:no:1", code=50126)
        if number < 9:
            add(f"few:{number}", at(15, 4, number), f"user-{number}", address="password_spray:no:2", code=50126)
    sprayed = {"address": "password_spray:yes:1"}
    add("password_spray:no:3", at(15, 3, 50), "user-1", **sprayed)  # before it
    add("mistyped", at(14, 12), "user-2", code=50126, **sprayed)  # no part of it yet
    add("password_spray:no:4", at(15, 5), "ann", **sprayed)  # not tried
    add("password_spray:yes:2", at(15, 4, 6), "user-3", **sprayed)  # during it
    add("password_spray:yes:3", at(16, 4), "user-4", **sprayed)  # within a day after it
    add("password_spray:no:5", at(16, 5), "user-4", **sprayed)  # once is enough
    add("password_spray:no:6", at(16, 5), "user-5", **sprayed)  # a day is over
    add("password_spray:no:7", at(15, 4, 6), "user-6")  # from elsewhere
    add("password_spray:no:8", at(15, 4, 6, 30), "user-7", **sprayed)  # tried only after it

    used = {"kind": "nonInteractiveUser", "sessionId": "stolen", "address": "198.51.100.60"}
    add("token_replay:yes:1", at(16, 9), "ann", sessionId="stolen")
    add("token_replay:yes:2", at(16, 11), "ann", "BR", **used)
    add("token_replay:no:1", at(16, 12), "ann", "NL", **used)
    add("token_replay:no:2", at(16, 12), "bob", "BR", **used)
    add("token_replay:no:3", at(16, 12), "ann", "BR", **{**used, "sessionId": "another"})
    add("token_replay:no:4", at(16, 12), "ann", "BR", code=70043, **used)

    add("failures_by_user:1", at(19, 1), "failures_by_user:yes:1", code=50126)
    add("failures_by_user:2", at(19, 1), "failures_by_user:yes:2", kind="nonInteractiveUser", code=70043)
    add("failures_by_user:3", at(19, 1), "failures_by_user:no:1", code=50140)  # a step on the way
    add("failures_by_user:5", at(19, 1), "failures_by_user:no:3", code=50076)  # asked for a second factor
    add("failures_by_user:4", at(19, 1), "failures_by_user:no:2")
    add("failures_by_address:yes:1", at(19, 2), "", kind="servicePrincipal", code=7000215, address="198.51.100.70")
    add("failures_by_address:no:1", at(19, 2), "", kind="servicePrincipal", address="198.51.100.70")
    add("failures_by_address:no:2", at(19, 2), "", kind="managedIdentity", code=500011, address="")
    named = {"servicePrincipalName": "Nightly job", "servicePrincipalId": "followed@contoso.example"}
    add("failures_by_application:yes:1", at(19, 3), "", kind="managedIdentity", code=500011, appId="failures_by_application:yes:2", **named)
    add("failures_by_application:no:1", at(19, 3), "", kind="managedIdentity", appId="failures_by_application:no:2", **named)
    add("legacy_authentication_by_user:1", at(19, 4), "legacy_authentication_by_user:yes:1", code=50126, **imap)
    add("legacy_authentication_by_user:2", at(19, 4), "legacy_authentication_by_user:yes:2", kind="nonInteractiveUser", **imap)
    add("legacy_authentication_by_user:3", at(19, 4), "legacy_authentication_by_user:no:1")
    add("timeline:yes:1", at(19, 5), "followed", code=50126)
    add("timeline:yes:2", at(19, 6), "FOLLOWED", kind="nonInteractiveUser")
    add("timeline:yes:3", at(19, 7), "", kind="servicePrincipal", **named)
    add("timeline:no:1", at(19, 8), "unfollowed")
    add("machine:1", at(17), "", kind="servicePrincipal", servicePrincipalName="Nightly job", userPrincipalName="")
    add("machine:2", at(17), "", kind="managedIdentity", servicePrincipalName="vm-1", userPrincipalName="", ipAddress="")
    return made


def hostile_records():
    """Values that try to break their readers, as text, since some are no JSON that Python writes."""
    hostile = "\u0000\u001b[2J=cmd|'/c calc'!A0\u202e\U000e0041<script>alert(1)</script>\"'\\"
    long = "é" * (1 << 19)
    made = [
        sign_in("hostile:1", at(18), "ann", userAgent=hostile, appDisplayName=hostile, location={"city": hostile, "countryOrRegion": hostile}),
        sign_in("hostile:2", at(18), "ann", userAgent=long, authenticationDetails=[{"authenticationStepResultDetail": long}]),
        {"id": "hostile:3", "createdDateTime": "2026-01-19T09:00:00Z", "status": None, "location": [], "deviceDetail": "none", "isInteractive": "yes"},
    ]
    texts = [json.dumps(record) for record in made]
    broken = sign_in("hostile:4", at(18), "ann", userAgent="HALF", location={"geoCoordinates": {"latitude": 91919191, "longitude": 1}})
    text = json.dumps(broken).replace('"HALF"', '"\\ud800"').replace("91919191", "1e400")
    return texts + [text.replace('"id": ', '"userType": "a", "userType": "b", "id": ', 1)]


class Service:
    """Graph and the token service on loopback, for a given list of records as JSON texts."""

    def __init__(self, texts):
        records = [(json.loads(text), text) for text in texts]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(200, b'{"token_type":"Bearer","expires_in":3599,"access_token":"opaque"}')

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                question = urllib.parse.parse_qs(url.query).get("$filter", [""])[0]
                found = re.fullmatch(
                    r"createdDateTime ge (\S+) and createdDateTime le (\S+) and signInEventTypes/any\(t: t eq '(\w+)'\)", question
                )
                if url.path != "/beta/auditLogs/signIns" or not found:
                    return self.answer(403, b'{"error":{"code":"Authorization_RequestDenied","message":"no"}}')
                first, last, kind = found.groups()
                inside = [
                    text
                    for record, text in records
                    if first <= record["createdDateTime"] <= last and kind in record.get("signInEventTypes", ["interactiveUser"])
                ]
                self.answer(200, ('{"value":[' + ",".join(inside) + "]}").encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
