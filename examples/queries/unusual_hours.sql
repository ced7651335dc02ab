-- Who signs in at an hour at which hardly anybody in that country does?
--
-- The question of Microsoft Sentinel's hunting query "User Accounts - Unusual authentications occurring when countries do not
-- conduct normal business operations".
-- Differs: the whole export is both what is usual and what is asked. An hour is unusual against the busiest one of its country, so
-- that a small tenant has usual hours too, and a country with few users none that is unusual; set `share` to 1 for the query as it
-- is. An export of less than four weeks has too few of each weekday: there hours of all days are taken together.
--
-- most      an hour with more users than this is never unusual
-- share     nor is one with more than this share of the users of the busiest hour, from 0 to 1
-- weekdays  tell hours of different weekdays apart
WITH parameters AS (
    SELECT
        coalesce(getvariable('most'), 25) AS most,
        coalesce(getvariable('share'), 0.1) AS share,
        coalesce(getvariable('weekdays'), max(TimeGenerated) - min(TimeGenerated) >= INTERVAL 28 DAY) AS weekdays
    FROM SigninLogs
),
sign_in AS (
    SELECT
        SigninLogs.*,
        date_part('hour', TimeGenerated AT TIME ZONE 'UTC') AS Hour,
        date_part('dayofweek', TimeGenerated AT TIME ZONE 'UTC') AS Weekday,
        if(weekdays, Weekday, 0) AS Asked
    FROM SigninLogs, parameters
    WHERE IsInteractive AND Location <> ''
),
usual AS (
    SELECT Location, Asked, Hour, count(DISTINCT UserPrincipalName) AS Users, max(Users) OVER (PARTITION BY Location) AS Busiest
    FROM sign_in
    GROUP BY Location, Asked, Hour
)
SELECT
    Location,
    Weekday,
    Hour,
    Users,
    Busiest,
    sign_in.UserPrincipalName,
    sign_in.IPAddress,
    sign_in.ClientAppUsed,
    sign_in.UserAgent,
    sign_in.AppDisplayName,
    sign_in.TimeGenerated,
    sign_in.Id
FROM sign_in JOIN usual USING (Location, Asked, Hour), parameters
WHERE Users <= most AND Users <= share * Busiest
ORDER BY sign_in.TimeGenerated, sign_in.Id;
