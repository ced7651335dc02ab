-- Who signs in from two countries within minutes, one of them rare for this tenant?
--
-- The question of Microsoft Sentinel's hunting query "User Login IP Address Teleportation".
-- Differs: compares each sign-in with the next one of the same user; asks those too on which no Conditional Access policy decided;
-- adds no risk score, since the tables for that are not in an export.
--
-- within  how soon after another
-- rare    a country with less than this share of all sign-ins is rare, from 0 to 1: 0.0001, and in a small export that of 5 sign-ins
WITH parameters AS (
    SELECT
        coalesce(getvariable('within'), INTERVAL 10 MINUTE) AS within,
        coalesce(getvariable('rare'), greatest(0.0001, 5.0 / count(*))) AS rare
    FROM SigninLogs
),
sign_in AS (
    SELECT Id, UserPrincipalName, IPAddress, TimeGenerated, LocationDetails ->> 'countryOrRegion' AS Country
    FROM SigninLogs
    WHERE ConditionalAccessStatus <> 'failure' AND coalesce(Country, '') <> ''
),
common AS (
    SELECT Country, count(*) / sum(count(*)) OVER () AS Share FROM sign_in GROUP BY Country
),
pair AS (
    SELECT
        UserPrincipalName,
        Country AS FromCountry,
        IPAddress AS FromAddress,
        TimeGenerated AS FromTime,
        Id AS FromId,
        lead(Country) OVER next AS ToCountry,
        lead(IPAddress) OVER next AS ToAddress,
        lead(TimeGenerated) OVER next AS ToTime,
        lead(Id) OVER next AS ToId
    FROM sign_in
    WINDOW next AS (PARTITION BY UserPrincipalName ORDER BY TimeGenerated, Id)
)
SELECT pair.*
FROM pair
    JOIN common AS origin ON origin.Country = FromCountry
    JOIN common AS goal ON goal.Country = ToCountry,
    parameters
WHERE FromCountry <> ToCountry
    AND ToTime - FromTime <= within
    AND least(origin.Share, goal.Share) < rare
ORDER BY FromTime, FromId;
