-- From which networks do all sign-ins meet locked accounts?
--
-- The sign-in half of Microsoft Sentinel's hunting query "SharePointFileOperation via previously unseen IPs": join `Addresses` with
-- the file events.
-- Differs: the file events are not in a sign-in export. Records of version 1.0 of the API have no autonomous system; of them nothing
-- is found.
--
-- share     of the sign-ins of a network that must meet a locked account (50053), from 0 to 1
-- sign_ins  from how many sign-ins on a network is asked at all
WITH parameters AS (
    SELECT coalesce(getvariable('share'), 1.0) AS share, coalesce(getvariable('sign_ins'), 1) AS sign_ins
)
SELECT
    AutonomousSystemNumber,
    count(*) AS SignIns,
    count(*) FILTER (ResultType = '50053') AS Locked,
    list_sort(list(DISTINCT IPAddress)) AS Addresses,
    list(Id ORDER BY TimeGenerated, Id) FILTER (ResultType = '50053') AS Ids
FROM SigninLogs
WHERE AutonomousSystemNumber <> ''
GROUP BY AutonomousSystemNumber
HAVING Locked > 0 AND Locked / SignIns >= (SELECT share FROM parameters) AND SignIns >= (SELECT sign_ins FROM parameters)
ORDER BY Locked DESC, AutonomousSystemNumber;
