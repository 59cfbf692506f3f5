// Nobody exists yet when a sign-up is refused: there is no identity to name.
function(ctx) { flow_id: ctx.flow.id }
