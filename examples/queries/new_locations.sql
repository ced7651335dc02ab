-- From which places do accounts sign in where nobody of the tenant was seen before?
--
-- The question of Microsoft Sentinel's hunting query "Microsoft Entra ID signins from new locations".
-- Differs: asks it of every sign-in that has a full span of memory before it, instead of those of the last day; `accounts` is 1 more
-- than its threshold. A place has its coordinates, as in the query: the service moves them, so old places can look new. Joins nothing.
--
-- memory    how far back a place counts as known: 14 days, and no more than half of what the export spans
-- accounts  from how many accounts on
WITH parameters AS (
    SELECT
        coalesce(
            getvariable('memory'),
            to_microseconds(least(14 * 86400000000, (epoch_us(max(TimeGenerated)) - epoch_us(min(TimeGenerated))) // 2))
        ) AS memory,
        coalesce(getvariable('accounts'), 2) AS accounts
    FROM SigninLogs
),
sign_in AS (
    SELECT
        Id,
        lower(UserPrincipalName) AS Account,
        TimeGenerated,
        LocationDetails ->> 'countryOrRegion' AS Country,
        LocationDetails ->> 'state' AS State,
        LocationDetails ->> 'city' AS City,
        CAST(LocationDetails -> 'geoCoordinates' AS VARCHAR) AS Coordinates,
        min(TimeGenerated) OVER () AS Beginning
    FROM SigninLogs
    WHERE LocationDetails IS NOT NULL
)
SELECT
    recent.Country,
    recent.State,
    recent.City,
    recent.Coordinates,
    list_sort(list(DISTINCT recent.Account)) AS Accounts,
    count(*) AS SignIns,
    min(recent.TimeGenerated) AS FirstSeen,
    max(recent.TimeGenerated) AS LastSeen,
    list(recent.Id ORDER BY recent.TimeGenerated, recent.Id) AS Ids
FROM sign_in AS recent, parameters
WHERE recent.TimeGenerated >= recent.Beginning + memory
    AND NOT EXISTS (
        SELECT 1 FROM sign_in AS earlier, parameters
        WHERE earlier.Country IS NOT DISTINCT FROM recent.Country
            AND earlier.State IS NOT DISTINCT FROM recent.State
            AND earlier.City IS NOT DISTINCT FROM recent.City
            AND earlier.Coordinates IS NOT DISTINCT FROM recent.Coordinates
            -- What the first day brings is new all of that day.
            AND earlier.TimeGenerated >= recent.TimeGenerated - memory
            AND earlier.TimeGenerated < recent.TimeGenerated - INTERVAL 1 DAY
    )
GROUP BY recent.Country, recent.State, recent.City, recent.Coordinates
HAVING len(Accounts) >= (SELECT accounts FROM parameters)
ORDER BY FirstSeen, Country, City;
