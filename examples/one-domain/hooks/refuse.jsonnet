// A sign-up is rejected before its identity exists, so there is no identity id to send.
function(ctx) { flow_id: ctx.flow.id }
