-- Who signed in with a protocol that knows no second factor, and had not done so before?
--
-- The question of Microsoft Sentinel's hunting query "Login attempts using Legacy Auth".
-- Differs: calls legacy what is not a modern client, so that a protocol missing from a list is still found; asks it of the whole
-- export, and the first such sign-in of a user with a client and an application from an address is new.
--
-- modern  values of ClientAppUsed that are not legacy; empty ones never are
-- memory  how far back the same client of the same user counts as known
WITH parameters AS (
    SELECT
        coalesce(getvariable('modern'), ['Browser', 'Mobile Apps and Desktop clients']) AS modern,
        coalesce(getvariable('memory'), INTERVAL 14 DAY) AS memory
),
legacy AS (
    SELECT SigninLogs.* FROM SigninLogs, parameters
    WHERE ResultType = '0' AND ClientAppUsed <> '' AND NOT list_contains(modern, ClientAppUsed)
)
SELECT
    recent.UserPrincipalName,
    recent.ClientAppUsed,
    recent.AppDisplayName,
    recent.IPAddress,
    recent.DeviceDetail ->> 'operatingSystem' AS OperatingSystem,
    recent.LocationDetails ->> 'countryOrRegion' AS Country,
    recent.TimeGenerated,
    recent.Id
FROM legacy AS recent, parameters
WHERE NOT EXISTS (
    SELECT 1 FROM legacy AS earlier
    WHERE earlier.UserPrincipalName = recent.UserPrincipalName
        AND earlier.ClientAppUsed = recent.ClientAppUsed
        AND earlier.AppDisplayName = recent.AppDisplayName
        AND earlier.IPAddress = recent.IPAddress
        AND earlier.TimeGenerated >= recent.TimeGenerated - memory
        AND earlier.TimeGenerated < recent.TimeGenerated
)
ORDER BY recent.TimeGenerated, recent.Id;
