-- Who signed in with one factor, from a country that is new for them and outside the named locations?
--
-- The question of Microsoft Sentinel's rule "F&O - Unusual sign-in activity using single factor authentication".
-- Differs: asks for one factor, as the rule's name says, and for a country that is new for the user; the rule's text asks whether it is
-- new for the tenant and whether anybody there uses a second factor. Asks every application (the rule means those of Dynamics 365
-- Finance and Operations: set `applications` to their identifiers) and every sign-in with a full span of memory before it.
--
-- applications  values of AppId; an empty list means all
-- memory        how far back a country counts as known: 14 days, and no more than half of what the export spans
WITH parameters AS (
    SELECT
        coalesce(getvariable('applications'), []::VARCHAR[]) AS applications,
        coalesce(
            getvariable('memory'),
            to_microseconds(least(14 * 86400000000, (epoch_us(max(TimeGenerated)) - epoch_us(min(TimeGenerated))) // 2))
        ) AS memory
    FROM SigninLogs
),
success AS (
    SELECT SigninLogs.*, min(TimeGenerated) OVER () AS Beginning FROM SigninLogs WHERE ResultType = '0'
)
SELECT
    recent.UserPrincipalName,
    recent.Location,
    recent.AppDisplayName,
    recent.IPAddress,
    recent.TimeGenerated,
    recent.Id
FROM success AS recent, parameters
WHERE recent.AuthenticationRequirement = 'singleFactorAuthentication'
    AND (applications = [] OR list_contains(applications, recent.AppId))
    AND NOT contains(recent.NetworkLocationDetails, 'trustedNamedLocation')
    AND recent.Location <> ''
    AND recent.TimeGenerated >= recent.Beginning + memory
    AND NOT EXISTS (
        SELECT 1 FROM success AS earlier
        WHERE earlier.UserPrincipalName = recent.UserPrincipalName
            AND earlier.Location = recent.Location
            AND earlier.TimeGenerated >= recent.TimeGenerated - memory
            AND earlier.TimeGenerated < recent.TimeGenerated
    )
ORDER BY recent.TimeGenerated, recent.Id;
