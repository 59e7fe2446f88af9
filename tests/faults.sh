#!/bin/bash
# Plants one fault after the other and tells which tests notice: tests that never fail prove nothing.
#
#   tests/faults.sh [PATTERN]     only the faults whose name matches
#
# With SPRAG_FIRST=1 the first test file that notices is enough, in the order in which they are named below. With SPRAG_DRY=1
# nothing is built: told is only which faults can no longer be planted because the code has changed.
#
# Works on a copy of the last commit; this tree stays as it is. Exit code 1 if a fault is missed.
set -u
cd "$(dirname "$0")/.." || exit 2
pattern=${1:-.}
# A folder of its own: cargo takes the copy's crates for this tree's.
export CARGO_TARGET_DIR=$PWD/target/faults RUST_BACKTRACE=0
export SPRAG_REQUESTS=${SPRAG_REQUESTS:-100000} SPRAG_FORGED=${SPRAG_FORGED:-400} SPRAG_PACKAGES=${SPRAG_PACKAGES:-1000}
# Two runs that build into one folder take each other's programs for their own: then faults seem to be missed.
mkdir -p "$CARGO_TARGET_DIR" && exec 9>"$CARGO_TARGET_DIR/lock"
flock --nonblock 9 || { echo "another run builds in $CARGO_TARGET_DIR"; exit 2; }
# Always in the same place, so that cargo builds only what is new since the run before.
copy=$CARGO_TARGET_DIR/copy
[[ -e $copy ]] && git worktree remove --force "$copy"
git worktree add --quiet --force --detach "$copy" HEAD || exit 2
trap 'git worktree remove --force "$copy"' EXIT
cd "$copy" || exit 2
missed=0 planted=0

# plant NAME TESTS FILE PERL [FILE PERL]…
#
# Of the tests, `+a,b` are features that they need, and `lib` those beside the code. The file comes first that is quick
# and likely to notice.
plant() {
    local name=$1 tests=$2
    shift 2
    [[ $name =~ $pattern ]] || return 0
    planted=$((planted + 1))
    while (($#)); do
        local before
        before=$(sha256sum "$1")
        perl -0pi -e "$2" "$1"
        [[ $(sha256sum "$1") != "$before" ]] || { echo "STALE   $name: nothing to change in $1"; missed=$((missed + 1)); git checkout -q .; return; }
        shift 2
    done
    [[ ${SPRAG_DRY:-} ]] && { git checkout -q .; return; }
    local features=() files=() test
    for test in $tests; do
        case $test in
        +*) features+=(--features "${test#+}") ;;
        *) files+=("$test") ;;
        esac
    done
    # What is not asked is not built either.
    local tries=("${files[*]}") try outcome=MISSED told=""
    [[ ${SPRAG_FIRST:-} ]] && tries=("${files[@]}")
    for try in "${tries[@]}"; do
        attempt "$try" "${features[@]}"
        [[ $outcome == MISSED ]] || break
    done
    [[ $outcome == caught ]] || missed=$((missed + 1))
    printf '%-7s %s%s\n' "$outcome" "$name" "${told:+: $told}"
    git checkout -q .
}

# attempt TESTS FEATURES…
#
# Says in `outcome` what the tests made of the fault, and in `told` which of them noticed, or why none could.
attempt() {
    local arguments=(--quiet --no-fail-fast --no-default-features "${@:2}") test said status
    for test in $1; do
        if [[ $test == lib ]]; then arguments+=(--lib); else arguments+=(--test "$test"); fi
    done
    # However long it takes to build: that depends on what else the machine does.
    if ! said=$(cargo test --no-run "${arguments[@]}" 2>&1); then
        # Whatever kept the tests from running, it says nothing of the fault.
        outcome=BROKEN told=$(grep -m1 '^error' <<<"$said")
        return
    fi
    said=$(timeout 900 cargo test "${arguments[@]}" 2>&1)
    status=$?
    told=$(grep -oP "(?<=^thread ')[^']+(?=' .*panicked)" <<<"$said" | sort -u | tr '\n' ' ')
    if ((status == 124)); then
        outcome=SLOW told="not done after a quarter of an hour"
    elif ((status == 0)); then
        outcome=MISSED told=""
    elif [[ -z $told ]]; then
        outcome=BROKEN told=$(grep -m1 '^error' <<<"$said")
    else
        outcome=caught
    fi
}

agree="agreement small_worlds"

# The evaluator.
plant eval-unknown-flipped "$agree" src/eval/conditions.rs 's/unknown: clause.kind.refuses\(\)/unknown: !clause.kind.refuses()/'
plant eval-missing-stage-is-first "$agree" src/eval/scopes.rs 's/map_or\(last, /map_or(0, /'
plant eval-mapped-address-kept "$agree" src/eval/values.rs 's/address\.to_canonical\(\)/address/'
plant eval-parent-not-filled "$agree" src/eval/chain.rs 's/by_kind\.insert\(\*kind, element\);/drop(element);/'
plant eval-elsewhere-stays "$agree gaps" src/eval/chain.rs 's/by_kind\.remove\(kind\);\n/{}\n/'
plant eval-less-or-equal "$agree" src/eval/conditions.rs 's/Ordering::Less => left < right/Ordering::Less => left <= right/'
plant eval-closure-skipped "$agree" src/eval/scopes.rs 's/scopes\.iter\(\)\.copied\(\)\.chain\(implied\)\.collect\(\)/{ drop(implied); scopes.clone() }/'
plant eval-declared-group-ignored "$agree" src/eval/values.rs 's/if let Some\(members\) = situation\.model\.groups\.get\(group\) \{/if let (Some(members), true) = (situation.model.groups.get(group), false) {/'

