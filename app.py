"""RingLedger as Chalice deploys it: every blueprint, registered."""

from chalice import Chalice

from chalicelib.channels import (
    api_applications,
    api_backtest,
    api_billing,
    api_books,
    api_calls,
    api_catalog,
    api_closings,
    api_costs,
    api_credits,
    api_dispositions,
    api_dunning,
    api_gate,
    api_keys,
    api_ledger,
    api_numbers,
    api_operations,
    api_papers,
    api_pools,
    api_postbacks,
    api_recordings,
    api_reviews,
    api_routing,
    api_settings,
    api_tags,
    api_terms,
    api_verdicts,
    api_visits,
    dni,
    queues,
    schedules,
    streams,
    twilio,
)

app = Chalice(app_name="ringledger")

for channel in (
    api_catalog,
    api_terms,
    api_numbers,
    api_pools,
    api_tags,
    api_costs,
    api_applications,
    api_keys,
    api_gate,
    api_settings,
    api_calls,
    api_verdicts,
    api_reviews,
    api_dispositions,
    api_postbacks,
    api_backtest,
    api_recordings,
    api_visits,
    api_routing,
    api_books,
    api_papers,
    api_billing,
    api_dunning,
    api_credits,
    api_ledger,
    api_closings,
    api_operations,
):
    app.register_blueprint(channel.blueprint, url_prefix="/v1")
for channel in (twilio, dni, streams, queues, schedules):
    app.register_blueprint(channel.blueprint)
