-- Prints what the bench reads after a wrk run, as one line it cannot mistake.
function done(summary)
  local errors = summary.errors
  io.write(string.format(
    "BENCH %d %d %d\n",
    summary.requests,
    summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
