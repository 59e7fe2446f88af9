#!/usr/bin/env bash
# Validates what other people's CI uses of this repository: the GitHub action, the GitLab template, the pre-commit
# hooks, and the examples in docs/ci.md.
#
#   tests/integrations.sh            all of it; fetches check-jsonschema and pre-commit with pip if they are missing
#   tests/integrations.sh --quick    what needs nothing but this repository and what is installed
#
# SPRAG names the program to use, else target/debug/sprag.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
sprag=$(realpath "${SPRAG:-target/debug/sprag}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "failed: $*" >&2
  exit 1
}

# A repository of somebody else with one package in it, and a finding.
somebody() {
  mkdir -p "$1/policies"
  git -C "$1" init --quiet
  (cd "$1/policies" && "$sprag" new helpdesk >/dev/null 2>&1)
  printf '\nrole nobody-holds-it { read }\n' >>"$1/policies/helpdesk/policy.sprag"
  git -C "$1" add .
  git -C "$1" -c user.name=x -c user.email=x@example.com commit --quiet -m x
}
somebody "$work/repository"

echo "==> the step of the action"
step() {
  : >"$work/summary" && : >"$work/outputs"
  (cd "$work/repository" && env GITHUB_ACTION_PATH="$top" GITHUB_STEP_SUMMARY="$work/summary" \
    GITHUB_OUTPUT="$work/outputs" RUNNER_TEMP="$work" SPRAG="$sprag" "$@" "$top/ci/github-action.sh")
}
step SPRAG_PATHS=policies SPRAG_SARIF=out.sarif SPRAG_ARGS="--select unheld-role" >"$work/annotations"
grep -q '^::warning title=SPR0251 unheld-role,file=policies/helpdesk/policy.sprag,line=' "$work/annotations" ||
  fail "no annotation: $(cat "$work/annotations")"
grep -q '^## Sprag: 1 warning$' "$work/summary" || fail "no summary: $(cat "$work/summary")"
printf 'sarif=out.sarif\nfindings=1\nexit-code=1\n' | diff - "$work/outputs" || fail "outputs"
[ -s "$work/repository/out.sarif" ] || fail "no SARIF file"
step SPRAG_FAIL_LEVEL=never SPRAG_ARGS="--select unheld-role" >/dev/null
grep -q '^exit-code=0$' "$work/outputs" || fail "fail-level never: $(cat "$work/outputs")"
step SPRAG_PATHS='nowhere; touch injected' >/dev/null 2>&1
grep -q '^exit-code=2$' "$work/outputs" || fail "a path that is not there: $(cat "$work/outputs")"
[ ! -e "$work/repository/injected" ] || fail "an input was run as a command"
git -C "$work/repository" clean --quiet -fd

echo "==> the comparison of the action"
compare() {
  : >"$work/summary" && : >"$work/outputs"
  (cd "$work/repository" && env GITHUB_STEP_SUMMARY="$work/summary" GITHUB_OUTPUT="$work/outputs" RUNNER_TEMP="$work" \
    SPRAG="$sprag" SPRAG_PATHS=policies SPRAG_DIFF="$work/diff.md" "$@" "$top/ci/github-diff.sh")
}
compare
printf 'diff=%s\nexit-code=0\n' "$work/diff.md" | diff - "$work/outputs" || fail "nothing to compare with: outputs"
[ ! -s "$work/summary" ] || fail "nothing to compare with: $(cat "$work/summary")"
base=$(git -C "$work/repository" rev-parse HEAD)
(cd "$work/repository/policies" && cp -r helpdesk "brand new" && git add .)
sed -i 's/where confidential == true/& and topic == "hr"/' "$work/repository/policies/helpdesk/policy.sprag"
compare SPRAG_BASE="$base"
grep -q '^exit-code=0$' "$work/outputs" || fail "a comparison that denies nothing: $(cat "$work/outputs")"
grep -q 'There is no package at this place' "$work/summary" || fail "a new package: $(cat "$work/summary")"
grep -q 'confidential' "$work/summary" || fail "no growth: $(cat "$work/summary")"
compare SPRAG_BASE="$base" SPRAG_DENY_WIDENING=true
grep -q '^exit-code=1$' "$work/outputs" || fail "growth without approval: $(cat "$work/outputs")"
# However the path is said, and wherever the package was moved.
for path in "$work/repository/policies/helpdesk" "./policies/helpdesk/"; do
  compare SPRAG_BASE="$base" SPRAG_DENY_WIDENING=true SPRAG_PATHS="$path"
  grep -q '^exit-code=1$' "$work/outputs" || fail "growth without approval at $path: $(cat "$work/outputs")"
  grep -q 'confidential' "$work/summary" || fail "no growth at $path: $(cat "$work/summary")"
