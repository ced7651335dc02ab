-- Which users at risk use which applications, from which countries?
--
-- The question of Microsoft Sentinel's rule "Insider Risk_Risky User Access By Application".
-- Differs: the rule looks for frequent patterns among all columns; this groups by user, application and country, and leaves out
-- what is rarer than `share`.
--
-- share  of all sign-ins at risk, from 0 to 1
WITH parameters AS (
    SELECT coalesce(getvariable('share'), 0.01) AS share
),
risky AS (
    SELECT UserPrincipalName, AppDisplayName, Location, count(*) AS SignIns
    FROM SigninLogs
    WHERE RiskState = 'atRisk'
    GROUP BY ALL
)
SELECT UserPrincipalName, AppDisplayName, Location, SignIns, SignIns / sum(SignIns) OVER () AS Share
FROM risky
QUALIFY Share >= (SELECT share FROM parameters)
ORDER BY SignIns DESC, UserPrincipalName, AppDisplayName, Location;
