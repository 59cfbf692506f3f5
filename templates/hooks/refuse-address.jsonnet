// Asks the sidecar, which refuses, only if a sign-up by passkey names an address:
// nothing proves it there. `error "cancel"` tells Kratos to call nobody.
function(ctx)
  local address = std.get(ctx.identity.traits, "email", null);
  if address == null || address == ""
  then error "cancel"
  else { flow_id: ctx.flow.id }
