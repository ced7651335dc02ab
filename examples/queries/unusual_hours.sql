-- Who signs in at an hour of the week at which hardly anybody in that country does?
--
-- The question of Microsoft Sentinel's hunting query "User Accounts - Unusual authentications occurring when countries do not
-- conduct normal business operations".
-- Differs: the whole export is both what is usual and what is asked. In a small tenant every hour is unusual: lower `most`.
--
-- most  an hour of a weekday with at most so many users is unusual
WITH parameters AS (
    SELECT coalesce(getvariable('most'), 25) AS most
),
sign_in AS (
    SELECT SigninLogs.*,
        date_part('hour', TimeGenerated AT TIME ZONE 'UTC') AS Hour,
        date_part('dayofweek', TimeGenerated AT TIME ZONE 'UTC') AS Weekday
    FROM SigninLogs
    WHERE IsInteractive AND Location <> ''
),
usual AS (
    SELECT Location, Weekday, Hour, count(DISTINCT UserPrincipalName) AS Users FROM sign_in GROUP BY ALL
)
SELECT
    Location,
    Weekday,
    Hour,
    Users,
    sign_in.UserPrincipalName,
    sign_in.IPAddress,
    sign_in.ClientAppUsed,
    sign_in.UserAgent,
    sign_in.AppDisplayName,
    sign_in.TimeGenerated,
    sign_in.Id
FROM sign_in JOIN usual USING (Location, Weekday, Hour), parameters
WHERE usual.Users <= most
ORDER BY sign_in.TimeGenerated, sign_in.Id;