# The analyses.
exact=analysis_exact
plant region-optional-is-held "chain analysis_exact" src/region/layers.rs 's/Class::Missing => alternative\.iter\(\)\.all\(\|scope\| outright\.contains\(scope\)\)/Class::Missing => true/'
plant region-approvals-all-or-none "between_versions" src/region/universe.rs 's/approvals::partial\(asked\.sides\)\?/BTreeSet::new()/'
plant region-approvals-by-own-names "between_versions" src/region/approvals.rs 's/if here && !there/if names.is_empty() \&\& here \&\& !there/'
plant region-caller-is-believed "between_versions" src/region/universe.rs 's/if authorities\[0\]\.context_user != authorities\[1\]\.context_user/if authorities.is_empty()/'
plant region-kinds-of-one-side "+cli eased" src/region/universe.rs 's/one_can\.symmetric_difference\(&other_can\)/one_can.difference(\&one_can)/'
plant region-stage-narrows-nothing "analysis_exact" src/region/approvals.rs 's/is_held && within\(own, before\) && !all\(\)\.any\(still\)/is_held \&\& false/'
plant eased-delay-is-no-matter "+cli eased" src/analysis/eased.rs 's/same && is <= was/same/'
plant eased-fewer-approvers "+cli eased" src/analysis/eased.rs 's/ *&& other\.approvers <= way\.approvers\n/\n/'
plant eased-newcomers "+cli eased" src/analysis/eased.rs 's/!known\.contains\(&person\(name\)\)/name.is_empty() \&\& !known.contains(\&person(name))/'
plant eased-path-of-another "+cli eased" src/analysis/rerouted.rs 's/if meets\(path, other\)/if path.is_empty() \&\& meets(path, other)/'
plant eased-is-settled "+cli eased" src/analysis/widening.rs 's/ && self\.eased\.is_empty\(\);/;/'
plant catalog-opens-unseen "+cli import_names" src/analysis/widening.rs 's/ && self\.opened\.is_empty\(\)//'
plant region-optional-is-one-frame "analysis_exact" src/region/frames.rs 's/held\.outright\.as_ref\(\)\.map\(suffices\)/None/'
plant region-unknown-refuses-less "regions" src/region/layers.rs 's/unknown: kind\.refuses\(\), listed/unknown: !kind.refuses(), listed/'
plant region-missing-stage-is-first "regions" src/region/layers.rs 's/leaving\.contains\(&\(stages\.len\(\) - 1\)\)/leaving.contains(\&0)/'
plant survey-precedent-unchecked "privilege_small regions" src/region/precedents.rs 's/new\.is_empty\(\) \|\| eval::matching_of/new.len() < 99 || eval::matching_of/'
plant survey-precedent-of-other-refusals "privilege_small regions" src/region/precedents.rs 's/\|\| known\.binary_search\(&self\.frames\.content\(\*id\)\)\.is_err\(\)/\&\& known.is_empty()/'
plant survey-proof-without-its-rules "privilege_small regions $exact" src/region/precedents.rs 's/&& proof\.needs\.iter\(\)\.all\(here\)/\&\& (proof.needs.is_empty() || proof.needs.iter().any(here))/'
plant survey-proof-of-another-app "privilege_small regions $exact" src/region/precedents.rs 's/is_none_or\(\|only\| only == here\)/is_none_or(|only| only == here || only != here)/'
plant survey-frames-of-other-roles "privilege_small regions $exact" src/region/frames.rs 's/app_users: self\.said\(app_users\.iter\(\)\.copied\(\)\),/app_users: Vec::new(),/'
plant survey-somebody-is-believed "regions $exact" src/region/reach.rs 's/is_it\(&request, Some\(grant\)\)\.then_some/true.then_some/'
plant survey-first-request-is-believed "privilege_small regions $exact" src/region/lazily.rs 's/if more\.is_empty\(\) \{/if more.len() < 2 {/'
plant guarantee-unknown-is-not-meant "$exact" src/analysis/guarantees.rs 's/unknown: !claim\.always/unknown: claim.always/'
plant dead-proof-of-another-frame "$exact" src/analysis/dead/lazily.rs 's/Wherever::Frame\(place\.frame\)/Wherever::Frame(0)/g'
plant dead-proof-of-other-layers "$exact" src/analysis/dead/lazily.rs 's/Maker::Exception => only_clauses = false/Maker::Exception => {}/'
plant dead-permit-is-not-at-fault "$exact" src/analysis/dead/lazily.rs 's/if why\.makers\.contains\(&Maker::NoPermit\)/if why.makers.len() > 99/'
plant dead-somebody-is-believed "$exact" src/analysis/dead/lazily.rs 's/request, without\) != is_permitted/request, without) || true/'
plant dead-idle-for-all-apps "$exact" src/analysis/dead/lazily.rs 's/ && self\.are_about_all_apps\(&needs\)//'
plant dead-idle-for-other-operations "$exact" src/analysis/dead/lazily.rs 's/idle\.and\(cases\.speaking\(\*id\)\)/if cases.speaking(*id).is_empty() { cases.about(kinds) } else { idle }/'
plant dead-closed-now-and-then "$exact" src/analysis/dead/cases.rs 's/layer\(0, \*layer\) == Term::FALSE/layer(0, *layer) != Term::TRUE/'
plant dead-named-are-apart "$exact" src/analysis/dead/naming.rs 's/test\)\) == Some\(false\)/test)) != Some(true)/'
plant dead-stage-of-one-permit "$exact" src/analysis/dead/stages.rs 's/\.any\(\|id\| growing\(id\) && /.any(|id| growing(id) \&\& !growing(id) \&\& /'
plant dead-demands-are-always-there "dead_policy" src/analysis/dead/stages.rs 's/questions\.demands_by_stage\s*\|\|/questions.demands_by_stage \&\& false ||/'
plant region-elsewhere-stays "gaps" src/region/chain.rs 's/(nowhere\.push\(terms\.and\(&\[here, elsewhere)\]\)\);/$1, Term::FALSE]));/'
plant region-below-is-overlooked "gaps" src/region/differences.rs 's/known\.can_name\(\*kind\)/known.path.contains(kind)/'
plant region-branches-are-one "gaps" src/region/chain.rs 's/if !on_one_branch \{/if !on_one_branch \&\& named.len() > 99 {/'
plant region-torn-are-alike "gaps" src/region/torn.rs 's/Fate::GivesWay => true,/Fate::GivesWay => false,/'
plant region-replaced-are-alike "gaps" src/region/torn.rs 's/Fate::IsReplaced => says_more\(\)/Fate::IsReplaced => says_more() \&\& stays > 9/'
plant dead-proof-without-its-rules "$exact" src/analysis/dead/lazily.rs 's/&& proof\.needs\.iter\(\)\.all\(speaks\)/\&\& (proof.needs.iter().all(speaks) || !proof.needs.is_empty())/'
plant dead-lists-are-apart "$exact" src/analysis/dead/influence.rs 's/self\.cases\.listing\(&shared\)/Operations::default()/'
plant dead-stage-of-few-rules "$exact" src/analysis/dead/stages.rs 's/if more\.is_empty\(\) \{/if more.len() < 99 {/'
plant dead-makers-too-few "$exact" src/analysis/dead/makers.rs 's/if matches!\(asking::ask\(universe, left\), Ok\(None\)\) \{/if left != Term::FALSE || left == Term::FALSE {/'
plant dead-no-permit-is-no-reason "$exact" src/analysis/dead/influence.rs 's/makers\.insert\(Maker::NoPermit\);/let _ = Maker::NoPermit;/'

