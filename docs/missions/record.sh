#!/bin/sh
# Records the transcripts of docs/missions.md: one real mission of each kind, on an image of its own.
#
#     docs/missions/record.sh [KIND ...]      method facet answer refusal failure; all without KIND
#
# BATTUI is the command to run, MODEL a GGUF file; without MODEL the bundled model is pulled. Run from the repository's
# root. What a model says differs between machines; what was recorded is what it said on one of them.
set -eu

battui=${BATTUI:-battui}
here=docs/missions
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export XDG_CONFIG_HOME="$home/config" XDG_STATE_HOME="$home/state" XDG_DATA_HOME="$home/data"
export BATTUI_MISSION_APPROVAL=auto

if [ -n "${MODEL:-}" ]; then
    $battui model add "$MODEL" --name smollm2-135m
else
    $battui model pull smollm2-135m
fi

record() {
    kind=$1
    shift
    {
        for line in "$@"; do
            printf '> %s\n' "$line"
            $battui send "$line" 2>&1 || printf '(exit code %s)\n' "$?"
            printf '\n'
        done
    } | sed "s|$home|~|g" > "$here/$kind.txt"
}

$battui send "account = genesis_obj.clone(balance=100)" > /dev/null

for kind in ${*:-method facet answer refusal failure}; do
    case $kind in
        method)
            record method \
                "account.deposit_(amount=50)  # add amount to balance => self.balance == 150" \
                "account.deposit_(amount=25)" ;;
        facet)
            $battui send "mira = genesis_obj.clone(name='MIRA')" > /dev/null
            record facet \
                "mira.harbour_facet_(question='Shall we sail?')  # the calm of an old harbour master" \
                "mira.harbour_facet_(question='What do I do first today?')" ;;
        answer)
            $battui index docs/guide.md docs/commands.md docs/safety.md docs/glossary.md > /dev/null
            record answer "account ? 'What does exit code 6 mean?'" "account ? 'What is the balance?'" ;;
        refusal)
            $battui index docs/guide.md docs/commands.md docs/safety.md docs/glossary.md > /dev/null
            record refusal "account ? 'Who won the chess tournament in 1972?'" ;;
        failure)
            record failure \
                "account.fetch_(url='https://example.org')  # download the page at https://example.org" \
                "account.halve_()  # halve the balance => self.balance == 50 and self.balance == 51" ;;
        *)
            echo "there is no transcript of that kind: $kind" >&2
            exit 2 ;;
    esac
done
