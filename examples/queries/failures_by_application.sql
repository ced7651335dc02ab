-- At which applications do most sign-ins fail, on what, and for how many users?
--
-- No rule of the reference set; what an investigator looks at first. In the logs of service principals and managed identities the
-- application is the one that signs in, under the name of its service principal.
--
-- steps   results that are no failures, but steps on the way
-- top     how many applications
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
    SELECT Id, TimeGenerated, AppId, AppDisplayName AS Application, UserId AS Who, IPAddress, ResultType FROM SigninLogs
    UNION ALL
    SELECT Id, TimeGenerated, AppId, AppDisplayName, UserId, IPAddress, ResultType FROM AADNonInteractiveUserSignInLogs
    UNION ALL
    SELECT Id, TimeGenerated, AppId, ServicePrincipalName, ServicePrincipalId, IPAddress, ResultType FROM AADServicePrincipalSignInLogs
    UNION ALL
    SELECT Id, TimeGenerated, AppId, ServicePrincipalName, ServicePrincipalId, IPAddress, ResultType FROM AADManagedIdentitySignInLogs
),
asked AS (
    SELECT sign_in.*, ResultType NOT IN ('0', '') AND NOT list_contains(steps, ResultType) AS IsFailure FROM sign_in, parameters
)
SELECT
    Application,
    AppId,
    count(*) FILTER (IsFailure) AS Failures,
    histogram(ResultType) FILTER (IsFailure) AS Results,
    count(DISTINCT Who) FILTER (IsFailure AND Who <> '') AS Accounts,
    count(DISTINCT IPAddress) FILTER (IsFailure AND IPAddress <> '') AS Addresses,
    count(*) FILTER (ResultType = '0') AS Successes,
    min(TimeGenerated) FILTER (IsFailure) AS FirstFailure,
    max(TimeGenerated) FILTER (IsFailure) AS LastFailure,
    (list(Id ORDER BY TimeGenerated, Id) FILTER (IsFailure))[:(SELECT listed FROM parameters)] AS Ids
FROM asked
GROUP BY Application, AppId
HAVING Failures > 0
ORDER BY Failures DESC, Application, AppId
LIMIT (SELECT top FROM parameters);