# Names of imported operations.
plant import-names-without-path-are-free "import_names" src/import/names.rs 's/Some\(None\) => self\.wishes\[i\]\.mapped/Some(None) => false/'
plant import-names-of-any-catalog "import_names" src/cli/import/moved.rs 's/filter\(\|name\| \*name != earlier\.catalog\)/filter(|name| name.is_empty())/'
plant import-moved-is-approved "+cli,sqlite import_names chain" src/analysis/widening.rs 's/ && self\.moved\.is_empty\(\)//'

# The state of ratchets.
ratchets="ratchet_scenarios ratchet_laws ratchet_simulation"
plant ratchet-approvals-are-blind "$ratchets" src/ratchet/standing.rs 's/\.all\(\|target\| vote\.seen\.covers\(&facts\.marks, target\)\)\n\}/.all(|_| true)\n}/'
plant ratchet-one-is-enough "$ratchets" src/ratchet/standing.rs 's/voters\.len\(\) >= most as usize/{ let _ = most; !voters.is_empty() }/'
plant ratchet-nothing-ends "$ratchets" src/ratchet/standing.rs 's/clock\.over\(vote\.at, vote\.mark, seconds\)/{ let _ = (seconds, clock); false }/'
plant ratchet-clock-forgets "$ratchets" src/ratchet/clock.rs 's/seen\.map_or\(now, \|seen\| seen\.max\(now\)\)/{ let _ = seen; now }/'
plant ratchet-jumps-prolong "$ratchets" src/ratchet/clock.rs 's/since > self\.now\.saturating_add\(MAX_SKEW\)/since > self.now.saturating_add(i64::MAX)/'
plant ratchet-reinstalling-restores "$ratchets" src/ratchet/advance.rs 's/self\.facts\.installed\.0\.is_none\(\) && !gone/true || gone/'
plant ratchet-never-regrows-anyway "$ratchets" src/ratchet/state.rs 's/limit\.as_ref\(\)\.is_some_and\(\|limit\| !limit\.contains\(scope\)\)\s*\|\| facts/facts/'
plant ratchet-less-is-asked-in-vain "$ratchets" src/ratchet/advance.rs 's/self\.facts\.marks\.mark\(&Target::Unasked\(name\), self\.here\.writer\);/drop(name);/'
plant ratchet-map-keeps-own "$ratchets" src/ratchet/join.rs 's/Some\(own\) => own\.join\(value\)/Some(_) => false/'
plant ratchet-passed-over-is-reopened-too "$ratchets" src/ratchet/state.rs 's/ratchet\.stages\[to \+ 1\.\.=furthest\]\.iter\(\)\.map\(/ratchet.stages[..0].iter().map(/'
plant ratchet-left-over-of-what-is-gone "$ratchets" src/ratchet/state.rs 's/state\.withdrawn\.scopes\.extend\(unfounded\);/drop(unfounded);/'
plant ratchet-use-in-the-future "$ratchets" src/ratchet/advance.rs 's/\(\*at\)\.min\(self\.here\.now\)/*at/'
plant ratchet-spellings-are-people "$ratchets" src/ratchet/people.rs 's/flat_map\(char::to_lowercase\)/map(|c| c)/'
plant ratchet-one-vote-puts-off "$ratchets" src/ratchet/standing.rs 's/let needed = votes\.iter\(\)\.map\(\|vote\| vote\.needed\)\.max\(\)\.unwrap_or\(1\)\.max\(terms\.approvers\);/let needed = 1u32;/'
plant ratchet-late-vote-puts-off "$ratchets" src/ratchet/standing.rs 's/is_none_or\(\|end\| at < end\)/is_none_or(|end| at < end || end > 0)/'
plant ratchet-due-when-noticed "$ratchets" src/ratchet/settle.rs 's/due_at = due_at\.min\(due\);//'
plant ratchet-everything-comes-back "$ratchets" src/ratchet/advance.rs 's/what\.iter\(\)\.chain\(\[&Target::Installation\]\)/what.iter()/'
plant ratchet-everything-regrows "$ratchets" src/ratchet/state.rs 's/\|\| facts\.marks\.has\(&Target::Installation\)//'
plant ratchet-optional-came-with-it "$ratchets" src/ratchet/standing.rs 's/\(id != INSTALL \|\| outright\)/(id != INSTALL || outright || !outright)/'
plant ratchet-nothing-opens-to-the-new "+sqlite ratchet_cli" src/ratchet/needs.rs 's/!earlier\.is_some_and\(sufficed\)/!earlier.is_none_or(sufficed)/'
plant ratchet-new-implications-open "$ratchets" src/ratchet/needs.rs 's/implied\.entry\(\*scope\)\.or_default\(\)\.insert\(\*by\);/let _ = (\&mut implied, by);/'
plant ratchet-late-use-turns-back "+sqlite ratchet_cli" src/cli/ratchet/act.rs 's/known\.clock\.tell\(highest\);/let _ = highest;/'
plant ratchet-longer-copy-is-recovered "+sqlite ratchet_cli" src/cli/ratchet/recover.rs 's/&& of_export == of_store/\&\& (of_export == of_store || head.epoch > export.head.epoch)/'
plant ratchet-time-is-forgotten "+sqlite ratchet_cli" src/cli/decide/stateful.rs 's/facts\.clock\.tell\(self\.highest\.see\(now\)/facts.clock.tell(self.highest.see(now).map(|_| now)/'
plant eval-implying-scopes-stay "$agree" src/eval/scopes.rs 's/implies\.iter\(\)\.chain\(\[&scope\]\)/implies.iter().take(0).chain([\&scope])/'
plant eval-unknown-container-is-another "$agree" src/eval/taken.rs 's/None => true/None => false/'
plant runtime-optional-is-held "$agree" runtime/src/state.rs 's/app\.outright\.get\(\) == NONE \|\| self/true || self/'
plant runtime-prepared-forgets-gone "$agree" runtime/src/state.rs 's/!forever && !self/!self/'

