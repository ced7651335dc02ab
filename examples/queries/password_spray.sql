-- Which address tries many accounts with wrong passwords in a short time, and which of them did it get into?
--
-- No rule of the reference set asks this of SigninLogs alone; investigators do. A spray over days or from many addresses stays below
-- any such threshold.
-- `LetIn` has the accounts that the spray tried and that then succeeded from its address: during the spray, or soon after it. In an
-- office behind one address people mistype their passwords too: there most accounts succeed (`Succeeded` against `Users`).
--
-- results  what a wrong password looks like, lockouts among them
-- users    from how many different users on
-- within   in how long
-- after    how long after the last failure a success still belongs to the spray, and a failure goes on with it
-- tables   which of the two: passwords that programs hand over are in the second
-- listed   how many of the failures `Ids` names, the first ones
WITH parameters AS (
    SELECT
        coalesce(getvariable('results'), ['50053', '50055', '50056', '50126']) AS results,
        coalesce(getvariable('users'), 10) AS users,
        coalesce(getvariable('within'), INTERVAL 1 HOUR) AS within,
        coalesce(getvariable('after'), INTERVAL 1 DAY) AS after,
        coalesce(getvariable('tables'), ['SigninLogs', 'AADNonInteractiveUserSignInLogs']) AS tables,
        coalesce(getvariable('listed'), 100) AS listed
),
sign_in AS (
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, IPAddress, ResultType FROM SigninLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, IPAddress, ResultType FROM AADNonInteractiveUserSignInLogs
),
failure AS (
    SELECT
        sign_in.*,
        count(DISTINCT UserPrincipalName) OVER (
            PARTITION BY IPAddress ORDER BY TimeGenerated RANGE BETWEEN CURRENT ROW AND parameters.within FOLLOWING
        ) AS UsersFromHere,
        coalesce(
            TimeGenerated - lag(TimeGenerated) OVER (PARTITION BY IPAddress ORDER BY TimeGenerated, Id) > parameters.after, true
        ) AS Begins
    FROM sign_in, parameters
    WHERE list_contains(results, ResultType) AND list_contains(tables, "Type") AND IPAddress <> '' AND UserPrincipalName <> ''
),
-- What an address fails at belongs together as long as no such span passes without a failure.
numbered AS (
    SELECT failure.*, count(*) FILTER (Begins) OVER (PARTITION BY IPAddress ORDER BY TimeGenerated, Id) AS Number FROM failure
),
spray AS (
    SELECT
        IPAddress,
        Number,
        max(UsersFromHere) AS UsersAtOnce,
        min(TimeGenerated) FILTER (UsersFromHere >= (SELECT users FROM parameters)) AS FirstBurst,
        max(TimeGenerated) AS LastFailure
    FROM numbered
    GROUP BY IPAddress, Number
    HAVING UsersAtOnce >= (SELECT users FROM parameters)
),
attempt AS (
    SELECT numbered.*, UsersAtOnce, FirstBurst, LastFailure
    FROM numbered JOIN spray USING (IPAddress, Number)
    WHERE TimeGenerated >= FirstBurst
),
account AS (
    SELECT IPAddress, Number, LastFailure, UserPrincipalName, min(TimeGenerated) AS FirstFailure
    FROM attempt
    GROUP BY ALL
),
entered AS (
    SELECT
        IPAddress,
        Number,
        UserPrincipalName,
        min(success.TimeGenerated) AS "Time",
        arg_min(success.Id, (success.TimeGenerated, success.Id)) AS Id
    FROM account JOIN sign_in AS success USING (IPAddress, UserPrincipalName), parameters
    WHERE success.ResultType = '0'
        AND success.TimeGenerated >= FirstFailure
        AND success.TimeGenerated <= LastFailure + after
    GROUP BY IPAddress, Number, UserPrincipalName
)
SELECT
    IPAddress,
    UsersAtOnce,
    FirstBurst,
    LastFailure,
    count(*) AS Failures,
    count(DISTINCT UserPrincipalName) AS Users,
    (
        SELECT count(DISTINCT UserPrincipalName) FROM sign_in
        WHERE sign_in.IPAddress = attempt.IPAddress
            AND ResultType = '0'
            AND TimeGenerated BETWEEN FirstBurst AND LastFailure
    ) AS Succeeded,
    (
        SELECT list({'UserPrincipalName': UserPrincipalName, 'Time': "Time", 'Id': Id} ORDER BY "Time", Id) FROM entered
        WHERE entered.IPAddress = attempt.IPAddress AND entered.Number = attempt.Number
    ) AS LetIn,
    list(Id ORDER BY TimeGenerated, Id)[:(SELECT listed FROM parameters)] AS Ids
FROM attempt
GROUP BY IPAddress, Number, UsersAtOnce, FirstBurst, LastFailure
ORDER BY UsersAtOnce DESC, FirstBurst, IPAddress;
