-- Which addresses fail at the Azure portal many times within a minute?
--
-- The sign-in half of Microsoft Sentinel's rules "Cross-Cloud Password Spray detection" and "Cross-Cloud Unauthorized Credential
-- Access Detection From AWS RDS Login": join `IPAddress` and `UserAgent` with the other cloud's events.
-- Differs: the other cloud is not in a sign-in export, so every such minute is listed.
--
-- application  where
-- failures     from how many a minute on
WITH parameters AS (
    SELECT
        coalesce(getvariable('application'), 'Azure Portal') AS application,
        coalesce(getvariable('failures'), 5) AS failures
)
SELECT
    time_bucket(INTERVAL 1 MINUTE, TimeGenerated) AS Minute,
    IPAddress,
    UserAgent,
    count(*) AS Failures,
    count(DISTINCT UserPrincipalName) AS Users,
    list_sort(list(DISTINCT ResultType)) AS Results,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM SigninLogs, parameters
WHERE AppDisplayName = application AND ResultType NOT IN ('0', '')
GROUP BY Minute, IPAddress, UserAgent, parameters.failures
HAVING count(*) >= parameters.failures
ORDER BY Minute, IPAddress;