# The compiler.
plant space-interval-bound "$agree" src/space/classes.rs 's/Order\(_, Constant::Int\(n\)\) => bounds\.extend\(n\.checked_add\(1\)\)/Order(_, Constant::Int(n)) => bounds.extend(Some(*n))/'
plant space-network-end "$agree" src/space/classes.rs 's/starts\.extend\(last\.checked_add\(1\)\)/starts.extend(Some(last))/'
plant space-exact-text-misses-patterns "$agree" src/space/classes.rs 's/signature\.extend\(of\(automaton\.accepts\(text\.as_bytes\(\)\)\)\);/let _ = automaton;/'
plant space-presence-unknown "$agree" src/space/formula.rs 's/Truth::Present, !positive\)/Truth::Present, refuses)/'
plant space-unreadable-is-missing "$agree" src/space/formula.rs 's/unreadable: refuses \}/unreadable: unknown }/'
plant space-pattern-column "$agree" src/space/automaton.rs 's/Set::Label => !matches!\(byte, b.\.. \|/Set::Label => !matches!(byte,/'
plant emit-closure-skipped "$agree" src/emit/facts.rs 's/(fn closure\(model: &Model, scopes: &BTreeSet<ScopeId>\) -> BTreeSet<ScopeId> \{)/$1 if !scopes.is_empty() { return scopes.clone(); }/'
plant emit-declared-groups-forgotten "$agree" src/emit/facts.rs 's/elements\.len\(\) as u32,\s*0,\s*\*declared\)/elements.len() as u32, 0, { let _ = declared; 0 })/'
plant emit-unknown-forbid-is-no-match "$agree" src/emit/strata.rs 's/\[true, false, false, false, true, false, true\]/[false, false, false, false, true, false, true]/'
plant emit-stage-before "$agree" src/emit/facts.rs 's/stages\[\.\.=stage\]\s*\.iter\(\)\s*\.rev\(\)\s*\.find_map\(\|s\| s\.holds\.as_ref\(\)\)\s*\{/stages[..stage].iter().rev().find_map(|s| s.holds.as_ref()) {/'
plant emit-dispatch-on-inverted "$agree" src/emit/nets.rs 's/inverted: false,/inverted: _,/'

plant emit-unreadable-forgotten "$agree" src/emit/nets.rs 's/if literal\.unreadable \{/if literal.unreadable \&\& literal.unknown {/'
plant emit-exception-forgotten exceptions src/emit/exceptions.rs 's/parts\.extend\(left_out\.iter\(\)\.map\(is_not\)\);/let _ = is_not;/'
plant emit-exception-of-another exceptions src/emit/exceptions.rs 's/\.zip\(f::FIRST \+ 1\.\.\)/.zip((f::FIRST + 1..).map(|class| class ^ 1))/'
plant emit-exceptions-not-shared exceptions src/emit/exceptions.rs 's/const FEW_LEFT_OUT: usize = 16/const FEW_LEFT_OUT: usize = 0/'
plant eval-unreadable-is-absent "$agree eval laws" src/eval/values.rs 's/Reading::Unreadable => Truth::Unknown/Reading::Unreadable => Truth::False/'
plant eval-unnamed-container-is-empty "$agree eval" src/eval/values.rs 's/return Reading::Unreadable;/return Reading::Missing;/'
plant eval-filter-of-one-layer "$agree eval" src/eval.rs 's/filter_map\(\|verdict\| verdict\.only\.clone\(\)\)\.collect\(\)/filter_map(|verdict| verdict.only.clone()).take(1).collect()/'
plant eval-blank-in-path "eval $agree" src/eval/routes.rs "s/b';' \\| b' ' \\| b'#' =>/b';' | b'#' =>/"
plant eval-negative-duration "eval $agree" src/eval/values.rs 's/\(Type::Duration, Value::Int\(\.\.0\)\) => None,//'

# The runtime.
plant runtime-listed-swapped "$agree" runtime/src/decide.rs 's/LISTED => listed,/LISTED => !listed,/'
plant runtime-unknown-flipped "$agree" runtime/src/decide.rs 's/UNKNOWN_MATCHES != 0,/UNKNOWN_MATCHES == 0,/'
plant runtime-rest-skipped "$agree" runtime/src/decide.rs 's/number = net\.rest\.get\(\);/number = NONE;/'
plant runtime-other-dense-class "$agree" runtime/src/decide.rs 's/\(class - FIRST\) as usize\)/((class - FIRST) ^ 1) as usize)/'
plant runtime-step-up-most "$agree" runtime/src/decide.rs 's/\.min_by_key\(/.max_by_key(/'
plant runtime-permit-overrides "$agree" runtime/src/decide.rs 's/if forbid\.all\.is_some\(\) \{/if forbid.all.is_some() \&\& permit.some.is_none() {/'
plant runtime-interval-bound "$agree" runtime/src/classify.rs 's/partition_point\(\|b\| b\.get\(\) <= number\)/partition_point(|b| b.get() < number)/'
plant runtime-missing-stage-is-first "$agree" runtime/src/resolve.rs 's/reached\.unwrap_or\(last\)/reached.unwrap_or(0)/'
plant runtime-parent-not-filled "$agree" runtime/src/resolve.rs 's/contradiction \|= !self\.fill_outwards\(&mut chain, depth\);/let _ = (depth, Bundle::fill_outwards);/'
plant runtime-elsewhere-stays "$agree gaps" runtime/src/resolve.rs 's/there\.settled && there\.declared != number/there.settled \&\& there.declared == number/'
plant runtime-mapped-address-kept "$agree" runtime/src/classify.rs 's/v4\.to_ipv6_mapped\(\)/v4.to_ipv6_compatible()/'
plant runtime-window-one-second-late "$agree" runtime/src/classify.rs 's/FIRST_INSTANT\.\.LAST_INSTANT/FIRST_INSTANT..=LAST_INSTANT/'
plant runtime-parameter-before-literal "$agree" runtime/src/routes.rs 's/if let Some\(found\) = literal\.and_then\(below\)/let first = Some(route.parameter.get()).filter(|p| *p != NONE);\n        if let Some(found) = first.and_then(below).or_else(|| literal.and_then(below))/'
plant runtime-almost-a-name "$agree" runtime/src/routes.rs 's/return Some\(None\);/return None;/'
plant eval-almost-a-name "eval $agree" src/eval/routes.rs 's/\[\(best, _\), \.\.\] if best\.contains\(&Reading::AlmostLiteral\) => None,//'
plant runtime-called-is-another-name "$agree" runtime/src/routes.rs 's/let wanted = bare\(name\)\.as_bytes\(\);/let wanted = name.as_bytes();/'
plant runtime-group-named-twice "$agree" runtime/src/resolve.rs 's/for element in declared\.\.elements \{/for element in elements..elements {/'

