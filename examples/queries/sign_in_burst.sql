-- Who signed in to one application from more than one country?
--
-- The question of Microsoft Sentinel's rule "GitLab - SSO - Sign-Ins Burst".
-- Differs: looks at the whole export; give a narrower one, or read first and last time, since countries visited on a journey count too.
--
-- application  its name
-- countries    from how many countries on
WITH parameters AS (
    SELECT
        coalesce(getvariable('application'), 'GitLab') AS application,
        coalesce(getvariable('countries'), 2) AS countries
)
SELECT
    "Identity",
    AppDisplayName,
    list_sort(list(DISTINCT Location)) AS Countries,
    count(*) AS SignIns,
    min(TimeGenerated) AS FirstSignIn,
    max(TimeGenerated) AS LastSignIn,
    list(Id ORDER BY TimeGenerated) AS Ids
FROM SigninLogs, parameters
WHERE ResultType = '0' AND AppDisplayName = application AND Location <> ''
GROUP BY "Identity", AppDisplayName, parameters.countries
HAVING count(DISTINCT Location) >= parameters.countries
ORDER BY SignIns DESC, "Identity";
