// What the sidecar is told: who changed, never the whole ctx, which holds cookies.
function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }
