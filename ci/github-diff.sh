#!/usr/bin/env bash
# The step `Compare` of action.yml: what the pull request changes, in the summary and in a file of Markdown.
# It succeeds whatever has changed; the last step fails, where growth without approval is to fail.
set -euo pipefail

sprag=${SPRAG:-$RUNNER_TEMP/sprag/bin/sprag}
base=${SPRAG_BASE:-}
mapfile -t paths < <(printf '%s\n' "${SPRAG_PATHS:-.}" | sed '/^[[:space:]]*$/d')
out=${SPRAG_DIFF:-sprag-diff.md}
deny=()
if [ "${SPRAG_DENY_WIDENING:-}" = true ]; then
  deny=(--deny-widening)
fi

code=0
: >"$out"
if [ -n "$base" ]; then
  # A shallow checkout does not have it.
  git cat-file -e "$base^{commit}" 2>/dev/null || git fetch --quiet --depth=1 origin "$base"
  while IFS= read -r manifest; do
    package=$(dirname "$manifest")
    if ! git cat-file -e "$base:./$manifest" 2>/dev/null; then
      printf '## What changes: `%s`\n\nThis package is new: there is nothing to compare it with.\n\n' "$package" >>"$out"
      continue
    fi
    one=0
    "$sprag" diff --quiet --output-format markdown ${deny[@]+"${deny[@]}"} --git "$base" -- "$package" >>"$out" || one=$?
    echo >>"$out"
    # 1 says that something grew, or that it did without approval where that is asked; 2, that the comparison failed.
    if [ "$one" -gt 1 ] || { [ "$one" -eq 1 ] && [ ${#deny[@]} -gt 0 ]; }; then
      code=$((one > code ? one : code))
    fi
  done < <(find "${paths[@]}" -name sprag.toml -not -path '*/target/*' | sed 's|^\./||' | sort)
  cat "$out" >>"$GITHUB_STEP_SUMMARY"
fi
{
  echo "diff=$out"
  echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"
