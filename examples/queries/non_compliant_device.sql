-- Who signed in from a device that does not comply?
--
-- The question of Microsoft Sentinel's hunting query "Successful Signin From Non-Compliant Device".
-- Differs, and finds too much: Graph says `isCompliant: false` also of devices of which nothing is known, where a workspace has no
-- such key. `known_devices` leaves out what has no device identifier; set it to false for the query as it is. Joins no risk score.
--
-- known_devices  ask registered devices alone
WITH parameters AS (
    SELECT coalesce(getvariable('known_devices'), true) AS known_devices
)
SELECT
    UserPrincipalName,
    IPAddress,
    DeviceDetail ->> 'deviceId' AS DeviceId,
    DeviceDetail ->> 'displayName' AS Device,
    DeviceDetail ->> 'trustType' AS TrustType,
    count(*) AS SignIns,
    list(Id ORDER BY TimeGenerated, Id) AS Ids
FROM SigninLogs, parameters
WHERE ResultType = '0'
    AND (DeviceDetail ->> 'isCompliant') = 'false'
    AND (NOT known_devices OR coalesce(DeviceId, '') <> '')
GROUP BY UserPrincipalName, IPAddress, DeviceId, Device, TrustType
ORDER BY SignIns DESC, UserPrincipalName, IPAddress;
