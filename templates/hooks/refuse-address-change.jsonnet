// Asks the sidecar, which refuses, only where somebody changes an address;
// `error "cancel"` tells Kratos to call nobody.
function(ctx)
  local addresses(identity) = [std.get(identity.traits, name, null) for name in ["email"]];
  if addresses(ctx.identity) != addresses(ctx.flow.identity)
  then { flow_id: ctx.flow.id }
  else error "cancel"
