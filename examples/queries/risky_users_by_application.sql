-- Which users at risk use which applications, from which countries?
--
-- The question of Microsoft Sentinel's rule "Insider Risk_Risky User Access By Application".
-- Differs: the rule looks for frequent patterns among all columns; this groups by user, application and country, and leaves out
-- what is rarer than `share`.
--
-- share   of all sign-ins at risk, from 0 to 1
-- listed  how many of the sign-ins `Ids` names, the first ones
WITH parameters AS (
    SELECT
        coalesce(getvariable('share'), 0.01) AS share,
        coalesce(getvariable('listed'), 100) AS listed
),
risky AS (
    SELECT
        UserPrincipalName,
        AppDisplayName,
        Location,
        count(*) AS SignIns,
        list(Id ORDER BY TimeGenerated, Id)[:(SELECT listed FROM parameters)] AS Ids
    FROM SigninLogs
    WHERE RiskState = 'atRisk'
    GROUP BY UserPrincipalName, AppDisplayName, Location
)
SELECT UserPrincipalName, AppDisplayName, Location, SignIns, SignIns / sum(SignIns) OVER () AS Share, Ids
FROM risky
QUALIFY Share >= (SELECT share FROM parameters)
ORDER BY SignIns DESC, UserPrincipalName, AppDisplayName, Location;
