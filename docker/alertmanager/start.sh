#!/bin/sh
# Starts Alertmanager with PAGERDUTY_ROUTING_KEY where its configuration looks for
# it: it reads files, not the environment. The arguments are Alertmanager's own.
set -eu
umask 077
[ -n "${PAGERDUTY_ROUTING_KEY:-}" ] || echo "PAGERDUTY_ROUTING_KEY is not set: alerts are shown, but nobody is paged" >&2
printf '%s' "${PAGERDUTY_ROUTING_KEY:-}" >"${TMPDIR:-/tmp}/pagerduty-routing-key"
unset PAGERDUTY_ROUTING_KEY
exec alertmanager "$@"
