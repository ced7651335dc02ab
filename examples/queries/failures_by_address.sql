-- From which addresses do most sign-ins fail, on what, for how many users, and do any get in?
--
-- No rule of the reference set; what an investigator looks at first. Service principals are asked too; managed identities have no
-- address.
--
-- steps   results that are no failures, but steps on the way
-- top     how many addresses
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
        coalesce(getvariable('top'), 50) AS top,
        coalesce(getvariable('listed'), 100) AS listed
),
sign_in AS (
    SELECT Id, TimeGenerated, UserId AS Who, Location, IPAddress, ResultType FROM SigninLogs
    UNION ALL
    SELECT Id, TimeGenerated, UserId, Location, IPAddress, ResultType FROM AADNonInteractiveUserSignInLogs
    UNION ALL
    SELECT Id, TimeGenerated, ServicePrincipalId, Location, IPAddress, ResultType FROM AADServicePrincipalSignInLogs
    UNION ALL
    SELECT Id, TimeGenerated, ServicePrincipalId, Location, IPAddress, ResultType FROM AADManagedIdentitySignInLogs
),
asked AS (
    SELECT sign_in.*, ResultType NOT IN ('0', '') AND NOT list_contains(steps, ResultType) AS IsFailure
    FROM sign_in, parameters
    WHERE IPAddress <> ''
)
SELECT
    IPAddress,
    list_sort(list(DISTINCT Location)) AS Locations,
    count(*) FILTER (IsFailure) AS Failures,
    histogram(ResultType) FILTER (IsFailure) AS Results,
    count(DISTINCT Who) FILTER (IsFailure AND Who <> '') AS Accounts,
    count(*) FILTER (ResultType = '0') AS Successes,
    min(TimeGenerated) FILTER (IsFailure) AS FirstFailure,
    max(TimeGenerated) FILTER (IsFailure) AS LastFailure,
    (list(Id ORDER BY TimeGenerated, Id) FILTER (IsFailure))[:(SELECT listed FROM parameters)] AS Ids
FROM asked
GROUP BY IPAddress
HAVING Failures > 0
ORDER BY Failures DESC, IPAddress
LIMIT (SELECT top FROM parameters);