plant runtime-unreadable-is-missing "$agree" runtime/src/resolve.rs 's/value\)\.unwrap_or\(UNREADABLE\)/value).unwrap_or(MISSING)/'
plant runtime-unreadable-like-missing "$agree" runtime/src/decide.rs 's/test\.get\(\) & UNREADABLE_MATCHES != 0/test.get() \& UNKNOWN_MATCHES != 0/; s/, UNREADABLE_MATCHES,/,/'
plant runtime-unnamed-container-is-empty "$agree" runtime/src/resolve.rs 's/None => \(record\.reads, UNREADABLE\)/None => (record.reads, MISSING)/'
plant runtime-groups-unreadable "$agree" runtime/src/resolve.rs 's/Given::Unreadable => r\.set\(head, UNREADABLE\)/Given::Unreadable => r.set(head, MISSING)/'
plant runtime-stage-unreadable "$agree" runtime/src/resolve.rs 's/if given\.is_some\(\) \{/if reached.is_some() {/'
plant runtime-app-handle-of-any-bundle handles runtime/src/resolve.rs 's/app\.is_some_and\(\|app\| app\.bundle != self\.identity\(\)\)/app.is_some_and(|app| app.bundle == 0)/'
plant runtime-operation-handle-of-any-bundle handles runtime/src/resolve.rs 's/operation\.is_some_and\(\|operation\| operation\.bundle != self\.identity\(\)\)/operation.is_some_and(|o| o.bundle == 0)/'
plant runtime-resolved-of-any-bundle handles runtime/src/decide.rs 's/r\.bundle != self\.identity\(\)/r.bundle == 0/g'
plant runtime-blank-in-path "$agree" runtime/src/routes.rs "s/b';' \\| b' ' \\| b'#' =>/b';' | b'#' =>/"
plant runtime-app-class-forgotten exceptions runtime/src/resolve.rs 's/r\.set\(t\.globals\.app_slot\.get\(\), app\.class\.get\(\)\);/let _ = app;/'

# Evaluator and runtime err alike: only a law can tell.
plant law-unreadable-is-absent laws \
    src/eval/values.rs 's/Reading::Unreadable => Truth::Unknown/Reading::Unreadable => Truth::False/' \
    src/space/formula.rs 's/unreadable: refuses \}/unreadable: unknown }/'
plant law-unknown-forbid-is-no-match laws \
    src/eval/conditions.rs 's/unknown: clause\.kind\.refuses\(\)/unknown: false/' \
    src/space/pieces.rs 's/PieceKind::Clause\(kind\) => kind\.refuses\(\)/PieceKind::Clause(_) => false/' \
    src/emit/strata.rs 's/\[true, false, false, false, true, false, true\]/[false, false, false, false, false, false, true]/'
plant law-missing-stage-is-first laws \
    src/eval/scopes.rs 's/map_or\(last, /map_or(0, /' \
    runtime/src/resolve.rs 's/reached\.unwrap_or\(last\)/reached.unwrap_or(0)/'
plant law-required-user-forgotten laws \
    src/eval/layers.rs 's/if required \|\| demanded/if { let _ = required; demanded }/' \
    runtime/src/decide.rs 's/if required\.some\.is_some\(\)/if false/'
plant law-permit-overrides laws \
    src/eval/layers.rs 's/if forbidden\.refusal\.is_some\(\) \{/if forbidden.refusal.is_some() \&\& matching(situation, ClauseKind::Permit, true).is_empty() {/' \
    runtime/src/decide.rs 's/if forbid\.all\.is_some\(\) \{/if forbid.all.is_some() \&\& permit.some.is_none() {/'
plant law-no-permit-permits laws \
    src/eval/layers.rs 's/let permitted = granted\(situation, ClauseKind::Permit, Layer::Rules, Reason::NoPermit\);/let permitted = Verdict { refusal: None, ..granted(situation, ClauseKind::Permit, Layer::Rules, Reason::NoPermit) };/' \
    runtime/src/decide.rs 's/decision\.refuse\(Layer::Rules, Reason::NoPermit\);//'
plant law-unknown-approval-is-all laws \
    src/eval/scopes.rs 's/if let Some\(names\) = &situation\.request\.approved \{/if let Some(names) = situation.request.approved.as_ref().filter(|n| !n.is_empty()) {/' \
    runtime/src/state.rs 's/let Some\(approved\) = approved else/let Some(approved) = approved.filter(|n| !n.is_empty()) else/'
plant law-later-stage-holds-more laws \
    src/eval/scopes.rs 's/stages\.iter\(\)\.take\(reached \+ 1\)\.rev\(\)/stages.iter().skip(reached)/' \
    src/emit/facts.rs 's/stages\[\.\.=stage\]\s*\.iter\(\)\s*\.rev\(\)/stages[stage..].iter()/g'
plant law-ratchets-by-place laws src/sema/names.rs 's/items\.ratchets\.sort_by[^;]*;//'
plant law-caller-silence-confirms laws \
    src/eval/layers.rs 's/Some\(Value::Bool\(true\)\) => Verdict::default\(\),\s*Some\(_\) \| None => refused\(Layer::AppUser/Some(Value::Bool(true)) | None => Verdict::default(),\n            Some(_) => refused(Layer::AppUser/' \
    runtime/src/decide.rs 's/r\.app_user_permitted != Some\(true\)/r.app_user_permitted == Some(false)/'

# Loading.
plant load-digest-unchecked bundles runtime/src/load.rs 's/if Sha256::digest\(section\)\[\.\.\] != entry\.digest/if false/'
plant load-optional-digest-unchecked bundles runtime/src/load.rs 's/if Sha256::digest\(section\(bytes, entry\)\?\)\[\.\.\] != entry\.digest/if false/'
plant load-trailing-bytes-taken bundles \
    runtime/src/load.rs 's/header\.length\.get\(\) != bytes\.len\(\) as u64/header.length.get() > bytes.len() as u64/'
plant load-net-steps-unchecked bundles runtime/src/load.rs 's/\.and_then\(\|\(\)\| steps\.net\(n, net\)\)//'
plant load-rest-depth-unchecked bundles runtime/src/load.rs 's/ && t\.nets\.get\(net\.rest\.get\(\) as usize\)\?\.depth\.get\(\) <= depth//'
plant load-route-steps-unchecked bundles runtime/src/steps.rs 's/\(sum as usize <= self\.0\.routes\.len\(\)\)/(sum as usize <= self.0.routes.len() || sum > 0)/' \
    runtime/src/load.rs 's/\.and_then\(\|\(\)\| steps\.route\(n, r\)\)//'
