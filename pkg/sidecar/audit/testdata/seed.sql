-- 10,000 identities of a real Kratos, while it is stopped: passkeys cannot be
-- imported up to v26.2.0. b are 16 bytes that look random and are the same for
-- the same number, so that one property says nothing about another.
create temp table nid as select id from networks;
create temp table t as select name, id from identity_credential_types;
create temp table p as
  select i, md5('person ' || i)::uuid as id, b,
    case when i % 2500 = 7 then 21 else get_byte(b, 0) % 4 end as passkeys,
    get_byte(b, 1) % 2 as stale,
    get_byte(b, 2) % 5 = 0 as legacy,
    get_byte(b, 3) % 11 = 0 as second_factor,
    get_byte(b, 4) % 2 = 0 as recovery,
    get_byte(b, 5) % 3 = 0 as password,
    get_byte(b, 6) % 7 = 0 as code
  from (select i, decode(md5('bytes ' || i), 'hex') as b from generate_series(1, 10000) i) bytes;
insert into identities (id, schema_id, traits, created_at, updated_at, nid, state)
  select id, 'default', '{}', now(), now(), (select id from nid), 'active' from p;
insert into identity_recovery_addresses (id, via, value, identity_id, created_at, updated_at, nid)
  select gen_random_uuid(), 'email', 'p' || i || '@example.com', id, now(), now(), (select id from nid) from p where recovery;

-- One passkey is one row: the oddities come at numbers that have nothing in
-- common.
create temp table k as
  select p.*, n,
    case when i % 1000 = 0 and n = 0 then 'the same' else i || '/' || n end as key_id,
    case when i % 211 = 0 and n = 0 then '00000000000000000000000000000000'
         when i % 331 = 0 and n = 0 or i % 2500 <> 7 and get_byte(b, 7 + n % 4) % 2 = 0 then 'ea9b8d664d011d213ce4b6b48cb575d4'
         else '2fc0579f811347eab116bb5a8db9202a' end as aaguid,
    i % 331 = 0 and n = 0 as flips
  from p, lateral generate_series(0, passkeys - 1) n;
create index on k (i);
create temp table c as
  select gen_random_uuid() as id, 'passkey' as kind, p.id as identity_id, p.i, p.passkeys, p.stale,
    (select jsonb_build_object('user_handle', encode(('handle ' || p.i)::bytea, 'base64'), 'credentials', jsonb_agg(
      jsonb_build_object('id', encode(key_id::bytea, 'base64'), 'public_key', 'pQEC', 'attestation_type', 'none', 'display_name', '',
        'added_at', '2026-' || to_char(1 + (k.i + n) % 12, 'FM00') || '-01T00:00:00Z', 'is_passwordless', true,
        'authenticator', jsonb_build_object('aaguid', encode(decode(aaguid, 'hex'), 'base64'), 'sign_count', 0, 'clone_warning', k.i % 997 = 0 and n = 0))
      || case when k.i % 499 = 0 and n = 0 then '{}' else jsonb_build_object('flags', jsonb_build_object('user_present', true, 'user_verified', true,
        'backup_eligible', not flips and aaguid = 'ea9b8d664d011d213ce4b6b48cb575d4',
        'backup_state', not flips and aaguid = 'ea9b8d664d011d213ce4b6b48cb575d4' and n < 2)) end
      order by n)) from k where k.i = p.i) as config
  from p where passkeys > 0
  union all
  select gen_random_uuid(), 'webauthn', p.id, p.i, 0, 0,
    jsonb_build_object('credentials', (select jsonb_agg(jsonb_build_object('id', encode(('webauthn ' || i || first)::bytea, 'base64'), 'public_key', 'pQEC',
      'attestation_type', 'none', 'display_name', '', 'added_at', '2025-06-01T00:00:00Z', 'is_passwordless', first,
      'authenticator', jsonb_build_object('aaguid', encode(decode('2fc0579f811347eab116bb5a8db9202a', 'hex'), 'base64'), 'sign_count', 0, 'clone_warning', false),
      'flags', jsonb_build_object('user_present', true, 'user_verified', false, 'backup_eligible', false, 'backup_state', false)))
      from (values (true, legacy), (false, second_factor)) v (first, wanted) where wanted))
    || case when i % 101 = 0 then '{}' else jsonb_build_object('user_handle', encode(decode(md5('webauthn ' || i), 'hex'), 'base64')) end
  from p where legacy or second_factor
  union all select gen_random_uuid(), 'password', id, i, 0, 0, '{}' from p where password
  union all select gen_random_uuid(), 'code', id, i, 0, 0, '{"addresses": []}' from p where code;
insert into identity_credentials (id, config, identity_credential_type_id, identity_id, created_at, updated_at, nid, version)
  select id, config, (select id from t where name = kind), identity_id, now(), now(), (select id from nid), 1 from c;
-- Only since v26.2.0 these have identity_id: keys without a column are left out.
insert into identity_credential_identifiers
  select row.* from c, lateral generate_series(1, passkeys + stale) n,
    lateral jsonb_populate_record(null::identity_credential_identifiers, jsonb_build_object(
      'id', gen_random_uuid(), 'identity_credential_id', c.id, 'identity_id', c.identity_id, 'created_at', now(), 'updated_at', now(),
      'nid', (select id from nid), 'identity_credential_type_id', (select id from t where name = 'passkey'),
      'identifier', case when i % 787 = 0 and n = 1 then 'person' || i || '@example.com' when i % 1009 = 0 and n = 1 then repeat('x', 60) || to_char(i, 'FM00000')
        else md5('h' || i || '/' || n) || md5('i' || i || '/' || n) end)) row
  where kind = 'passkey';
analyze;
