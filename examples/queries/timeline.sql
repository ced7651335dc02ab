-- What did one account do, in the order of time, in all four logs?
--
-- No rule of the reference set; where an investigation of an account begins. Accounts are named by user principal name, by the
-- identifier of the user or service principal, or by the name of the service principal; case does not matter.
--
-- who    the account; there is no default: --set "who='a.roe@example.com'"
-- since  the first moment, as TIMESTAMPTZ '2026-11-18 09:00:00+00'; NULL for any
-- until  the moment after the last one; NULL for any
WITH parameters AS (
    SELECT
        coalesce(CAST(getvariable('who') AS VARCHAR), error('say whose time line: --set "who=''a.roe@example.com''"')) AS who,
        CAST(getvariable('since') AS TIMESTAMPTZ) AS since,
        CAST(getvariable('until') AS TIMESTAMPTZ) AS until
),
sign_in AS (
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, '' AS ServicePrincipalName, '' AS ServicePrincipalId, AppDisplayName,
        ResourceDisplayName, IPAddress, Location, ResultType, ResultDescription, ClientAppUsed, AuthenticationRequirement,
        ConditionalAccessStatus, RiskLevelDuringSignIn, UserAgent, SessionId, CorrelationId, SignholdPage, SignholdElement
    FROM SigninLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, UserPrincipalName, UserId, '', '', AppDisplayName,
        ResourceDisplayName, IPAddress, Location, ResultType, ResultDescription, ClientAppUsed, AuthenticationRequirement,
        ConditionalAccessStatus, RiskLevelDuringSignIn, UserAgent, SessionId, CorrelationId, SignholdPage, SignholdElement
    FROM AADNonInteractiveUserSignInLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, '', '', ServicePrincipalName, ServicePrincipalId, '',
        ResourceDisplayName, IPAddress, Location, ResultType, ResultDescription, '', '',
        ConditionalAccessStatus, '', UserAgent, SessionId, CorrelationId, SignholdPage, SignholdElement
    FROM AADServicePrincipalSignInLogs
    UNION ALL
    SELECT "Type", Id, TimeGenerated, '', '', ServicePrincipalName, ServicePrincipalId, '',
        ResourceDisplayName, IPAddress, Location, ResultType, ResultDescription, '', '',
        ConditionalAccessStatus, '', UserAgent, SessionId, CorrelationId, SignholdPage, SignholdElement
    FROM AADManagedIdentitySignInLogs
)
SELECT
    TimeGenerated,
    "Type" AS "Table",
    coalesce(nullif(UserPrincipalName, ''), nullif(ServicePrincipalName, ''), nullif(UserId, ''), ServicePrincipalId) AS Account,
    AppDisplayName,
    ResourceDisplayName,
    ResultType,
    ResultDescription,
    IPAddress,
    Location,
    ClientAppUsed,
    AuthenticationRequirement,
    ConditionalAccessStatus,
    RiskLevelDuringSignIn,
    UserAgent,
    SessionId,
    CorrelationId,
    SignholdPage,
    SignholdElement,
    Id
FROM sign_in, parameters
WHERE lower(who) IN (lower(UserPrincipalName), lower(UserId), lower(ServicePrincipalName), lower(ServicePrincipalId))
    AND who <> ''
    AND (since IS NULL OR TimeGenerated >= since)
    AND (until IS NULL OR TimeGenerated < until)
ORDER BY TimeGenerated, Id;
