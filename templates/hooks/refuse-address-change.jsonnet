// Asks the sidecar, which refuses, only where somebody changes the address;
// `error "cancel"` tells Kratos to call nobody.
function(ctx)
  if ctx.identity.traits.email != ctx.flow.identity.traits.email
  then { flow_id: ctx.flow.id }
  else error "cancel"
