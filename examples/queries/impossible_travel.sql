-- Who signed in at two places, one after the other, faster than anybody travels?
--
-- No rule of the reference set asks this of SigninLogs alone; investigators do. Coordinates are those of an address, often of a
-- provider's office: VPNs and mobile networks travel fast.
--
-- speed     kilometres an hour that nobody exceeds
-- distance  kilometres below which places are taken for the same
WITH parameters AS (
    SELECT coalesce(getvariable('speed'), 900) AS speed, coalesce(getvariable('distance'), 500) AS distance
),
success AS (
    SELECT
        Id, UserPrincipalName, IPAddress, TimeGenerated, Location,
        radians(CAST(LocationDetails -> 'geoCoordinates' ->> 'latitude' AS DOUBLE)) AS Latitude,
        radians(CAST(LocationDetails -> 'geoCoordinates' ->> 'longitude' AS DOUBLE)) AS Longitude
    FROM SigninLogs
    WHERE ResultType = '0'
),
pair AS (
    SELECT
        UserPrincipalName,
        Location AS FromCountry,
        IPAddress AS FromAddress,
        TimeGenerated AS FromTime,
        Id AS FromId,
        lead(Location) OVER next AS ToCountry,
        lead(IPAddress) OVER next AS ToAddress,
        lead(TimeGenerated) OVER next AS ToTime,
        lead(Id) OVER next AS ToId,
        -- The haversine formula on a sphere of 6,371 km.
        2 * 6371 * asin(sqrt(least(1.0,
            pow(sin((lead(Latitude) OVER next - Latitude) / 2), 2)
            + cos(Latitude) * cos(lead(Latitude) OVER next) * pow(sin((lead(Longitude) OVER next - Longitude) / 2), 2)
        ))) AS Kilometres
    FROM success
    WHERE Latitude IS NOT NULL AND Longitude IS NOT NULL
    WINDOW next AS (PARTITION BY UserPrincipalName ORDER BY TimeGenerated, Id)
)
SELECT
    UserPrincipalName, FromCountry, ToCountry, round(Kilometres) AS Kilometres, ToTime - FromTime AS Span,
    FromTime, FromAddress, ToTime, ToAddress, FromId, ToId
FROM pair, parameters
WHERE Kilometres >= distance
    AND Kilometres > speed * date_part('epoch', ToTime - FromTime) / 3600
ORDER BY FromTime, FromId;
