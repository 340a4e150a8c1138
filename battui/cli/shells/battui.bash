# battui's completion for bash. For every new shell:
#   battui completion bash > ~/.local/share/bash-completion/completions/battui

# Sets verbs, flags and arguments of a command, and the value of one of its flags.
_battui_look() {
    local command=$1 flag=$2
    verbs= flags= arguments= value=
    case $command in
#COMMANDS#
    esac
}

_battui_offer() {
    case $1 in
        '<any>') COMPREPLY=() ;;
        '<files>') COMPREPLY=($(compgen -f -- "$2")) ;;
        *) COMPREPLY=($(compgen -W "$1" -- "$2")) ;;
    esac
}

_battui() {
    local verbs flags arguments value command= word= flag= at
    local current=${COMP_WORDS[COMP_CWORD]}
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [[ -n $flag ]]; then
            # bash takes the sign of --flag=value for a word of its own.
            [[ $word == = ]] || flag=
            continue
        fi
        _battui_look "$command" "$word"
        if [[ $word == -* ]]; then
            [[ -n $value ]] && flag=$word
        elif [[ " $verbs " == *" $word "* ]]; then
            command=${command:+$command }$word
        fi
    done
    [[ $current == = ]] && current=
    _battui_look "$command" "$flag"
    if [[ -n $flag ]]; then
        _battui_offer "$value" "$current"
    elif [[ $current == -* ]]; then
        _battui_offer "$flags" "$current"
    elif [[ -n $verbs ]]; then
        _battui_offer "$verbs" "$current"
    else
        _battui_offer "$arguments" "$current"
    fi
}

complete -o filenames -F _battui battui
