#!/usr/bin/env bash
# The step `Lint` of action.yml: annotations on standard output, a SARIF file, a summary, and outputs.
# It succeeds whatever is found, so that the SARIF file can be uploaded; the last step fails.
set -euo pipefail

sprag=${SPRAG:-$RUNNER_TEMP/sprag/bin/sprag}
mapfile -t paths < <(printf '%s\n' "${SPRAG_PATHS:-.}" | sed '/^[[:space:]]*$/d')
read -r -a more <<<"${SPRAG_ARGS:-}" || true
sarif=${SPRAG_SARIF:-sprag.sarif}
level=(--fail-level "${SPRAG_FAIL_LEVEL:-warning}")
if [ "${SPRAG_FAIL_LEVEL:-}" = never ]; then
  level=(--exit-zero)
fi

beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT

code=0
"$sprag" lint --output-format github --also "sarif=$sarif" --also "markdown=$beside/summary.md" \
  --also "json-lines=$beside/findings" "${level[@]}" ${more[@]+"${more[@]}"} -- "${paths[@]}" || code=$?

if [ -f "$beside/summary.md" ]; then
  cat "$beside/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
findings=0
if [ -f "$beside/findings" ]; then
  findings=$(wc -l <"$beside/findings")
fi
{
  echo "sarif=$sarif"
  echo "findings=$((findings))"
  echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"