done
git -C "$work/repository" mv policies/helpdesk policies/moved
compare SPRAG_BASE="$base" SPRAG_DENY_WIDENING=true SPRAG_PATHS=policies/moved
grep -q '^exit-code=1$' "$work/outputs" || fail "a package that was moved: $(cat "$work/outputs")"
compare SPRAG_BASE=nothing >/dev/null 2>&1
grep -q '^exit-code=2$' "$work/outputs" || fail "a base that is not there: $(cat "$work/outputs")"
compare SPRAG_BASE="$base" SPRAG_PATHS=nowhere >/dev/null 2>&1
grep -q '^exit-code=2$' "$work/outputs" || fail "a path that is not there: $(cat "$work/outputs")"
git -C "$work/repository" reset --quiet --hard
git -C "$work/repository" clean --quiet -fd

echo "==> the script of the GitLab template"
# The script's lines, as the runner joins them, without the one that builds.
awk '/^  script:/ { on = 1; next } /^  [a-z]/ { on = 0 } on { sub(/^    (- \|?|  )/, ""); print }' ci/gitlab.yml |
  grep -v '^cargo install' >"$work/gitlab.sh"
grep -q 'sprag lint' "$work/gitlab.sh" && grep -q 'sprag diff' "$work/gitlab.sh" || fail "no script: $(cat "$work/gitlab.sh")"
mkdir -p "$work/repository/.sprag/bin"
ln -s "$sprag" "$work/repository/.sprag/bin/sprag"
(cd "$work/repository" && SPRAG_PATHS=. SPRAG_ARGS="--exit-zero" SPRAG_DENY_WIDENING=false \
  CI_MERGE_REQUEST_DIFF_BASE_SHA=$base bash -eo pipefail "$work/gitlab.sh" >"$work/said" 2>&1) || fail "$(cat "$work/said")"
mkdir -p "$work/repository/.sprag/bin"
(cd "$work/repository/policies" && cp -r helpdesk "brand new" && git add .)
if (cd "$work/repository" && SPRAG_PATHS=. SPRAG_ARGS="--exit-zero" SPRAG_DENY_WIDENING=true \
  CI_MERGE_REQUEST_DIFF_BASE_SHA=$base bash -eo pipefail "$work/gitlab.sh" >"$work/said" 2>&1); then
  fail "the GitLab job takes a new package without approval: $(cat "$work/said")"
fi
grep -q '^\./policies/brand new is new' "$work/said" || fail "$(cat "$work/said")"
git -C "$work/repository" reset --quiet --hard
for report in gl-code-quality-report.json sprag-junit.xml; do
  [ -s "$work/repository/$report" ] || fail "the GitLab job writes no $report"
  grep -q "$report" ci/gitlab.yml || fail "the GitLab job does not keep $report"
done
git -C "$work/repository" clean --quiet -fdx

# ```yaml github-workflow and the like in docs/ci.md, each to a file.
awk -v out="$work" '/^```yaml / { name = out "/" $2 "-" ++n ".yml"; next } /^```/ { name = "" } name { print >name }' \
  docs/ci.md

PATH=$PATH:$top/target/integrations/bin
if ! command -v check-jsonschema >/dev/null || ! command -v pre-commit >/dev/null; then
  if [ "${1:-}" = --quick ]; then
    echo "skipped: schemas and hooks, for check-jsonschema or pre-commit is not installed"
    exit 0
  fi
  python3 -m venv target/integrations
  target/integrations/bin/pip install --quiet check-jsonschema pre-commit
fi

echo "==> schemas"
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.gitlab-ci ci/gitlab.yml "$work"/gitlab-ci-*.yml
check-jsonschema --builtin-schema vendor.github-workflows "$work"/github-workflow-*.yml
pre-commit validate-manifest .pre-commit-hooks.yaml
pre-commit validate-config "$work"/pre-commit-*.yml

echo "==> hooks"
# The hooks of the working tree, as a repository of their own: try-repo takes what is committed.
mkdir "$work/hooks"
cp .pre-commit-hooks.yaml "$work/hooks/"
git -C "$work/hooks" init --quiet
git -C "$work/hooks" add .
git -C "$work/hooks" -c user.name=x -c user.email=x@example.com commit --quiet -m x
mkdir "$work/bin"
ln -s "$sprag" "$work/bin/sprag"
export PATH=$work/bin:$PATH PRE_COMMIT_HOME=$work/pre-commit
try() {
  (cd "$work/repository" && pre-commit try-repo "$work/hooks" "$1" --all-files --verbose) >"$work/said" 2>&1
}
try sprag-check-system || fail "sprag-check-system: $(cat "$work/said")"
if try sprag-lint-system; then fail "sprag-lint-system passes with a finding"; fi
grep -q 'SPR0251' "$work/said" || fail "sprag-lint-system: $(cat "$work/said")"
try sprag-fmt-system || fail "sprag-fmt-system: $(cat "$work/said")"
printf 'role   other{read}\n' >>"$work/repository/policies/helpdesk/policy.sprag"
if try sprag-fmt-system; then fail "sprag-fmt-system passes although it changes a file"; fi
grep -q '^role other { read }$' "$work/repository/policies/helpdesk/policy.sprag" || fail "nothing was formatted"

echo "all of it holds"
