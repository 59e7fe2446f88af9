#!/usr/bin/env bash
# Validates SARIF files with Microsoft's validator: the schema, the rules of the standard and those of GitHub.
#
#   tests/sarif.sh              what the snapshots hold, `sprag lint policies` and `sprag diff` of two packages
#   tests/sarif.sh FILE…        these files
#
# The validator comes from npm (@microsoft/sarif-multitool, a native program) into target/sarif-tools, or from the
# folder that SARIF_TOOLS names. With SARIF_SCHEMA=FILE the standard's schema is asked too, by check-jsonschema.
# The validator ends with 0 whatever it finds, so its report is read instead.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${SARIF_TOOLS:-target/sarif-tools}
validator=$tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
if [ ! -x "$validator" ]; then
  mkdir -p "$tools"
  npm install --silent --no-fund --no-audit --prefix "$tools" @microsoft/sarif-multitool@5
fi
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

files=("$@")
if [ ${#files[@]} = 0 ]; then
  for name in findings_as_sarif suppressed_as_sarif; do
    # A snapshot's head ends with the second `---`.
    awk 'n >= 2; /^---$/ { n++ }' "tests/snapshots/formats__$name.snap" >"$work/$name.sarif"
    files+=("$work/$name.sarif")
  done
  sprag=${SPRAG:-target/debug/sprag}
  "$sprag" lint policies --exit-zero --extend-select all --output-format sarif >"$work/policies.sarif"
  "$sprag" diff policies/connect-today policies/connect-roadmap --output-format sarif >"$work/diff.sarif" || [ $? = 1 ]
  files+=("$work/policies.sarif" "$work/diff.sarif")
  # A validator that finds nothing in a broken file would prove nothing.
  sed 's/"message": {/"massage": {/' "$work/findings_as_sarif.sarif" >"$work/broken.sarif"
fi

# What it reports of a file, a line each; nothing if the file is sound.
report() {
  rm -f "$work/report.sarif"
  if [ ! -s "$1" ]; then
    echo "the file is empty"
    return
  fi
  "$validator" validate "$1" --rule-kind "Sarif;Ghas" --level "Error;Warning" --output "$work/report.sarif" \
    --log ForceOverwrite >"$work/said" 2>&1 || true
  if [ ! -s "$work/report.sarif" ]; then
    cat "$work/said"
    return
  fi
  node -e '
    for (const run of JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").replace(/^\uFEFF/, "")).runs)
      for (const result of run.results ?? [])
        console.log(result.ruleId, result.level ?? "warning", result.message.text ?? JSON.stringify(result.message));
  ' "$work/report.sarif"
}

status=0
for file in "${files[@]}"; do
  report "$file" >"$work/found"
  if [ -s "$work/found" ]; then
    echo "$file:"
    cat "$work/found"
    status=1
  else
    echo "$file: sound"
  fi
  if [ -n "${SARIF_SCHEMA:-}" ]; then
    # The schema has a pattern with a bracket too many, which only some dialects of patterns take.
    check-jsonschema --disable-formats regex --regex-variant python --schemafile "$SARIF_SCHEMA" "$file" || status=1
  fi
done
if [ -f "$work/broken.sarif" ]; then
  report "$work/broken.sarif" >"$work/found"
  if [ ! -s "$work/found" ]; then
    echo "the validator does not see a message that is missing"
    status=1
  fi
fi
exit $status
