-- Whose sign-ins succeeded at high risk, then and altogether?
--
-- The sign-in half of Microsoft Sentinel's rule "High-Risk Cross-Cloud User Impersonation": join `IPAddress` with changes of rights
-- in the other cloud within hours.
-- Differs: the other cloud is not in a sign-in export. Asks non-interactive sign-ins too, since stolen tokens are used there; set
-- `tables` to ['SigninLogs'] for what the rule asks.
--
-- levels  values that are high
-- tables  which of the two
WITH parameters AS (
    SELECT
        coalesce(getvariable('levels'), ['high']) AS levels,
        coalesce(getvariable('tables'), ['SigninLogs', 'AADNonInteractiveUserSignInLogs']) AS tables
),
sign_in AS (
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, IPAddress, ResultType, RiskLevelAggregated, RiskLevelDuringSignIn,
        RiskEventTypes, RiskEventTypes_V2
    FROM SigninLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, IPAddress, ResultType, RiskLevelAggregated, RiskLevelDuringSignIn,
        RiskEventTypes, RiskEventTypes_V2
    FROM AADNonInteractiveUserSignInLogs
)
SELECT
    UserPrincipalName,
    IPAddress,
    count(*) AS SignIns,
    min(TimeGenerated) AS FirstSignIn,
    max(TimeGenerated) AS LastSignIn,
    list_sort(list(DISTINCT RiskEventTypes_V2)) AS RiskEvents,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM sign_in, parameters
WHERE ResultType = '0'
    AND list_contains(tables, "Type")
    AND list_contains(levels, RiskLevelAggregated)
    AND list_contains(levels, RiskLevelDuringSignIn)
GROUP BY UserPrincipalName, IPAddress
ORDER BY SignIns DESC, UserPrincipalName, IPAddress;
