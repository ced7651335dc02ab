-- Which addresses interrupt or fail at signing in again and again?
--
-- The sign-in half of Microsoft Sentinel's hunting query "Dataverse - Activity after failed logons": join `IPAddress` with the
-- activity there.
-- Differs: the activity is not in a sign-in export, so every such address is listed.
--
-- results  sign-in results that count
-- times    from how many on
WITH parameters AS (
    SELECT
        coalesce(getvariable('results'), ['50125', '50140', '70043', '70044']) AS results,
        coalesce(getvariable('times'), 10) AS times
)
SELECT
    IPAddress,
    count(*) AS Failures,
    count(DISTINCT UserPrincipalName) AS Users,
    list_sort(list(DISTINCT ResultType)) AS Results,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM SigninLogs, parameters
WHERE list_contains(results, ResultType) AND IPAddress <> ''
GROUP BY IPAddress, parameters.times
HAVING count(*) >= parameters.times
ORDER BY Failures DESC, IPAddress;
