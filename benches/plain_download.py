"""A plain download of the log that `collect` collects: the floor that it is measured against.

Same kinds, same windows, as many connections, each kept open; every nextLink is followed and every body goes to disk. Nothing
is hashed, cut, signed, compressed or synced, and a body is not parsed: the link is found by searching its ends.

usage: plain_download.py DIRECTORY GRAPH_URL LOGIN_URL FROM TO WINDOW_HOURS CONNECTIONS
environment: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, SSL_CERT_FILE
"""

import datetime
import http.client
import json
import os
import queue
import ssl
import sys
import threading
import urllib.parse

KINDS = ("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")
TIME = "%Y-%m-%dT%H:%M:%SZ"
NEXT_LINK = b'"@odata.nextLink":'
LONGEST_LINK = 8192


def connect(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port)
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
    return http.client.HTTPSConnection(parts.hostname, parts.port, context=context)


def ask(connection, method, url, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        os.write(2, b"%d: %s\n" % (answer.status, content[:300]))
        os._exit(1)
    return content


def token(login_url):
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": "https://graph.microsoft.com/.default",
    }
    url = "%s/%s/oauth2/v2.0/token" % (login_url, os.environ["AZURE_TENANT_ID"])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return json.loads(ask(connect(login_url), "POST", url, urllib.parse.urlencode(form), headers))["access_token"]


def windows(start, end, hours):
    """Cuts at whole multiples of the step since 1970, as `collect` does."""
    start, end = (datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.timezone.utc) for text in (start, end))
    step = hours * 3600
    while start < end:
        next_cut = (int(start.timestamp()) // step + 1) * step
        stop = min(end, datetime.datetime.fromtimestamp(next_cut, datetime.timezone.utc))
        yield start.strftime(TIME), stop.strftime(TIME)
        start = stop


def next_link(body):
    at = body.rfind(NEXT_LINK, max(0, len(body) - LONGEST_LINK))
    at = at if at >= 0 else body.find(NEXT_LINK, 0, LONGEST_LINK)
    if at < 0:
        return None
    text = body[at + len(NEXT_LINK) :][:LONGEST_LINK].decode("utf-8", "replace")
    return json.JSONDecoder().raw_decode(text.lstrip())[0]


def work(number, directory, graph_url, headers, streams, totals):
    connection = connect(graph_url)
    while True:
        try:
            kind, start, end = streams.get_nowait()
        except queue.Empty:
            return
        wanted = "createdDateTime ge %s and createdDateTime le %s and signInEventTypes/any(t: t eq '%s')" % (start, end, kind)
        url = "%s/beta/auditLogs/signIns?$filter=%s&$top=1000" % (graph_url, urllib.parse.quote(wanted))
        while url:
            body = ask(connection, "GET", url, headers=headers)
            totals.append(len(body))
            with open(os.path.join(directory, "%d-%06d.json" % (number, len(totals))), "wb") as file:
                file.write(body)
            url = next_link(body)


def main(directory, graph_url, login_url, start, end, hours, connections):
    os.makedirs(directory, exist_ok=True)
    headers = {"Authorization": "Bearer " + token(login_url), "Accept-Encoding": "identity"}
    streams = queue.Queue()
    for window in windows(start, end, int(hours)):
        for kind in KINDS:
            streams.put((kind, *window))
    totals = []
    threads = [
        threading.Thread(target=work, args=(number, directory, graph_url, headers, streams, totals))
        for number in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("%d pages, %d bytes" % (len(totals), sum(totals)))


main(*sys.argv[1:])
