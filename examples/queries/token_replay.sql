-- Which sessions began in one country with a person present, and went on in another without one?
--
-- No rule of the reference set asks this; it is what the use of a stolen session token looks like. Travellers and proxies look the
-- same. Sessions have an identifier only in records of the beta API.
--
-- within  how long after its beginning a session is followed
WITH parameters AS (
    SELECT coalesce(getvariable('within'), INTERVAL 1 DAY) AS within
)
SELECT
    begun.SessionId,
    begun.UserPrincipalName,
    begun.TimeGenerated AS Begun,
    begun.Location AS BegunIn,
    begun.IPAddress AS BegunFrom,
    list_sort(list(DISTINCT used.Location)) AS UsedIn,
    list_sort(list(DISTINCT used.IPAddress)) AS UsedFrom,
    min(used.TimeGenerated) AS FirstUse,
    count(*) AS Uses,
    begun.Id AS BegunId,
    list(used.Id ORDER BY used.TimeGenerated, used.Id) AS Ids
FROM SigninLogs AS begun
    JOIN AADNonInteractiveUserSignInLogs AS used ON used.SessionId = begun.SessionId AND used.UserId = begun.UserId,
    parameters
WHERE begun.SessionId <> ''
    AND begun.ResultType = '0'
    AND used.ResultType = '0'
    AND begun.Location <> ''
    AND used.Location <> ''
    AND used.Location <> begun.Location
    AND used.TimeGenerated >= begun.TimeGenerated
    AND used.TimeGenerated <= begun.TimeGenerated + within
GROUP BY begun.SessionId, begun.UserPrincipalName, begun.TimeGenerated, begun.Location, begun.IPAddress, begun.Id
ORDER BY FirstUse, begun.SessionId;
