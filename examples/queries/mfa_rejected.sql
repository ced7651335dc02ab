-- Who refused a second factor that somebody else may have asked for?
--
-- The question of Microsoft Sentinel's rule "MFA Rejected by User".
-- Differs: looks at the whole export instead of the last hour; joins no risk score, since the tables for that are not in an export.
--
-- result  the result of a refused second factor
-- words   what `Status.additionalDetails` says; or a report of fraud
WITH parameters AS (
    SELECT
        coalesce(getvariable('result'), '500121') AS result,
        coalesce(getvariable('words'), 'MFA denied; user declined the authentication') AS words
)
SELECT
    UserPrincipalName,
    UserId,
    AADTenantId,
    IPAddress,
    Status ->> 'additionalDetails' AS Details,
    count(*) AS Refusals,
    min(TimeGenerated) AS FirstRefusal,
    max(TimeGenerated) AS LastRefusal,
    list(Id ORDER BY TimeGenerated) AS Ids
FROM SigninLogs, parameters
WHERE ResultType = result
    AND (Details = words OR contains(lower(Details), 'fraud'))
GROUP BY UserPrincipalName, UserId, AADTenantId, IPAddress, Details
ORDER BY Refusals DESC, FirstRefusal;
