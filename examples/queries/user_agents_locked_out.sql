-- Which user agents meet locked accounts and hardly ever succeed?
--
-- The sign-in half of Microsoft Sentinel's hunting query "SharePointFileOperation via devices with previously unseen user agents":
-- join `UserAgent` with the file events.
-- Differs: the file events are not in a sign-in export, so every such user agent is listed.
--
-- locked     from how many locked accounts (50053) on
-- successes  fewer than so many
WITH parameters AS (
    SELECT coalesce(getvariable('locked'), 5) AS locked, coalesce(getvariable('successes'), 10) AS successes
)
SELECT
    UserAgent,
    count(*) FILTER (ResultType = '50053') AS Locked,
    count(*) FILTER (ResultType = '0') AS Successes,
    count(DISTINCT UserPrincipalName) AS Users,
    list(Id ORDER BY TimeGenerated, Id) FILTER (ResultType = '50053') AS Ids
FROM SigninLogs
WHERE UserAgent <> ''
GROUP BY UserAgent
HAVING Locked >= (SELECT locked FROM parameters) AND Successes < (SELECT successes FROM parameters)
ORDER BY Locked DESC, UserAgent;
