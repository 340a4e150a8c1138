# battui's completion for fish. For every new shell:
#   battui completion fish > ~/.config/fish/completions/battui.fish

# Whether the command that is being typed is this one: its words after battui, flags and their values left out.
function __battui_at
    set -l place
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip -eq 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- $word --image --config --engine --model --output; and set skip 1
        else
            set -a place $word
        end
    end
    set -l wanted (string split -n ' ' -- $argv[1])
    set -l count (count $wanted)
    if test "$argv[2]" = exactly
        test "$place" = "$wanted"
        return
    end
    test (count $place) -ge $count; and test "$place[1..$count]" = "$wanted"
end

complete -c battui -f
#COMMANDS#