plant load-decision-steps-unchecked bundles runtime/src/steps.rs 's/\(sum <= MAX_STEPS\)/(sum <= u32::MAX \&\& MAX_STEPS > 0)/'
plant load-names-unchecked bundles runtime/src/load.rs 's/self\.symbol\(s\)/self.text(s.text)/'
plant load-attribute-types-unchecked bundles runtime/src/load.rs 's/hold\(matches!\(/hold(number_of_slots(self) || matches!(/; s/\z/\nfn number_of_slots(v: \&Verifier<\x27_, \x27_>) -> bool { v.t.slots.len() < usize::MAX }\n/'
plant load-unknown-section-taken bundles runtime/src/load.rs 's/return Err\(LoadError::UnknownSection\(entry\.kind\.get\(\)\)\);//'

plant load-old-format-taken bundles runtime/src/load.rs 's/if header\.format\.get\(\) < OLDEST/if header.format.get() < OLDEST \&\& false/'

# The promises.
plant promise-std-sneaks-in no_std runtime/src/lib.rs 's/#!\[no_std\]/#![no_std]\nextern crate std;/' tests/no_std.rs 's/"extern crate", "std::", //'
plant promise-decisions-allocate "allocation no_std" runtime/src/lib.rs 's/mod classify;/extern crate alloc;\nmod classify;/' \
    runtime/src/decide.rs 's/(pub fn decide_resolved\([^{]*\{)/$1 drop(core::hint::black_box(alloc::vec::Vec::<u8>::with_capacity(9)));/'

# Containers in paths.
paths="paths agreement"
plant path-another-is-said "$paths" runtime/src/resolve.rs 's/contradiction \|= container\.id\.is_some_and\(\|id\| link\.id != Some\(id\)\);/let _ = contradiction;/'
plant path-another-is-declared "$paths" runtime/src/resolve.rs 's/contradiction \|= !self\.fill_outwards/contradiction |= self.depth(acts) > 99 \&\& !self.fill_outwards/'
plant path-tells-of-attributes "$paths" runtime/src/resolve.rs 's/if link\.is_only_named\(\) \{ \(record\.reads/if link.is_only_named() \&\& chain.given.len() > 99 { (record.reads/'
plant path-caller-is-not-heard "$paths" runtime/src/resolve.rs 's/link\.given = number;/let _ = number;/'
plant path-unclear-is-open "$paths" runtime/src/resolve.rs 's/Said::Unclear => \{\n\s*chain\.links = \[None; MAX_DEPTH\];\n\s*return false;/Said::Unclear => {\n                    return true;/'
plant path-case-is-kept "$paths" runtime/src/namings.rs 's/Some\(LetterCase::Upper\) => byte\.to_ascii_uppercase\(\)/Some(LetterCase::Upper) => byte/'
plant path-blank-is-read "$paths" runtime/src/namings.rs 's/byte\.is_ascii_alphanumeric\(\) \|\| b"-_/byte == b\x27 \x27 || byte.is_ascii_alphanumeric() || b"-_/'
plant path-letters-of-others-are-read "$paths" runtime/src/namings.rs 's/byte\.is_ascii_alphanumeric\(\) \|\| b"-_/!byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_/'
plant path-plus-is-read "$paths" runtime/src/namings.rs 's/!segment\.contains\(\x27\+\x27\)/!segment.contains(\x27\\u{7f}\x27)/'
plant path-first-sign-counts "$paths" runtime/src/namings.rs 's/text\.rsplit_once\(sign\)/text.split_once(sign)/'
plant path-number-is-a-name "$paths" runtime/src/namings.rs 's/b\.is_ascii_digit\(\)/b == 0/'
plant path-without-sign-is-a-name "$paths" runtime/src/namings.rs 's/text\.contains\(sign\)/!text.is_empty()/'
plant path-of-the-next-operation "$paths" runtime/src/namings.rs 's/naming\.operation\.get\(\) < operation/naming.operation.get() <= operation/'
plant path-both-are-lenient "paths" src/eval/chain.rs 's/named\.iter\(\)\.any\(others\)\)/named.iter().any(others) \&\& named.len() > 99)/' \
    runtime/src/resolve.rs 's/contradiction \|= container\.id\.is_some_and\(\|id\| link\.id != Some\(id\)\);/*link = self.link(kind, container.id.or(link.id), number, true);/'
plant path-named-twice-is-loaded "bundles" runtime/src/load.rs 's/key\(before\) < key\(naming\)/key(before) <= key(naming)/'
plant path-far-segment-is-loaded "bundles" runtime/src/load.rs 's/s\.get\(\) < MAX_NESTING/s.get() < NONE/'
plant path-old-bundle-is-incomplete "bundles" runtime/src/format.rs 's/Kind::Namings => 5/Kind::Namings => 1/'
plant path-ids-in-any-case "diagnostics" src/sema/namings.rs 's/&& !is_in\(\*case, id\)/\&\& !is_in(*case, id) \&\& id.len() > 99/'
plant path-dollar-is-a-value "$paths" runtime/src/routes.rs 's/!= Some\(b\x27\$\x27\)/!= Some(0)/'
plant path-colon-is-a-value "$paths" runtime/src/routes.rs 's/!= Some\(b\x27:\x27\)/!= Some(0)/'
plant path-letters-are-no-names "$paths" runtime/src/routes.rs 's/decoded\(segment\)\.any\(\|byte\| !byte\.is_ascii\(\)\)\s*\|\|//'
plant path-capitals-of-templates "$paths" src/emit/routes.rs 's/segment\.to_ascii_lowercase\(\)/segment.to_string()/'
plant path-capitals-of-requests "$paths" runtime/src/routes.rs 's/Case::Any => byte\.to_ascii_lowercase\(\)/Case::Any => byte/'
plant path-two-platforms-one-path "$paths" runtime/src/routes.rs 's/\(Some\(_\), Some\(_\)\) => None/(Some(one), Some(_)) => one/'
plant path-same-but-for-capitals "$paths" src/sema/operations.rs 's/any_case \|\| \*any \|\| \*other == template/*other == template \&\& (any_case || !any_case || *any)/'
plant path-trees-are-not-added-up "bundles" runtime/src/steps.rs 's/checked_add\(any_case\)\?/checked_add(any_case.min(0))?/'
plant path-second-root-is-loaded "bundles" runtime/src/load.rs 's/hold\(t\.any_case\.len\(\) <= 1\)/hold(t.any_case.len() <= 2)/'
plant path-change-is-not-told "catalog_diff" src/analysis/catalogs.rs 's/namings: different\(namings\(old, before\), namings\(new, now\)\)/namings: different(namings(old, before), namings(old, before))/'

