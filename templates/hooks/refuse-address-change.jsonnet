// Calls the sidecar, which rejects the change, only if an address changes;
// `error "cancel"` makes Kratos skip the call.
function(ctx)
  local addresses(identity) = [std.get(identity.traits, name, null) for name in ["email"]];
  if addresses(ctx.identity) != addresses(ctx.flow.identity)
  then { flow_id: ctx.flow.id }
  else error "cancel"
