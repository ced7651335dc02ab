-- Who was asked for a second factor again and again, refused, and then let somebody in?
--
-- The question of Microsoft Sentinel's rule "MFA Spamming followed by Successful login".
-- Differs: counts back from each success, where the rule asks that everything a user did from an address fits into the span; takes
-- every refusal whose words begin with "MFA denied", and every success with a second factor, whatever its words; times are those of
-- the records, since an export has no ingestion time.
--
-- refusals  more than so many
-- within    in how long before the success
WITH parameters AS (
    SELECT
        coalesce(getvariable('refusals'), 10) AS refusals,
        coalesce(getvariable('within'), INTERVAL 5 MINUTE) AS within
),
step AS (
    SELECT
        Id, UserPrincipalName, IPAddress, TimeGenerated, ResultType, AuthenticationRequirement,
        unnest(from_json(if(AuthenticationDetails = '', '[]', AuthenticationDetails), '["JSON"]'))
            ->> 'authenticationStepResultDetail' AS Detail
    FROM SigninLogs
),
refusal AS (
    SELECT * FROM step WHERE Detail ILIKE 'MFA denied%'
),
success AS (
    SELECT * FROM SigninLogs WHERE ResultType = '0' AND AuthenticationRequirement = 'multiFactorAuthentication'
)
SELECT
    success.UserPrincipalName,
    success.IPAddress,
    success.LocationDetails ->> 'countryOrRegion' AS Country,
    success.DeviceDetail ->> 'operatingSystem' AS OperatingSystem,
    count(*) AS Refusals,
    min(refusal.TimeGenerated) AS FirstRefusal,
    success.TimeGenerated AS Success,
    success.Id
FROM success, refusal, parameters
WHERE refusal.UserPrincipalName = success.UserPrincipalName
    AND refusal.TimeGenerated >= success.TimeGenerated - within
    AND refusal.TimeGenerated < success.TimeGenerated
GROUP BY ALL
HAVING count(*) > any_value(parameters.refusals)
ORDER BY Success, success.Id;
