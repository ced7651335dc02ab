-- Who tries expired or revoked credentials against the directory, from where they have not been signing in?
--
-- The question of Microsoft Sentinel's rule "Expired access credentials being used in Azure" (FalconFriday).
-- Differs: looks at the whole export instead of the last day, and forgives only a success that came before the attempt.
--
-- results   sign-in results that speak of expired credentials
-- target    what they were tried against
-- memory    how long before it a success of the same user from the same address explains an attempt
WITH parameters AS (
    SELECT
        coalesce(getvariable('results'), ['50173', '50132', '70008', '81010']) AS results,
        coalesce(getvariable('target'), 'Windows Azure Active Directory') AS target,
        coalesce(getvariable('memory'), INTERVAL 7 DAY) AS memory
)
SELECT
    attempt.UserPrincipalName,
    attempt.IPAddress,
    attempt.LocationDetails ->> 'countryOrRegion' AS Country,
    count(*) AS Attempts,
    min(attempt.TimeGenerated) AS FirstAttempt,
    max(attempt.TimeGenerated) AS LastAttempt,
    list_sort(list(DISTINCT attempt.ResultType)) AS Results,
    list_sort(list(DISTINCT attempt.UserAgent)) AS UserAgents,
    list(attempt.Id ORDER BY attempt.TimeGenerated) AS Ids
FROM SigninLogs AS attempt, parameters
WHERE list_contains(results, attempt.ResultType)
    AND attempt.ResourceDisplayName = target
    AND NOT EXISTS (
        SELECT 1 FROM SigninLogs AS success
        WHERE success.ResultType = '0'
            AND success.UserPrincipalName = attempt.UserPrincipalName
            AND success.IPAddress = attempt.IPAddress
            AND success.TimeGenerated BETWEEN attempt.TimeGenerated - memory AND attempt.TimeGenerated
    )
GROUP BY attempt.UserPrincipalName, attempt.IPAddress, Country
ORDER BY Attempts DESC, FirstAttempt;
