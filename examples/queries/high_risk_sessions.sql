-- Which sessions began with a sign-in that succeeded at high risk?
--
-- The sign-in half of Microsoft Sentinel's rule "Unusual Volume of file deletion by users": join `OriginalRequestId` with the
-- session of the file events. With `users` or `states` set it also answers the sign-in half of "Insider Risk_Sign In Risk
-- Followed By Sensitive Data Access".
-- Differs: the file events are not in a sign-in export, so every such session is listed. Without an Entra ID P2 licence every level
-- is `hidden`, and nothing is found for that reason alone.
--
-- levels  values of RiskLevelDuringSignIn that are high enough
WITH parameters AS (
    SELECT coalesce(getvariable('levels'), ['high']) AS levels
)
SELECT UserId, UserPrincipalName, OriginalRequestId, CreatedDateTime, RiskLevelDuringSignIn, RiskState, RiskEventTypes_V2, Id
FROM SigninLogs, parameters
WHERE ResultType = '0' AND list_contains(levels, RiskLevelDuringSignIn)
ORDER BY CreatedDateTime, Id;
