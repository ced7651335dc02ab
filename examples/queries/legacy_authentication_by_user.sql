-- Who uses protocols that know no second factor, with which client, and does that succeed?
--
-- No rule of the reference set asks this; legacy_authentication.sql, after a hunting query of Microsoft Sentinel, asks what is new.
-- Calls legacy what is not a modern client, so that a protocol missing from a list is still found.
--
-- modern  values of ClientAppUsed that are not legacy; empty ones never are
-- tables  which of the two
-- listed  how many of the sign-ins `Ids` names, the first ones
WITH parameters AS (
    SELECT
        coalesce(getvariable('modern'), ['Browser', 'Mobile Apps and Desktop clients']) AS modern,
        coalesce(getvariable('tables'), ['SigninLogs', 'AADNonInteractiveUserSignInLogs']) AS tables,
        coalesce(getvariable('listed'), 100) AS listed
),
sign_in AS (
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, ClientAppUsed, IPAddress, ResultType FROM SigninLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, ClientAppUsed, IPAddress, ResultType FROM AADNonInteractiveUserSignInLogs
)
SELECT
    UserPrincipalName,
    UserId,
    ClientAppUsed,
    count(*) AS SignIns,
    count(*) FILTER (ResultType = '0') AS Successes,
    count(DISTINCT IPAddress) FILTER (IPAddress <> '') AS Addresses,
    min(TimeGenerated) AS FirstSignIn,
    max(TimeGenerated) AS LastSignIn,
    list(Id ORDER BY TimeGenerated, Id)[:(SELECT listed FROM parameters)] AS Ids
FROM sign_in, parameters
WHERE list_contains(tables, "Type") AND ClientAppUsed <> '' AND NOT list_contains(modern, ClientAppUsed)
GROUP BY UserPrincipalName, UserId, ClientAppUsed
ORDER BY Successes DESC, SignIns DESC, UserPrincipalName, UserId, ClientAppUsed;
