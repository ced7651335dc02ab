-- Which disabled accounts does somebody try, and where?
--
-- The question of Microsoft Sentinel's hunting query "Detect Disabled Account Sign-in Attempts by Account Name".
-- Differs: goes by the result alone. The query also wants one exact sentence in `ResultDescription`, which Graph may word otherwise;
-- set `sentence` for that.
--
-- sentence  the exact words; NULL for any
WITH parameters AS (
    SELECT CAST(getvariable('sentence') AS VARCHAR) AS sentence
)
SELECT
    UserPrincipalName,
    AppDisplayName,
    count(*) AS Attempts,
    count(DISTINCT IPAddress) AS Addresses,
    min(TimeGenerated) AS FirstAttempt,
    max(TimeGenerated) AS LastAttempt,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM SigninLogs, parameters
WHERE ResultType = '50057' AND (sentence IS NULL OR ResultDescription = sentence)
GROUP BY UserPrincipalName, AppDisplayName
ORDER BY Attempts DESC, UserPrincipalName, AppDisplayName;
