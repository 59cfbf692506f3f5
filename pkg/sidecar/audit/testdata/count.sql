-- The audit in SQL, from the tables as Kratos keeps them, written without a look
-- at the other one. Names are those of the report in JSON.
with credential as (
  select c.*, ct.name as kind, c.config::jsonb as body from identity_credentials c join identity_credential_types ct on ct.id = c.identity_credential_type_id
), key as (
  select c.identity_id, c.kind, j as body, j->>'id' as key_id, j->'flags' as flags, encode(decode(j->'authenticator'->>'aaguid', 'base64'), 'hex') as aaguid,
    (j->>'is_passwordless')::boolean as passwordless
  from credential c, lateral jsonb_array_elements(c.body->'credentials') j where c.kind in ('passkey', 'webauthn')
), make (aaguid, provider, kind) as (values
  ('ea9b8d664d011d213ce4b6b48cb575d4', 'Google Password Manager', 'synced'), ('2fc0579f811347eab116bb5a8db9202a', 'YubiKey 5 Series with NFC', 'key'),
  ('00000000000000000000000000000000', 'unknown', 'unknown')
), handle as (
  select c.identity_id, i.identifier from identity_credential_identifiers i join credential c on c.id = i.identity_credential_id where c.kind = 'passkey'
), keys_of as (
  select identity_id, count(*) filter (where kind = 'passkey') as passkeys, count(*) filter (where kind = 'webauthn') as keys,
    count(*) filter (where kind = 'webauthn' and passwordless) as passwordless
  from key group by identity_id
), handles_of as (
  select identity_id, count(*) as handles from handle group by identity_id
), ways_of as (
  select identity_id, count(*) filter (where kind = 'webauthn' and body->>'user_handle' <> '') as webauthn_handles,
    bool_or(kind = 'code') as code, bool_or(kind = 'password') as password
  from credential group by identity_id
), person as (
  select i.id, coalesce(passkeys, 0) as passkeys, coalesce(keys, 0) as keys, coalesce(passwordless, 0) as passwordless,
    coalesce(handles, 0) as handles, coalesce(webauthn_handles, 0) as webauthn_handles, coalesce(code, false) as code, coalesce(password, false) as password,
    exists (select from identity_recovery_addresses r where r.identity_id = i.id) as recovery
  from identities i left join keys_of k on k.identity_id = i.id left join handles_of h on h.identity_id = i.id left join ways_of w on w.identity_id = i.id
)
select 'identities', count(*) from person
union all select 'passkey_only', count(*) from person where passkeys > 0 and passwordless = 0
union all select 'legacy_only', count(*) from person where passkeys = 0 and passwordless > 0
union all select 'both', count(*) from person where passkeys > 0 and passwordless > 0
union all select 'neither', count(*) from person where passkeys = 0 and passwordless = 0
union all select 'passkeys', sum(passkeys) from person
union all select 'passwordless_keys', sum(passwordless) from person
union all select 'second_factor_keys', sum(keys - passwordless) from person
union all select 'synced', count(*) from key where (flags->>'backup_state')::boolean
union all select 'syncable_not_synced', count(*) from key where (flags->>'backup_eligible')::boolean and not (flags->>'backup_state')::boolean
union all select 'device_bound', count(*) from key where not (flags->>'backup_eligible')::boolean
union all select 'backup_state_unknown', count(*) from key where flags is null
union all select 'handles', sum(handles + webauthn_handles) from person
union all select 'stale_handles', sum(handles - passkeys) from person
union all select 'with_recovery_address', count(*) from person where recovery
union all select 'other_credentials/' || kind, count(*) from credential where kind not in ('passkey', 'webauthn') group by kind
union all select 'providers/' || provider, count(*) from key join make using (aaguid) group by provider
union all select 'authenticator_kinds/' || m.kind, count(*) from key join make m using (aaguid) group by m.kind
union all select 'passkeys_per_identity/' || least(passkeys, 10), count(*) from person group by least(passkeys, 10)
union all select 'passkeys_added/' || left(body->>'added_at', 7), count(*) from key where kind = 'passkey' group by left(body->>'added_at', 7)
union all select 'findings/clone-warning', count(distinct identity_id) from key where (body->'authenticator'->>'clone_warning')::boolean
union all select 'findings/duplicate-credential-id', coalesce(sum(people - 1), 0) from (select count(distinct identity_id) as people from key group by key_id) s
union all select 'findings/handle-bad', count(distinct identity_id) from handle where length(identifier) > 64
union all select 'findings/handle-pii', count(distinct identity_id) from handle where identifier like '%@%'
union all select 'findings/lock-out-risk', count(*) from person where passkeys + passwordless = 1 and not recovery and not code
union all select 'findings/stale-handle', count(*) from person where handles > passkeys
union all select 'findings/handle-missing', count(*) from person where keys > 0 and webauthn_handles = 0
union all select 'findings/flags-missing', count(distinct identity_id) from key where flags is null
union all select 'findings/be-flip-risk', count(distinct identity_id) from key join make m using (aaguid) where m.kind = 'synced' and not (flags->>'backup_eligible')::boolean
union all select 'findings/storage-limit', count(*) from (select identity_id from key join make m using (aaguid) where m.kind = 'key' group by identity_id, provider having count(*) >= 20) s
union all select 'findings/orphan-forecast', count(*) from person where passkeys + passwordless > 0 and not recovery and not code
union all select 'findings/multi-handle', count(*) from person where handles + webauthn_handles > 1
union all select 'findings/legacy-passwordless', count(*) from person where passwordless > 0 and passkeys = 0
union all select 'findings/unknown-aaguid', count(distinct identity_id) from key join make using (aaguid) where provider = 'unknown'
union all select 'rp_id_change/keys', sum(passkeys + keys) from person
union all select 'rp_id_change/identities', count(*) from person where passkeys + keys > 0
union all select 'rp_id_change/locked_out', count(*) from person where passkeys + passwordless > 0 and not recovery and not code and not password
union all select 'rp_id_change/perhaps', count(*) from person where passkeys + passwordless > 0 and not recovery and not code and password
union all select 'rp_id_change/reenrol', count(*) from person where passkeys + keys > 0 and (passkeys + passwordless = 0 or recovery or code)
