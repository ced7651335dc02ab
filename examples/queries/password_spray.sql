-- Which address tries many accounts with wrong passwords in a short time, and which let it in?
--
-- No rule of the reference set asks this of SigninLogs alone; investigators do.
-- A spray over days or from many addresses stays below any such threshold.
--
-- results  what a wrong password looks like, lockouts among them
-- users    from how many different users on
-- within   in how long
WITH parameters AS (
    SELECT
        coalesce(getvariable('results'), ['50053', '50055', '50056', '50126']) AS results,
        coalesce(getvariable('users'), 10) AS users,
        coalesce(getvariable('within'), INTERVAL 1 HOUR) AS within
),
failure AS (
    SELECT SigninLogs.* FROM SigninLogs, parameters WHERE list_contains(results, ResultType) AND IPAddress <> ''
),
burst AS (
    SELECT first.IPAddress, first.TimeGenerated AS Beginning, count(DISTINCT other.UserPrincipalName) AS Users
    FROM failure AS first
        JOIN failure AS other ON other.IPAddress = first.IPAddress,
        parameters
    WHERE other.TimeGenerated >= first.TimeGenerated AND other.TimeGenerated <= first.TimeGenerated + within
    GROUP BY first.IPAddress, first.TimeGenerated
)
SELECT
    IPAddress,
    max(Users) AS UsersAtOnce,
    min(Beginning) AS FirstBurst,
    (SELECT count(*) FROM failure WHERE failure.IPAddress = burst.IPAddress) AS Failures,
    (
        SELECT list_sort(list(DISTINCT success.UserPrincipalName)) FROM SigninLogs AS success
        WHERE success.IPAddress = burst.IPAddress AND success.ResultType = '0'
    ) AS LetIn
FROM burst
GROUP BY IPAddress
HAVING UsersAtOnce >= (SELECT users FROM parameters)
ORDER BY UsersAtOnce DESC, IPAddress;
