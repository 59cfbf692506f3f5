// Tells the sidecar which identity changed. Never send the whole ctx: it contains cookies.
function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }
