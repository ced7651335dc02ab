-- Which users fail most often, on what, from how many addresses, and do they get in?
--
-- No rule of the reference set; what an investigator looks at first. A step on the way is no failure: `steps` has the
-- results that only interrupt, to ask for a second factor (what was refused has another number, 500121) or whether to stay signed in.
--
-- steps   results that are no failures
-- tables  which of the two
-- top     how many users
-- listed  how many of the failures `Ids` names, the first ones
WITH parameters AS (
    SELECT
        coalesce(
            getvariable('steps'),
            [
                '16001', '50058', '50072', '50074', '50076', '50078', '50079',
                '50097', '50125', '50140', '50168', '50199', '70016', '70018'
            ]
        ) AS steps,
        coalesce(getvariable('tables'), ['SigninLogs', 'AADNonInteractiveUserSignInLogs']) AS tables,
        coalesce(getvariable('top'), 50) AS top,
        coalesce(getvariable('listed'), 100) AS listed
),
sign_in AS (
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, AppDisplayName, IPAddress, ResultType FROM SigninLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, AppDisplayName, IPAddress, ResultType FROM AADNonInteractiveUserSignInLogs
),
asked AS (
    SELECT sign_in.*, ResultType NOT IN ('0', '') AND NOT list_contains(steps, ResultType) AS IsFailure
    FROM sign_in, parameters
    WHERE list_contains(tables, "Type")
)
SELECT
    UserPrincipalName,
    UserId,
    count(*) FILTER (IsFailure) AS Failures,
    histogram(ResultType) FILTER (IsFailure) AS Results,
    count(DISTINCT IPAddress) FILTER (IsFailure AND IPAddress <> '') AS Addresses,
    count(DISTINCT AppDisplayName) FILTER (IsFailure AND AppDisplayName <> '') AS Applications,
    count(*) FILTER (ResultType = '0') AS Successes,
    min(TimeGenerated) FILTER (IsFailure) AS FirstFailure,
    max(TimeGenerated) FILTER (IsFailure) AS LastFailure,
    (list(Id ORDER BY TimeGenerated, Id) FILTER (IsFailure))[:(SELECT listed FROM parameters)] AS Ids
FROM asked
GROUP BY UserPrincipalName, UserId
HAVING Failures > 0
ORDER BY Failures DESC, UserPrincipalName, UserId
LIMIT (SELECT top FROM parameters);
