-- Which accounts show up from a place where nobody saw them before?
--
-- The question of Microsoft Sentinel's hunting query "Microsoft Entra ID signins from new locations".
-- Differs: asks it of every day that has a full span of memory before it, instead of the last. A place is the whole text of
-- `LocationDetails`, coordinates included, as in the query: the service moves coordinates, so old places can look new.
--
-- memory  how far back a place counts as known
WITH parameters AS (
    SELECT coalesce(getvariable('memory'), INTERVAL 14 DAY) AS memory
),
sign_in AS (
    SELECT SigninLogs.*, CAST(LocationDetails AS VARCHAR) AS Place, min(TimeGenerated) OVER () AS Beginning FROM SigninLogs
)
SELECT
    recent.UserPrincipalName,
    recent.LocationDetails ->> 'countryOrRegion' AS Country,
    recent.LocationDetails ->> 'state' AS State,
    recent.LocationDetails ->> 'city' AS City,
    min(recent.TimeGenerated) AS FirstSeen,
    count(*) AS SignIns,
    list(recent.Id ORDER BY recent.TimeGenerated, recent.Id) AS Ids
FROM sign_in AS recent, parameters
WHERE recent.TimeGenerated >= recent.Beginning + memory
    AND recent.Place IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM sign_in AS earlier
        WHERE earlier.UserPrincipalName = recent.UserPrincipalName
            AND earlier.Place = recent.Place
            AND earlier.TimeGenerated >= recent.TimeGenerated - memory
            AND earlier.TimeGenerated < recent.TimeGenerated
    )
GROUP BY recent.UserPrincipalName, Country, State, City
ORDER BY FirstSeen, recent.UserPrincipalName;