# Stores. PostgreSQL must be installed.
stores="+sqlite,postgres stores"
export SPRAG_REQUIRE_POSTGRES=1
plant store-overwrites "$stores" src/state/mod.rs 's/let mut facts = before\.clone\(\);/let mut facts = Facts::default();/'
plant store-records-what-is-known "$stores" src/state/mod.rs 's/if !facts\.join\(&change\.facts\) \{/if !facts.join(\&change.facts) \&\& change.records.is_empty() {/'
plant store-hash-without-previous "$stores" src/state/chain.rs 's/"previous": head\.hash\.to_string\(\)/"previous": beginning(head.store).to_string()/'
plant store-link-not-verified "$stores" src/state/verify.rs 's/if entry\.previous != self\.head\.hash \{/if entry.previous == entry.hash {/'
plant store-cut-off-not-noticed "$stores" src/state/verify.rs 's/known\.epoch >= next/known.epoch > next + 1000/'
plant store-another-past-not-noticed "$stores" src/state/verify.rs 's/known\.epoch == wanted && known\.hash != entry\.hash/known.epoch == wanted \&\& known.epoch == 0/'
plant store-taken-back-not-noticed "$stores" src/state/verify.rs 's/&& !entry\.facts\.includes\(before\)/\&\& entry.facts.installed.0.is_some() \&\& before == \&Facts::default()/'
plant store-index-is-believed "$stores" src/state/schema.rs 's/if found == told \{/if found == told || found.is_some() {/'
plant store-table-is-believed "$stores" src/state/schema.rs 's/agree\(installation, found\.map\(\|row\| row\.epoch\), told\)\?;/let _ = (installation, told);/'
plant store-verify-asks-no-index "+sqlite ratchet_cli" src/cli/ratchet/verify.rs 's/ended\.and_then\(\|head\| agrees\.map\(\|\(\)\| head\)\)/ended.map(|head| { drop(agrees); head })/'
plant store-changed-entry-believed "$stores" src/state/schema.rs 's/if entry\.is_whole\(\) \{/if entry.is_whole() || entry.epoch > 0 {/'
plant witness-not-kept "$stores" src/state/witness.rs 's/if known != Some\(head\) \{/if known.is_none() {/'
plant witness-takes-older "$stores" src/state/witness.rs 's/if head\.epoch < known\.epoch \{/if head.epoch + 1000 < known.epoch {/' \
    src/state/witness.rs 's/if then != Some\(known\.hash\) \{/if then.is_some() \&\& then != Some(known.hash) {/'
plant witness-takes-another-past "$stores" src/state/witness.rs 's/if then != Some\(known\.hash\) \{/if then.is_none() {/'
plant witness-takes-another-store "$stores" src/state/witness.rs 's/if head\.store != known\.store \{/if head.store != known.store \&\& head.epoch > known.epoch {/' \
    src/state/witness.rs 's/if head\.epoch < known\.epoch \{/if head.epoch < known.epoch \&\& head.store == known.store {/' \
    src/state/witness.rs 's/if then != Some\(known\.hash\) \{/if then != Some(known.hash) \&\& head.store == known.store {/'
plant witness-looks-elsewhere "$stores" src/state/witness.rs 's/self\.witness\.believed\(&\*self\.store, \|\| self\.store\.read\(installation\)\)/self.store.read(installation).and_then(|said| self.witness.confirm(\&*self.store).map(|_| said))/'
plant witness-acknowledges-unseen "$stores" src/state/witness.rs 's/self\.witness\.compare\(&\*self\.store, &head, &end\(&done\)\)\?;/let _ = (head, end);/'
plant sqlite-reads-before-it-locks "$stores" src/state/sqlite.rs 's/TransactionBehavior::Immediate/TransactionBehavior::Deferred/'
plant sqlite-does-not-sync "+sqlite,postgres lib" src/state/sqlite.rs 's/PRAGMA synchronous = FULL/PRAGMA synchronous = NORMAL/'
plant sqlite-newer-schema-taken "$stores" src/state/schema.rs 's/filter\(\|done\| \*done <= VERSION\)/map(|done| done.min(VERSION))/'
plant postgres-reads-before-it-locks "$stores" src/state/postgres.rs 's/" FOR UPDATE"/""/g'
plant postgres-tells-nobody "$stores" src/state/postgres.rs 's/SELECT pg_notify\(\$1, \$2\)/SELECT length(\$1 || \$2)/'
plant postgres-stays-away "$stores" src/state/postgres.rs 's/&SqlState::ADMIN_SHUTDOWN,//' src/state/postgres.rs 's/error\.is_closed\(\) \|\| error\.source\(\)\.is_some_and\(broke\)/{ let _ = broke; false }/'
plant postgres-fragile-server-taken "$stores" src/state/postgres.rs 's/if setting\("fsync"\)\? != "on" \{/if setting("fsync")? == "" {/'
plant postgres-speaks-in-the-clear "$stores" src/state/postgres.rs 's/if encryption\.is_some\(\) \{ SslMode::Require \}/if encryption.is_none() { SslMode::Require }/'
plant postgres-trusts-strangers "$stores" src/state/encryption.rs 's/Some\(file\) if file != "system" => \{/Some(file) if file == "" => {/'
plant postgres-asks-strangers-again "$stores" src/state/postgres.rs 's/why\.is::<std::io::Error>\(\) && !encryption::is_refusal\(why\)/why.is::<std::io::Error>() || encryption::is_refusal(why)/'
plant postgres-acknowledges-before-it-is-kept "+sqlite,postgres crashes" src/state/postgres.rs 's/format!\("SET lock_timeout = \{\}", PATIENCE\.as_millis\(\)\)/"SET synchronous_commit = off".to_owned()/'
plant sqlite-acknowledges-before-it-is-kept "+sqlite,postgres crashes" src/state/sqlite.rs 's/let done = work\(&transaction\)\.map_err\(says\)\?\?;/let done = work(\&transaction).map_err(says)??;\n        if std::process::id() % 2 == 0 \&\& std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).is_ok_and(|d| d.subsec_micros() % 8 == 0) { return Ok(done); }/'

