-- From which addresses does somebody try disabled accounts?
--
-- The question of Microsoft Sentinel's hunting query "Detect Disabled Account Sign-in Attempts by IP Address".
-- Differs: goes by the result alone, as disabled_accounts.sql does; says beside it how many sign-ins from there succeeded.
--
-- sentence  the exact words of `ResultDescription`; NULL for any
WITH parameters AS (
    SELECT CAST(getvariable('sentence') AS VARCHAR) AS sentence
),
attempt AS (
    SELECT SigninLogs.* FROM SigninLogs, parameters
    WHERE ResultType = '50057' AND (sentence IS NULL OR ResultDescription = sentence)
)
SELECT
    IPAddress,
    count(*) AS Attempts,
    list_sort(list(DISTINCT UserPrincipalName)) AS Users,
    list_sort(list(DISTINCT AppDisplayName)) AS Applications,
    (SELECT count(*) FROM SigninLogs AS success WHERE success.IPAddress = attempt.IPAddress AND success.ResultType = '0')
        AS SuccessesFromThere,
    min(TimeGenerated) AS FirstAttempt,
    max(TimeGenerated) AS LastAttempt,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM attempt
GROUP BY IPAddress
ORDER BY Attempts DESC, IPAddress;
