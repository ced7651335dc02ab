-- Which user agents meet locked accounts and hardly ever succeed?
--
-- The sign-in half of Microsoft Sentinel's hunting query "SharePointFileOperation via devices with previously unseen user agents":
-- join `UserAgent` with the file events.
-- Differs: the file events are not in a sign-in export, so every such user agent is listed.
--
-- locked  more than so many locked accounts (50053)
-- ratio   fewer successes than this for each of them
WITH parameters AS (
    SELECT coalesce(getvariable('locked'), 10) AS locked, coalesce(getvariable('ratio'), 0.2) AS ratio
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
HAVING Locked > (SELECT locked FROM parameters) AND Successes < (SELECT ratio FROM parameters) * Locked
ORDER BY Locked DESC, UserAgent;