# Chains of bundles.
chains="+cli,sqlite chain"
plant chain-older-is-taken "$chains" runtime/src/chain.rs 's/if after\.generation <= before\.generation \{/if after.generation < before.generation {/'
plant chain-generations-are-skipped "$chains" runtime/src/chain.rs 's/after\.generation - before\.generation > 1/after.generation - before.generation > 9/'
plant chain-any-bundle-before "$chains" runtime/src/chain.rs 's/if self\.previous\(\) != Some\(before\.digest\) \{/if self.previous() == Some([0; 32]) {/'
plant chain-any-chain "$chains" runtime/src/chain.rs 's/if after\.first != before\.first \{/if after.first == [0; 32] {/'
plant chain-ended-is-taken "$chains" runtime/src/chain.rs 's/if widening\.until\.get\(\) <= now/if widening.until.get() < now/'
plant chain-nobody-approved "$chains" runtime/src/chain.rs 's/if approvers\.peek\(\)\.is_none\(\) \|\| /if /'
plant chain-used-again "$chains" runtime/src/chain.rs 's/if before\.binary_search\(&widening\.block\)\.is_ok\(\)/if before.len() > 9 \&\& before.binary_search(\&widening.block).is_ok()/'
plant chain-forgets "$chains" runtime/src/chain.rs 's/if !before\.iter\(\)\.all\(\|block\| after\.binary_search\(block\)\.is_ok\(\)\) \{/if after.len() > 9 {/'
plant chain-approved-for-another-app "$chains" runtime/src/chain.rs 's/self\.text\(growth\.app\) == app/self.text(growth.app) != "" || app == ""/'
plant chain-approved-for-another-operation "$chains" runtime/src/chain.rs 's/self\.names\(g\.operations, operation\)/g.operations.len.get() > 0 || self.names(g.operations, operation)/'
plant chain-names-lie "$chains" runtime/src/chain.rs 's/if !self\.names_are_true\(\) \{/if self.tables.apps.is_empty() {/'
plant chain-remembers-no-fork "$chains" runtime/src/chain.rs 's/place\.generation == self\.generation && place\.digest != self\.digest/place.digest == [0; 32]/'
plant chain-reach-in-spite-of-forbids "$chains" runtime/src/reach.rs 's/\|n\| self\.always\(n\.forbid\.get\(\)\) \|\| /|n| /'
plant chain-reach-without-rests "$chains" runtime/src/reach.rs 's/number = rest\.get\(\);/number = NONE \& (rest.get() | NONE);/'
plant chain-reach-without-roles "$chains" runtime/src/reach.rs 's/granted\(\|n\| n\.app_user\.get\(\)\)/granted(|n| n.permit.get())/'
plant chain-reach-without-scopes "$chains" runtime/src/reach.rs 's/\|scope\| self\.in_set/|scope| scope.get() != NONE || self.in_set/'
plant chain-reach-stops-at-conditions "diff_brute_force" runtime/src/reach.rs 's/n\.get\(\) == MATCH/n.get() == MATCH || n.get() < 9/'
plant chain-closed-is-open "$chains" runtime/src/decide.rs 's/\|\(app, operation\)\| self\.is_closed\(app, operation\)/|(app, operation)| app == NONE \&\& self.is_closed(app, operation)/'
plant chain-closes-nothing "$chains" src/emit/link.rs 's/None => self\.closed\.extend\(grown\),/None => drop(grown),/'
plant chain-approves-anything "$chains" src/emit/mod.rs 's/approvals\.settled\(\) && diff/diff/'
plant chain-uses-blocks-again "$chains" src/emit/mod.rs 's/ \|\| !again\.is_empty\(\)//'
plant chain-says-what-it-likes "$chains" src/cli/history/proved.rs 's/again\.widenings != grown\(link\) \|\| //'
plant chain-goes-on-unapproved "$chains" runtime/src/chain.rs 's/self\.tables\.widenings\.iter\(\)\.any\(\|widening\| self\.goes_on\(widening\)\)/self.tables.widenings.iter().any(|widening| self.goes_on(widening)) || present.format < 9/'
plant chain-goes-on-from-what-is-read "$chains" runtime/src/chain.rs 's/if present\.is_readable\(\) \{/if present.format == 0 {/'
plant chain-goes-on-and-names-nothing "$chains" src/emit/link.rs 's/renewal\.growths\.extend\(by_app/drop(by_app/'
plant chain-renews-what-can-be-compared "$chains" src/cli/after.rs 's/if bundle\.is_some\(\) && old\.is_some\(\) && previous/if bundle.is_none() \&\& old.is_none() \&\& previous/'
plant bundles-between-are-not-held-together "+cli,sqlite ratchet_cli" src/state/places.rs 's/step\(before, &after, when\)\.map_err\(\|why\| Broken::At\(generation, why\)\)\?;/let _ = (before, when);/'
plant bundles-between-end-today "+cli,sqlite ratchet_cli" src/state/places.rs 's/stated\.map_or\(now, \|chain\| chain\.date\.get\(\)\)/{ let _ = stated; now }/'
plant bundles-the-next-is-taken-unseen "+cli,sqlite ratchet_cli" src/state/places.rs 's/if place != \*seen \{/if place.generation > seen.generation + 1 {/'
plant bundles-older-are-taken "+cli,sqlite ratchet_cli" src/state/places.rs 's/if let Some\(seen\) = known\.get\(package\) \{/if let Some(seen) = known.get(package).filter(|seen| seen.generation < place.generation) {/'
plant bundles-are-not-remembered "+cli,sqlite ratchet_cli" src/state/places.rs 's/        self\.write\(known\)/        drop(known); Ok(())/'

# What is told of versions, of reach and of time.
plant forgotten-ratchets-are-not-told "diagnostics" src/analysis/forgotten.rs 's/None => found\.extend\(renamed\(models, ratchet\)\),/None => drop(renamed(models, ratchet)),/'
plant forgotten-stages-are-not-told "diagnostics" src/analysis/forgotten.rs 's/skip\(1\)\.filter/skip(9).filter/'
plant told-reach-without-what-is-taken "+cli,sqlite cli_reach" src/cli/reach.rs 's/if !held\.taken\.is_empty\(\)/if held.taken.is_empty()/'
plant told-timeline-without-triggers "+cli,sqlite cli_reach" src/cli/timeline.rs 's/join\(" or "\)/join(" and ")/'
plant told-columns-are-names "lib" src/lint/fingerprint.rs 's/less\(&line\)\.unwrap_or\(line\)/line/'
plant told-other-platforms-stand-above "+cli,sqlite regressions" src/analysis/powers.rs 's/models\.iter\(\)\.filter_map\(\|of\| kinds_of\.get\(of\)\)\.flatten\(\)/kinds_of.values().filter(|_| !models.is_empty()).flatten()/'
plant told-cubes-without-their-opposites "diff_words" src/analysis/wording/literals.rs 's/let not = if truth \{ "" \} else \{ "not " \};/let not = if truth { "" } else { " " };/'
plant catalogs-many-issues-are-none "+cli,sqlite regressions" policies/catalogs/atlassian/jira.sprag 's/(operation jira\.bulk\.issues\.delete \{\n  access delete\n  in )issue/$1site/'

echo "$planted planted, $missed missed"
((missed == 0))
