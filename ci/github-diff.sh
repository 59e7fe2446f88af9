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
# 1: something grew without approval, where that is asked; 2: the comparison failed.
worse() {
  code=$(($1 > code ? $1 : code))
}
failed() {
  echo "::error title=sprag::$1"
  worse 2
}

# The packages below the paths, as the repository has them now, one on each line.
packages() {
  git ls-files -z --error-unmatch -- "${paths[@]}" | sed -zEn 's#^(.*/)?sprag\.toml$#./\1#p' | tr '\0' '\n'
}

compare() {
  local package=$1 one=0 inside
  inside=$(git -C "$package" rev-parse --show-prefix)
  if ! git cat-file -e "$base:${inside}sprag.toml" 2>/dev/null; then
    printf '## What changes: `%s`\n\nThere is no package at this place in %s: it is new, or was moved. ' "$package" "$base"
    if [ ${#deny[@]} -gt 0 ]; then
      echo 'Nobody approved what it permits; `sprag diff REVISION:OLD NEW` compares one that was moved.'
      worse 1
    else
      echo 'Nothing is compared.'
    fi
    echo
    return
  fi
  "$sprag" diff --quiet --output-format markdown ${deny[@]+"${deny[@]}"} --git "$base" -- "$package" || one=$?
  echo
  # Without `--deny-widening` 1 says that something grew.
  if [ "$one" -gt 1 ] || { [ "$one" -eq 1 ] && [ ${#deny[@]} -gt 0 ]; }; then
    worse "$one"
  fi
}

: >"$out"
if [ -n "$base" ]; then
  # A shallow checkout does not have it.
  git cat-file -e "$base^{commit}" 2>/dev/null || git fetch --quiet --depth=1 origin "$base" || true
  if ! git cat-file -e "$base^{commit}" 2>/dev/null; then
    failed "base: $base is no commit of this repository; give the number of one"
  elif ! all=$(packages); then
    failed "paths: there is nothing of this repository at one of ${paths[*]}"
  else
    while IFS= read -r package; do
      if [ -n "$package" ]; then
        compare "$package" >>"$out"
      fi
    done <<<"$all"
  fi
  cat "$out" >>"$GITHUB_STEP_SUMMARY"
fi
{
  echo "diff=$out"
  echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"
