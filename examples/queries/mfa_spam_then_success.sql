-- Who was asked for a second factor again and again, refused, and then let somebody in?
--
-- The question of Microsoft Sentinel's rule "MFA Spamming followed by Successful login".
-- Differs: from 3 refusals within an hour on, as in `signhold report --triage`; the rule wants more than 10 within 5 minutes (set
-- `refusals` to 11 and `within` to INTERVAL 5 MINUTE). Counts back from each success, where the rule asks that everything a user did
-- from an address fits into the span; takes every refusal whose words begin with "MFA denied", and every success with a second
-- factor, whatever its words; times are those of the records, since an export has no ingestion time.
--
-- refusals  from how many on
-- within    in how long before the success
WITH parameters AS (
    SELECT
        coalesce(getvariable('refusals'), 3) AS refusals,
        coalesce(getvariable('within'), INTERVAL 1 HOUR) AS within
),
step AS (
    SELECT
        Id, UserPrincipalName, IPAddress, TimeGenerated, ResultType, AuthenticationRequirement,
        unnest(from_json(if(AuthenticationDetails = '', '[]', AuthenticationDetails), '["JSON"]'))
            ->> 'authenticationStepResultDetail' AS Detail
    FROM SigninLogs
),
refusal AS (
    SELECT DISTINCT Id, UserPrincipalName, IPAddress, TimeGenerated FROM step WHERE Detail ILIKE 'MFA denied%'
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
    success.Id,
    list(refusal.Id ORDER BY refusal.TimeGenerated, refusal.Id) AS Ids
FROM success, refusal, parameters
WHERE refusal.UserPrincipalName = success.UserPrincipalName
    AND refusal.TimeGenerated >= success.TimeGenerated - within
    AND refusal.TimeGenerated < success.TimeGenerated
GROUP BY success.UserPrincipalName, success.IPAddress, Country, OperatingSystem, success.TimeGenerated, success.Id
HAVING count(*) >= any_value(parameters.refusals)
ORDER BY Success, success.Id;
